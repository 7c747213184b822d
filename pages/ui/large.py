"""The sample in focus on the whole screen, with all that is known of it side by side."""

import pandas as pd
import streamlit as st

from core.runs import Run
from core.wording import STANDING
from pages.ui import address, cached
from pages.ui.gallery import gallery
from pages.ui.selection import tiles
from pages.ui.single import curve, history, labels, neighbours, why

ADDRESS = "large"
SIDE, STRIP = 400, 56  # pixels of the image, and of those around it in the queue
BEFORE, BEHIND = 4, 20


def is_open() -> bool:
    """Whether the address asks for it."""
    return address.get(ADDRESS) == "1"


def turn(run: Run, focus: int | None) -> None:
    """Open it, or go back to the page of the queue on which the sample is."""
    if is_open():
        address.put(ADDRESS, "")
        st.session_state[f"goto-{run.id}"] = focus
    else:
        address.put(ADDRESS, "1")


def around(rows: pd.DataFrame, place: int) -> pd.DataFrame:
    """Some rows of the queue before and behind a place."""
    return rows.iloc[max(0, place - BEFORE) : place + BEHIND]


def sample(run: Run, table: pd.DataFrame, focus: int, where: str) -> None:
    """The image and its losses; its labels, its family and why it is suspected; its neighbours and history."""
    place = cached.row_of(run, focus)
    row = table.iloc[place]
    image, reasons, near = st.columns([1.2, 1, 1], gap="medium")
    with image:
        verdict = f" · {STANDING[row['verdict']]}" if row["verdict"] else ""
        st.markdown(f"**Sample #{focus}**{verdict} · {where}")
        gallery(tiles(run, table.iloc[[place]]), key="large", selected=(), size=SIDE, selectable=False)
        curve(run, table, place)
    with reasons:
        labels(run, row)
        why(run, place)
    with near:
        neighbours(run, table, place)
        st.markdown("**What was said of it**")
        history(run, focus)
