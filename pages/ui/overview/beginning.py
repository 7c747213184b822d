"""What the Overview says before there is a run."""

import streamlit as st

from core.data import store
from pages.ui.data.source_picker import start_demo
from pages.ui.shell import frame, journey


def beginning() -> None:
    """What to do first: train on the data that are there, or open some, or start the demo."""
    datasets = store.describe_all(frame.workspace())
    frame.say_damaged(store.damaged_datasets(frame.workspace()), "data set")
    if not datasets:
        st.header("Nothing is known yet: no data are open.", anchor=False)
        st.markdown(
            "The demo plants three attacks in 6,000 real images and finds them, in a minute or two. Or open data of "
            "your own: a folder, an archive, arrays or a table."
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            start_demo(first=True)
            journey.go_to("data", "Open your own data")
        return
    count = "A data set is" if len(datasets) == 1 else f"{len(datasets):,} data sets are"
    st.header(f"Nothing is known yet: {count.lower()} open, and no model is trained.", anchor=False)
    st.markdown("A model that is trained on the data learns what is planted there. Assay reads it off the model.")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Train a model", type="primary", icon=":material/model_training:"):
            st.switch_page("pages/train.py")
        journey.go_to("data", "Look at the data first")
