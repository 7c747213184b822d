"""Steps in the browser's history: one entry for each act of a person, and Back that leads to what was seen before."""

from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from pages.ui.widgets import address

_ASSETS = Path(__file__).parents[3] / "assets"
_mount = st.components.v2.component("assay.steps", js=(_ASSETS / "steps.js").read_text())


def answer() -> None:
    """Have the browser keep the history so, and answer a step with the address that follows; the last of every page."""
    step = address.settle()
    _mount(key="steps", data={"step": step, "query": urlencode(st.query_params.to_dict())}, height=0)
