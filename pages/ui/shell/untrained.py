"""What the pages of a run say before there is one."""

from collections.abc import Sequence

import streamlit as st

from core.data.store import DatasetInfo
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
