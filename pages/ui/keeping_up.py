"""The review keeps up with what others decide, and what lies around the desk with what is decided at it."""

import time

import streamlit as st

from core import review
from core.runs import Run
from pages.ui.who import reviewer

EVERY = 2.0  # seconds


def drawn(run: Run) -> None:
    """Remember what the page is about to show."""
    st.session_state["shown"] = _state(run)


@st.fragment(run_every=EVERY)
def keep_up(run: Run) -> None:
    """Draw the page again once anybody decided or took something since, and the reviewer pauses."""
    pauses = time.monotonic() - st.session_state.get("acted", 0.0) > EVERY
    if pauses and _state(run) != st.session_state.get("shown"):
        st.rerun()


def _state(run: Run) -> tuple[str, int, frozenset[int]]:
    others = review.taken(run.workspace, run.id, reviewer=reviewer())
    return run.id, review.revision(run.workspace, run.id), frozenset(others)
