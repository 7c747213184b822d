"""A second recorded training beside the first: what became of the samples that were excluded."""

import streamlit as st

from core.evaluation.second_recording import seconds, side_by_side
from core.runs import Run
from pages.ui.cache import cached
from pages.ui.shell import frame
from pages.ui.widgets import refusal
from pages.ui.widgets.fields import one_or_any

FORMS = {"loss before": "%.3g", "loss after": "%.3g", "given label before": "percent", "given label after": "percent"}


def second(run: Run) -> None:
    """A list of the other recorded trainings, and the comparison with the chosen one."""
    others = {other.id: f"{other.name} · {other.created[:16].replace('T', ' ')}" for other in seconds(run)}
    if not others:
        return
    st.header("Compare with a second recorded training")
    chosen = one_or_any("Second training", others, "none", key=f"second-{run.id}", width=420)
    if chosen is None:
        return
    other = next(other for other in seconds(run) if other.id == chosen)
    table = refusal.attempted(lambda: side_by_side(cached.opened(run), cached.opened(other)))
    if table is not None:
        columns = {name: st.column_config.NumberColumn(format=form) for name, form in FORMS.items()}
        st.dataframe(table, hide_index=True, column_config=columns, key="second-recording")
        st.caption(
            "Medians at the end of both trainings, of the samples that are in both. Where the backdoor is gone, "
            f"{frame.plain(other.name)} no longer gives the excluded samples their given label."
        )
