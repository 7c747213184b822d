"""What stands on every page that rests on a loaded model whose head nobody trained."""

import streamlit as st

from core.analysis.caveats import fresh_head_words
from core.runs import Run


def say_fresh_head(run: Run) -> None:
    """A warning where what the run's model says means nothing yet."""
    if words := fresh_head_words(run):
        st.warning(words, icon=":material/warning:")
