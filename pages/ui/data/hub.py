"""A data set of the Hugging Face Hub: asked for by its name, fetched at a click, then looked at like any other."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core import pipeline
from pages.ui.access.who import decides, for_reviewers
from pages.ui.shell import frame
from pages.ui.shell.job_bar import awaited
from pages.ui.widgets import refusal

# Keys of the session.
NAME = "hub-name"
ASKING = "hub-asking"  # the job that asks, of the name that stands in the field
FETCHING = "hub-fetching"


def choose(look: Callable[[str, str], None]) -> None:
    """The name of a data set, what the Hub has of it, and the button that fetches it.

    Args:
        look: called with what was fetched, and its name.
    """
    with st.form("hub", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Name on the Hub",
            key=NAME,
            placeholder="owner/name",
            help="As on its page; owner/name:split takes one split, owner/name/folder one of several data sets.",
        )
        tip = "Asks huggingface.co what it has. Nothing is fetched yet."
        if st.form_submit_button("Ask the Hub", type="primary", icon=":material/search:", **for_reviewers(tip=tip)):
            _ask(st.session_state[NAME])
            st.rerun()
    refusal.show_kept(NAME)
    st.caption(
        "Tables, folders of images or texts, and archives are fetched. Scripts of a data set are neither fetched nor "
        "executed."
    )
    state = st.session_state
    if ASKING in state and awaited(state[ASKING], "Asking the Hub …", leave="Back", on_leave=_forget):
        _offer(state[ASKING], look)


def _offer(asked: Path, look: Callable[[str, str], None]) -> None:
    """What the Hub has, and the download."""
    found = pipeline.looked_up(asked)
    name = found["place"].removeprefix("hf://")
    st.markdown(f"**{frame.plain(name)}**: {frame.plain(found['said'])}.")
    fetching = st.session_state.get(FETCHING)
    if fetching is None:
        if st.button("Download it", icon=":material/download:", key="hub-download", **for_reviewers()):
            _fetch(found)
            st.rerun()
    elif awaited(fetching, f"Fetching {frame.plain(name)} …", leave="Back", on_leave=_forget):
        path = pipeline.downloaded(fetching)
        _forget()
        look(str(path), name)
        st.rerun()


@decides(beside=NAME)
def _ask(name: str) -> None:
    _forget()
    st.session_state[ASKING] = pipeline.start_look_up(frame.workspace(), name)


@decides(beside=NAME)
def _fetch(found: dict[str, str]) -> None:
    place = pipeline.hub_folder(frame.workspace(), found["folder"])
    st.session_state[FETCHING] = pipeline.start_download(frame.workspace(), found["place"], place)


def _forget() -> None:
    st.session_state.pop(ASKING, None)
    st.session_state.pop(FETCHING, None)
