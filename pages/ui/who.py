"""Who sits in front of the screen, and what they may do."""

import getpass
import os

import streamlit as st

VIEWERS = "ASSAY_VIEWERS"


def reviewer() -> str:
    """Who decides: the signed-in user, else whoever runs the server."""
    return str(st.user.get("email") or os.environ.get("ASSAY_REVIEWER") or getpass.getuser())


def may_decide() -> bool:
    """Whether this person is a reviewer; those that ASSAY_VIEWERS names, separated by commas, may only look."""
    viewers = {name.strip().casefold() for name in os.environ.get(VIEWERS, "").split(",")}
    return reviewer().casefold() not in viewers
