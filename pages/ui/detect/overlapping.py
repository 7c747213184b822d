"""Whose flags agree: how much of what each detector flags is flagged by each other one."""

import streamlit as st

from core.detectors import DETECTORS
from core.output import detector_figures
from core.runs import Run
from pages.ui.cache import compared

FEWEST = 2  # detectors that can agree


def matrix(run: Run) -> None:
    """The matrix of all that ran, and how to read it."""
    found = compared.overlap(run)
    if len(found.names) < FEWEST:
        st.info("Once two detectors have run, this shows how far their flags agree.")
        return
    titles = [DETECTORS[name].title for name in found.names]
    st.plotly_chart(detector_figures.overlap_matrix(titles, found.both, found.fraction), key="overlap")
    st.caption(
        "Read along a row: of the samples that this detector flags, the fraction that each other one flags, too. "
        "Detectors that look at different things and agree are the better evidence."
    )
