"""What stands in the place of a map without a point: what is left out of it, and the button that shows it all."""

from collections.abc import Sequence

import streamlit as st

from core.analysis.decision import samples_words
from pages.ui.clusters import legend
from pages.ui.clusters.colouring import Colouring
from pages.ui.selection import narrowing
from pages.ui.selection.narrowing import Narrowing


def emptied(asked: Narrowing, found: Colouring, total: int, *, key: str) -> None:
    """Say why no point is drawn, and offer to show all of them.

    Args:
        asked: which samples are drawn.
        found: how those that are left are coloured, all of them hidden.
        total: how many samples there are.
        key: of the map.
    """
    with st.container(
        key=f"map-empty-{key}", height="stretch", horizontal_alignment="center", vertical_alignment="center"
    ):
        st.markdown(f"**Nothing is drawn.** {_why(asked, found, total)}", text_alignment="center")
        if total and (asked or found.hidden):
            st.button(
                f"Show all {total:,}",
                key=f"{key}-show-all",
                icon=":material/filter_alt_off:",
                on_click=_show_all,
                args=(list(found.styles),),
            )


def _why(asked: Narrowing, found: Colouring, total: int) -> str:
    left, what = len(found.groups), asked.words()
    if not total:
        return "There is no such sample."
    if not left:
        return f"None of {samples_words(total)} has {what}."
    if not found.hidden:
        return "What colours this map is not known of any sample."
    those = f"The {samples_words(left)} with {what}" if asked else f"All {samples_words(left)}"
    return f"{those} {'is' if left == 1 else 'are'} hidden in the legend."


def _show_all(groups: Sequence[str]) -> None:
    narrowing.clear()
    legend.show_all(groups)
