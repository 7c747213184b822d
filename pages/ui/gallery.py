"""The gallery: equal tiles with crisp pixels, clicked to select, that answer at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core import palette

_ASSETS = Path(__file__).parents[2] / "assets"
_mount = st.components.v2.component(
    "assay.gallery", css=(_ASSETS / "gallery.css").read_text(), js=(_ASSETS / "gallery.js").read_text()
)
_COLOURS = {
    "excluded": palette.EXCLUDED,
    "kept": palette.KEPT,
    "relabelled": palette.RELABELLED,
    "flagged": palette.FLAGGED,
}


@dataclass(frozen=True)
class Tile:
    """One image of the gallery.

    Attributes:
        id: the sample's id.
        image_url: relative address of its image.
        caption: one or two short lines under the image.
        badge: "excluded", "kept", "relabelled", "flagged", any other short word, or "" for none.
        tooltip: what hovering says.
    """

    id: int
    image_url: str
    caption: tuple[str, ...] = ()
    badge: str = ""
    tooltip: str = ""


@dataclass(frozen=True)
class GalleryEvent:
    """What a person did: the ids selected among the tiles now, in their order, and the key pressed, if that was it."""

    selected: tuple[int, ...]
    key: str = ""


def gallery(
    tiles: Sequence[Tile],
    *,
    key: str,
    selected: Collection[int],
    size: int = 72,
    selectable: bool = True,
    keys: Mapping[str, str] | None = None,
    one_row: bool = False,
) -> GalleryEvent | None:
    """What was done since the last call, once; None when nothing was.

    Args:
        tiles: in reading order; ids are unique.
        key: of this gallery, unique on the page.
        selected: ids selected now, wherever that was done; those without a tile here are left alone.
        size: side of an image in pixels.
        selectable: False for a gallery only to look at.
        keys: key → what it does in words. Pressing one anywhere on the page, unless something is being typed, answers
            with the key and the selection of that very moment.
        one_row: show as many tiles as one row holds, and no more.
    """
    event = _new_event(key)
    shown = {tile.id for tile in tiles}
    chosen = event.selected if event else tuple(int(number) for number in selected if number in shown)
    data = {
        "tiles": [asdict(tile) | {"colour": _COLOURS.get(tile.badge, palette.GREY)} for tile in tiles],
        "selected": sorted(chosen),
        "size": size,
        "selectable": selectable,
        "keys": dict(keys or {}),
        "oneRow": one_row,
        "seen": st.session_state.get(f"{key}-seen", 0),
    }
    _mount(key=key, data=data, default={"event": None}, on_event_change=lambda: None)
    return event


def _new_event(key: str) -> GalleryEvent | None:
    """The event in the session that was not answered yet, which it is now."""
    sent: Mapping[str, Any] = (st.session_state.get(key) or {}).get("event") or {}
    number = sent.get("number", 0)
    if number == st.session_state.get(f"{key}-seen", 0) or not number:
        return None
    st.session_state[f"{key}-seen"] = number
    return GalleryEvent(tuple(int(one) for one in sent["selected"]), str(sent["key"]))
