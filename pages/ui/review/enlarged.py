"""Pictures of a family or a group in a dialog of their own: large, and amplified as far as one asks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from core.runs import Run
from pages.ui.shell import frame
from pages.ui.shell.frame import DIALOG
from pages.ui.widgets.gallery import Tile, gallery

# Pixels of a picture's side in the dialog.
SMALLEST = 140
USUAL = 280
LARGEST = 640
MOST_AMPLIFIED = 16.0  # times; a difference of 8 levels out of 255 then fills the whole range


@dataclass(frozen=True)
class Enlarged:
    """What an open dialog shows: pictures of a run, under a title."""

    run: str
    title: str
    tiles: tuple[Tile, ...]


def enlarge_button(run: Run, title: str, tiles: Sequence[Tile], *, key: str, words: str = "") -> None:
    """The button that opens the dialog; texts are read as they are, and need none."""
    if tiles and not any(tile.told for tile in tiles):
        st.button(
            words,
            key=f"enlarge-{key}",
            icon=":material/zoom_in:",
            type="tertiary",
            help="Look at it large, and amplified.",
            on_click=_open,
            args=(Enlarged(run.id, title, tuple(tiles)),),
        )


def enlarged(run: Run) -> None:
    """The dialog, where one is open."""
    shown = st.session_state.get(DIALOG)
    if isinstance(shown, Enlarged) and shown.run == run.id:
        st.dialog(frame.plain(shown.title), width="large", on_dismiss=frame.put_away)(_look)(shown)


def _open(shown: Enlarged) -> None:
    st.session_state[DIALOG] = shown


def _look(shown: Enlarged) -> None:
    left, right = st.columns(2)
    size = left.slider("Size in pixels", SMALLEST, LARGEST, USUAL, 20, key="enlarged-size")
    amplified = right.slider(
        "Amplified",
        1.0,
        MOST_AMPLIFIED,
        1.0,
        0.5,
        format="%g×",
        key="enlarged-amplified",
        help="How many times further from mid-grey every pixel is shown. Grey stays grey, and so does no difference.",
    )
    tiles = [replace(tile, id=-1 - place, badge="") for place, tile in enumerate(shown.tiles)]
    gallery(tiles, key="enlarged", size=int(size), amplified=float(amplified))
