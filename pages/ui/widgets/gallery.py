"""The gallery: equal tiles with crisp pixels, clicked to select, that answer at once."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.modalities.saying import Part, brought_into_view
from core.modalities.written import visible
from core.output import palette

_ASSETS = Path(__file__).parents[3] / "assets"
_mount = st.components.v2.component(
    "assay.gallery", css=(_ASSETS / "gallery.css").read_text(), js=(_ASSETS / "gallery.js").read_text()
)
_COLOURS = {
    "excluded": palette.EXCLUDED,
    "kept": palette.KEPT,
    "relabelled": palette.RELABELLED,
    "flagged": palette.FLAGGED,
    "confirmed": palette.FLAGGED,
    "unsure": palette.UNSURE,
    "taken": palette.TAKEN,
}
# Side of a picture from which on a text is read whole; the script in assets has the same number.
LARGE = 150
# Characters of a text that are in view: three lines beside filters and a single sample, three lines of a card.
LISTED = 150
CARD = 90


@dataclass(frozen=True)
class Tile:
    """One image of the gallery.

    Attributes:
        id: the sample's id.
        image_url: relative address of its image.
        caption: one or two short lines under the image.
        badge: "excluded", "kept", "relabelled", "unsure", "taken", "flagged", "confirmed", any other short word, or ""
            for none.
        words: what stands in the badge instead of its name.
        tooltip: what hovering says.
        settled: whether going on to the next sample passes over it.
        told: what is read in its place; the tiles are then a list.
        parts: the same in parts, those marked that speak for a class; () for none.
    """

    id: int
    image_url: str
    caption: tuple[str, ...] = ()
    badge: str = ""
    words: str = ""
    tooltip: str = ""
    settled: bool = False
    told: str = ""
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class GalleryEvent:
    """What a person did.

    Attributes:
        shown: ids of the tiles at that time.
        selected: those of them that are selected now, in their order.
        key: that was pressed; "" when the selection or the focus was changed.
        on: what a key is about: "selection", "focus" where nothing is selected, or "".
        focus: the tile in focus when that was done, None without tiles.
        next: the tile in focus since.
        version: of the selection that the gallery had been told by then.
    """

    shown: tuple[int, ...]
    selected: tuple[int, ...]
    key: str = ""
    on: str = ""
    focus: int | None = None
    next: int | None = None
    version: int = 0


OnEvent = Callable[[GalleryEvent, Callable[[], None]], None]


def gallery(
    tiles: Sequence[Tile],
    *,
    key: str,
    selected: Collection[int] | NDArray[np.int64] = (),
    version: int = 0,
    size: int = 72,
    keys: Mapping[str, str] | None = None,
    on_event: OnEvent | None = None,
    focus: int | None = None,
    most: int = 60,
    one_row: bool = False,
    struck: bool = False,
    amplified: float = 1.0,
) -> None:
    """Show images, and hand each thing that is done to them to `on_event`, once and in order.

    Args:
        tiles: in reading order; ids are unique.
        key: of this gallery, unique on the page.
        selected: ids selected now, wherever that was done; those without a tile here are counted only.
        version: of this selection; comes back with each event, which may be older than a selection made elsewhere.
        size: side of an image in pixels.
        keys: key → its kind. Pressing one anywhere on the page, unless something is being typed, is an event. Of kind
            "decide" the tiles that it is about are let go at once and the focus goes on, unless they are more than
            `most`. Of kind "all" everything visible is selected; any other kind does nothing by itself.
        on_event: None for a gallery only to look at. It is called before the page is drawn, as any callback is, with
            the event and a function to call right before what must not be done twice. Whatever speaks to the session
            may be cut short by the next event, and what was not ticked off by then is done again.
        focus: the tile that the keys are about while nothing is selected; None leaves it where it is.
        most: see `keys`.
        one_row: show as many tiles as one row holds, and no more.
        struck: what is selected is left out, and looks struck out.
        amplified: how many times further from mid-grey the pictures are shown, for differences that are faint.
    """
    if answer(key, on_event):
        st.rerun()
    shown = tuple(tile.id for tile in tiles)
    st.session_state[f"{key}-shown"] = shown
    ids = np.array(shown, np.int64)
    chosen = np.sort(ids[np.isin(ids, np.asarray(selected, np.int64))]).tolist()
    shown_characters = None if size >= LARGE else CARD if one_row else LISTED
    data = {
        "name": key,
        "tiles": [
            asdict(_seen(tile, shown_characters)) | {"colour": _COLOURS.get(tile.badge, palette.GREY)} for tile in tiles
        ],
        "selected": chosen,
        "version": version,
        "elsewhere": len(selected) - len(chosen),
        "size": size,
        "selectable": on_event is not None,
        "keys": dict(keys or {}),
        "focus": focus,
        "most": most,
        "oneRow": one_row,
        "struck": struck,
        "amplified": amplified,
        "seen": _ledger(key)["seen"],
        # When: of two places that hold the same gallery for a moment, the one drawn later is its place.
        "drawn": time.time() if keys else 0,
    }
    _mount(key=key, data=data, default={"event": None}, on_event_change=partial(answer, key, on_event))


def _seen(tile: Tile, characters: int | None) -> Tile:
    """The tile with the invisible characters of what is read in it named, from where its marked words are in view."""
    if not tile.told:
        return tile
    parts = tuple(replace(part, text=visible(part.text)) for part in tile.parts)
    parts = parts if characters is None else brought_into_view(parts, characters)
    return replace(tile, told=visible(tile.told), parts=parts)


def answer(key: str, on_event: OnEvent | None) -> bool:
    """Hand on what was done in a gallery and was not handed on yet; False when there was nothing."""
    sent: Sequence[Mapping[str, Any]] = (st.session_state.get(key) or {}).get("event") or []
    ledger, any_new = _ledger(key), False
    for event in sent if on_event else ():
        if event["number"] > ledger["seen"]:
            tick = partial(ledger.__setitem__, "seen", event["number"])
            on_event(_event(event, st.session_state.get(f"{key}-shown", ())), tick)  # type: ignore[misc]
            tick()
            any_new = True
    return any_new


def _ledger(key: str) -> dict[str, int]:
    """The number of the last event that was done; changed in place, which no other event can cut short."""
    ledger: dict[str, int] = st.session_state.setdefault(f"{key}-ledger", {"seen": 0})
    return ledger


def _event(sent: Mapping[str, Any], shown: tuple[int, ...]) -> GalleryEvent:
    focus, following = (None if sent[name] is None else int(sent[name]) for name in ("focus", "next"))
    ids = tuple(int(sample) for sample in sent["selected"])
    return GalleryEvent(shown, ids, str(sent["key"]), str(sent["on"]), focus, following, int(sent["version"]))
