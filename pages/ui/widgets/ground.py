"""Which ground the page has in this browser, for what is drawn with colours of its own."""

from typing import Literal

import streamlit as st

Ground = Literal["light", "dark"]


def ground() -> Ground:
    """The key of `palette.GROUND`, `palette.INK` and `palette.TRUSTED`."""
    return "dark" if st.context.theme.type == "dark" else "light"
