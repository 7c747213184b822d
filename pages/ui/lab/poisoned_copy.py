"""Making the poisoned copy that the lab describes: the button, its progress, and the way on."""

import streamlit as st

from core import pipeline
from core.data import store
from core.data.store import DatasetInfo
from core.runs import jobs
from pages.ui.access.who import decides, for_reviewers
from pages.ui.lab import lab
from pages.ui.shell import frame
from pages.ui.shell.job_bar import awaited

NAME = "lab-name"


def create(info: DatasetInfo, *, ready: bool) -> None:
    """The name and the button that has a worker make the poisoned copy."""
    st.text_input("Name of the poisoned copy", placeholder=f"{info.name} poisoned", width=210, key=NAME)
    busy = "planting" in st.session_state and jobs.poll(st.session_state["planting"][0]).active
    st.button(
        "Create",
        key="create",
        type="primary",
        icon=":material/science:",
        on_click=_create,
        args=(info,),
        **for_reviewers(disabled=busy or not ready),
    )


def result() -> None:
    """How the planting fares; when it is done, what was made and the way to train on it."""
    if "planting" in st.session_state:
        _planting()
    made = st.session_state.get("planted")
    if made:
        copy = store.describe(frame.workspace(), made)
        poison = sum(attack["n_poisoned"] for attack in copy.attacks)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.success(
                f"**{frame.plain(copy.name)}** is made: {poison:,} of {copy.n:,} samples are poisoned. "
                "No detector is told which.",
                icon=":material/check:",
            )
            if st.button("Train on it", key="train-on-it", icon=":material/model_training:"):
                st.session_state["dataset_id"] = st.session_state.pop("planted")
                st.switch_page("pages/train.py")


def _planting() -> None:
    """How the worker fares; its end draws the page again."""
    job, parent = st.session_state["planting"]
    if awaited(job, "Making the poisoned copy …", leave="Close", on_leave=lambda: st.session_state.pop("planting")):
        copies = (info for info in store.describe_all(frame.workspace()) if info.parent == parent)
        st.session_state["planted"] = next(copies).id
        st.session_state.pop("planting")
        st.rerun()


@decides
def _create(info: DatasetInfo) -> None:
    name = st.session_state[NAME].strip()  # not an argument: a name typed just before the click would be missed
    st.session_state.pop("planted", None)
    st.session_state["planting"] = pipeline.start_attack(frame.workspace(), info.id, lab.specification(), name), info.id
