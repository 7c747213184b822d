"""The button that plays the epochs: the browser fetches where all points stood, once, and moves them by itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.output.palette import GROUND, INK
from core.types import Bools, Floats
from pages.ui.widgets.curve_option import ROOM
from pages.ui.widgets.ground import ground
from pages.ui.widgets.held import address_of
from pages.ui.widgets.scatter_option import SLIM, Style, Window, grid_top

_ASSETS = Path(__file__).parents[3] / "assets"
_mount = st.components.v2.component(
    "assay.glide",
    css=(_ASSETS / "glide.css").read_text(),
    js=(_ASSETS / "fetched.js").read_text() + (_ASSETS / "glide.js").read_text(),
)


@dataclass(frozen=True)
class Look:
    """How the points look on one map.

    Attributes:
        groups: (n,) uint8 of each point, its place in `styles`; points of other groups are not drawn.
        styles: of each group.
        narrow: whether the map is.
    """

    groups: NDArray[np.uint8]
    styles: Sequence[Style]
    narrow: bool = False


def glide(
    places: NDArray[np.float32],
    looks: Sequence[Look],
    *,
    key: str,
    epoch: int,
    selected: Bools,
    windows: tuple[Window, Window],
    medians: Sequence[tuple[str, Floats]],
    then: Callable[[int], None],
) -> None:
    """Show the button; while it plays, the points glide over the maps, and where it stops is handed to `then`.

    Args:
        places: (epochs, n, 2) of the points after each epoch.
        looks: one a map, in the order in which the maps stand on the page.
        key: of this button, unique on the page.
        epoch: that is shown now, from 1; at the last one, playing begins with the first.
        selected: (n,) whether a point is; the others are faint while any is.
        windows: in view while the points move, and at the end.
        medians: of groups, the name and (epochs,) losses, which are read beside the points.
        then: called with the epoch at which it stopped, once.
    """
    theme = ground()
    data = {
        "places": address_of(places),
        "marks": address_of(np.packbits(selected, bitorder="little")) if selected.any() else "",
        "maps": [_sent(look) for look in looks],
        "epoch": epoch,
        "last": len(places),
        "around": windows[0],
        "end": windows[1],
        "medians": [[name, [float(value) for value in values]] for name, values in medians],
        "room": ROOM,
        "ink": INK[theme],
        "ground": GROUND[theme],
    }
    _mount(key=key, data=data, default={"stopped": None}, on_stopped_change=partial(_answer, key, then))


def _sent(look: Look) -> dict[str, Any]:
    usual, slim = (grid_top(narrow=narrow) for narrow in (look.narrow, True))
    return {
        "groups": address_of(look.groups),
        "styles": [{"colour": style.colour, "faded": style.hollow} for style in look.styles],
        "top": usual,
        "slim": {"top": slim, "width": SLIM},
    }


def _answer(key: str, then: Callable[[int], None]) -> None:
    """Hand on where it stopped; a request that comes late brings the same once more."""
    event: Any = (st.session_state.get(key) or {}).get("stopped")
    if event and event["number"] > st.session_state.get(f"{key}-seen", 0):
        st.session_state[f"{key}-seen"] = event["number"]
        then(int(event["epoch"]))
