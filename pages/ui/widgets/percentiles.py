"""A range of percentiles as a slider, and as the address says it: "95-100"."""

from collections.abc import Callable

import streamlit as st

from pages.ui.widgets.bound import bound

ALL = "0-100"
RANGES = tuple(dict.fromkeys([ALL, *(f"{low}-{high}" for low in range(101) for high in range(low, 101))]))


def ends(said: str) -> tuple[int, int]:
    """The lowest and the highest percentile of one of `RANGES`.

    >>> ends("95-100")
    (95, 100)
    """
    low, _, high = said.partition("-")
    return int(low), int(high)


def percentiles(title: str, name: str, said: str, then: Callable[[str], None], tip: str) -> None:
    """The slider of a range.

    Args:
        title: above it.
        name: of the widget, unique on the page.
        said: what it shows, one of `RANGES`.
        then: called with what a person chose.
        tip: what hovering says.
    """
    chosen = bound(name, ends(said), lambda new: then("{}-{}".format(*new)))
    st.slider(title, 0, 100, format="%d%%", help=tip, **chosen)
