"""A family or a group in a dialog of its own: pictures large, and amplified as far as one asks; texts in words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from core.runs import Run
from pages.ui.cache import cached
from pages.ui.review.group_words import in_full
from pages.ui.shell import frame
from pages.ui.shell.frame import DIALOG
from pages.ui.widgets.gallery import Tile, gallery

# Pixels of a picture's side in the dialog.
SMALLEST = 140
USUAL = 260
LARGEST = 640
WORDS = "Words and topics"
MOST_AMPLIFIED = 16.0  # times; a difference of 8 levels out of 255 then fills the whole range


@dataclass(frozen=True)
class Enlarged:
    """What an open dialog shows under a title: pictures of a run, or samples that are read, by their places."""

    run: str
    title: str
    tiles: tuple[Tile, ...]
    places: tuple[int, ...] = ()


def enlarge_button(
    run: Run,
    title: str,
    tiles: Sequence[Tile],
    rows: pd.DataFrame,
    *,
    key: str,
    words: str = "",
    beside: Callable[[], Sequence[Tile]] = tuple,
) -> None:
    """The button that opens the dialog on these pictures or, where they are read, on these rows of the review table.

    What is shown `beside` the pictures is made once the button is pressed: it is drawn far more often.
    """
    if not tiles:
        return
    is_read = any(tile.told for tile in tiles)
    places = tuple(rows.index.tolist()) if is_read else ()
    st.button(
        WORDS if is_read else words,
        key=f"enlarge-{key}",
        icon=":material/notes:" if is_read else ":material/zoom_in:",
        type="tertiary",
        help="Its telling words, topics and examples." if is_read else "Look at it large, and amplified.",
        on_click=_open,
        args=(run.id, title, tuple(tiles), places, beside),
    )


def enlarged(run: Run) -> None:
    """The dialog, where one is open."""
    shown = st.session_state.get(DIALOG)
    if isinstance(shown, Enlarged) and shown.run == run.id:
        st.dialog(frame.plain(shown.title), width="large", on_dismiss=frame.put_away)(_show_large)(run, shown)


def _open(
    run: str, title: str, tiles: tuple[Tile, ...], places: tuple[int, ...], beside: Callable[[], Sequence[Tile]]
) -> None:
    st.session_state[DIALOG] = Enlarged(run, title, tiles if places else (*tiles, *beside()), places)


def _show_large(run: Run, shown: Enlarged) -> None:
    if shown.places:
        in_full(run, cached.table(run).loc[list(shown.places)])
        return
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
