"""A job that is no run's, for as long as it goes on: a live bar, Cancel, and in words how it ended."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core.runs import jobs
from pages.ui.shell import frame
from pages.ui.widgets import refusal


def awaited(job: Path, words: str, *, leave: str, on_leave: Callable[[], None]) -> bool:
    """Whether the job is done; until then the page shows how it fares.

    Args:
        job: its directory.
        words: what it does, as Markdown.
        leave: the label of the button that turns away from a job that ended otherwise.
        on_leave: what that button does.
    """
    progress = jobs.poll(job)
    if progress.state == "done":
        return True
    st.markdown(words)
    if progress.active:
        running(job)
        return False
    refusal.show(frame.job_error(progress, "This"))
    st.button(leave, key=f"leave-{job.name}", icon=":material/arrow_back:", on_click=on_leave)
    return False


@st.fragment(run_every=0.5)
def running(job: Path) -> None:
    """The live bar of a job and the button that cancels it; its end draws the page again."""
    progress = jobs.poll(job)
    if not progress.active:
        st.rerun()
    frame.describe(progress)
    frame.cancel_button(job)
