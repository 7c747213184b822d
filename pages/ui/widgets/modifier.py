"""Whether Shift was held when a chart was pressed last, which the chart does not say."""

from pathlib import Path
from typing import Any

import streamlit as st

_ASSETS = Path(__file__).parents[3] / "assets"
_mount = st.components.v2.component("assay.modifier", js=(_ASSETS / "modifier.js").read_text())


def shift_held(key: str) -> bool:
    """What the browser has said so far; see `listen`."""
    state: Any = st.session_state.get(key) or {}
    return bool(state.get("shift"))


def listen(key: str) -> None:
    """Have the browser say it from now on; draws nothing."""
    _mount(key=key, data={"shift": shift_held(key)}, default={"shift": False}, on_shift_change=lambda: None, height=0)
