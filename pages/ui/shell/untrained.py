"""What the pages of a run say before there is one, and where its work ended before it was done."""

from collections.abc import Sequence

import streamlit as st

from core import runs
from core.data.store import DatasetInfo
from core.runs import Run
from core.runs.jobs import Progress
from pages.ui.cache.words import plain
from pages.ui.shell import journey


def say_untrained(datasets: Sequence[DatasetInfo], what: str) -> None:
    """Say what a page will show, and lead to the next step: to open data, or to train on those that are open."""
    if not datasets:
        st.info(f"Nothing has been trained yet. Open data and train a model, then this page shows {what}.")
        journey.go_to("data", "Open data or start the demo")
        return
    count = f"{plain(datasets[0].name)} is" if len(datasets) == 1 else f"{len(datasets):,} data sets are"
    st.info(f"{count} open, and no model is trained yet. Once one is, this page shows {what}.")
    journey.go_to("train", "Train a model")


def stopped_words(run: Run, progress: Progress) -> str:
    """That a run's work ended before it was done: where, what is there of a training, and what goes on with it."""
    during = f", while {progress.title[0].lower()}{progress.title[1:]}" if progress.title else ""
    epochs = 0 if run.begun else len(runs.history(run))
    curves = "; Train shows their curves" * (st.session_state.get("run_id") == run.id)  # it shows the chosen run
    trained = f" {epochs:,} of {run.config.get('epochs')} epochs are trained{curves}." if epochs else ""
    at = f"The work is {progress.state} at {progress.fraction:.0%}{during}"
    return f"{at}; what is done is kept.{trained} Resume goes on from there."
