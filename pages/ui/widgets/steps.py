"""Steps in the browser's history: one entry for each act of a person, and Back that leads to what was seen before."""

from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.widgets import address

KEY = "steps"
_ASSETS = Path(__file__).parents[3] / "assets"
_mount = st.components.v2.component("assay.steps", js=(_ASSETS / "steps.js").read_text())


def listen() -> None:
    """Have the browser keep the history so, and say when somebody went back or forward in it; draws nothing."""
    state: Any = st.session_state.get(KEY) or {}
    data = {"steps": int(state.get("steps") or 0)}
    _mount(key=KEY, data=data, default={"steps": 0}, on_steps_change=address.stepped, height=0)
