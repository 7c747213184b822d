"""The map of many points: the browser fetches them by address, draws how dense they lie, and sends back an area.

`scatter` draws up to 20,000 points one by one, and sends them all whenever the page runs. This sends some addresses.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.analysis.brush import points_inside
from core.types import Ints
from pages.ui.widgets.held import address_of
from pages.ui.widgets.scatter_option import Bar, Style, Window

_ASSETS = Path(__file__).parents[3] / "assets"
_mount = st.components.v2.component(
    "assay.crowd",
    css=(_ASSETS / "crowd.css").read_text(),
    js=(_ASSETS / "fetched.js").read_text() + (_ASSETS / "crowd.js").read_text(),
)
HIDDEN = 255  # the group of a point that is not drawn


@dataclass(frozen=True)
class Crowd:
    """Points of a map; all arrays are aligned.

    Attributes:
        places: (n, 2) float32; points with NaN are not drawn.
        groups: (n,) uint8 places in `styles`, or HIDDEN.
        styles: how each group looks, the last on top.
        ids: (n,) of the samples.
        rows: (n,) of their inputs in the stored data set.
        classes: (2, n) uint16 given and predicted class; one without a name where there is none.
        losses: (n,) float32.
    """

    places: NDArray[np.float32]
    groups: NDArray[np.uint8]
    styles: Sequence[Style]
    ids: Ints
    rows: Ints
    classes: NDArray[np.uint16]
    losses: NDArray[np.float32]


def crowd_map(
    crowd: Crowd,
    *,
    key: str,
    image_url: str,
    class_names: Sequence[str],
    selected: Callable[[], Ints],
    choose: Callable[[Ints], None],
    total: int,
    window: Window | None = None,
    bar: Bar | None = None,
    hover: bool = True,
) -> None:
    """Draw the map. What is selected on it, by area or click, is known before the page is drawn again.

    Args:
        crowd: the points.
        key: of this map, unique on the page.
        image_url: relative address of an input, with {row} in it.
        class_names: in the order of the class indices.
        selected: gives the sorted ids that are selected now, wherever that was done.
        choose: is told the sorted ids that were selected on the map.
        total: how many points there are, with those that were left out of `crowd`.
        window: what is in view before anybody zooms; None for what is around the points.
        bar: what the colours of a figure mean; None for groups.
        hover: whether hovering shows the input.
    """
    now = selected()
    marks = np.isin(crowd.ids, now) if len(now) else np.zeros(0, bool)
    data = {
        "name": key,
        "places": address_of(crowd.places),
        "groups": address_of(crowd.groups),
        "marks": address_of(np.packbits(marks, bitorder="little")) if len(marks) else "",
        "ids": address_of(crowd.ids),
        "rows": address_of(crowd.rows),
        "classes": address_of(crowd.classes),
        "losses": address_of(crowd.losses),
        "styles": [_drawn(style) for style in crowd.styles],
        "bar": asdict(bar) if bar else None,
        "names": list(class_names),
        "image": image_url if hover else "",
        "n": len(crowd.ids),
        "total": total,
        "whole": [*window[0], *window[1]] if window else None,
        "n_selected": len(now),
    }
    answer = partial(_answer, crowd, key, selected, choose)
    with st.container(key=f"map-chart-{key}"):
        _mount(key=key, data=data, default={"chosen": None}, on_chosen_change=answer, height="stretch")


def _answer(crowd: Crowd, key: str, selected: Callable[[], Ints], choose: Callable[[Ints], None]) -> None:
    """Select what the map says, once: what is drawn again says what was answered already."""
    event = st.session_state[key]["chosen"]
    answered = st.session_state.setdefault(f"{key}-answered", 0)
    if event and event["number"] > answered:
        st.session_state[f"{key}-answered"] = event["number"]
        choose(chosen(crowd, event, selected()))


def chosen(crowd: Crowd, event: Mapping[str, Any], selected: Ints) -> Ints:
    """Sorted ids that are selected after an event of the map.

    Args:
        crowd: the points.
        event: `kind` is "rect" or "polygon" with `corners` as in `points_inside`, "point" with its place `at` in the
            arrays, or "clear". With `add`, what was selected stays, and a point changes sides.
        selected: sorted ids that were selected before.
    """
    kind, shown = str(event.get("kind")), crowd.groups != HIDDEN
    if kind == "point":
        at = int(event["at"])
        found = crowd.ids[at : at + 1] if 0 <= at < len(shown) and shown[at] else crowd.ids[:0]
        return np.setxor1d(selected, found) if event.get("add") else np.sort(found)
    area = {"brush_type": kind, "coord_range": event.get("corners")}
    found = crowd.ids[shown & points_inside(crowd.places, [area])]
    return np.union1d(selected, found) if event.get("add") else np.sort(found)


def _drawn(style: Style) -> dict[str, Any]:
    """What the browser is told of a group: with a shape of its own, it is never hidden beneath the others."""
    own = style.symbol != "circle"
    return {"colour": style.colour, "top": own, "faded": style.hollow}
