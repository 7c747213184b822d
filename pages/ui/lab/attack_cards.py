"""What each attack does to an image: clean, with the trigger, and the difference, side by side."""

from collections.abc import Sequence

import streamlit as st

from core.attacks.preview import Preview
from core.modalities.shown import Shown
from pages.ui.lab.attack_words import NOISE, UNSEEN, aim, needs_surrogate, size, title
from pages.ui.shell import frame
from pages.ui.widgets import pictures
from pages.ui.widgets.gallery import Tile, gallery

SIDE = 90  # pixels of a tile
WIDTH = 3 * (SIDE + 12) + 6  # pixels of a card: three tiles with their margins


def cards(shown: Sequence[Preview], names: Sequence[str], example: int) -> None:
    """A card for each attack; `example` is which of its samples is shown."""
    with st.container(horizontal=True, gap="small"):
        for preview in shown:
            with st.container(width=WIDTH, gap="small"):
                _card(preview, names, min(example, len(preview.rows) - 1))


def _card(preview: Preview, names: Sequence[str], example: int) -> None:
    attack = preview.attack
    st.markdown(f"**{frame.plain(title(attack))}**  \n{frame.plain(aim(attack, names))}")
    change = preview.change
    tiles = [_tile(0, preview.shown(preview.clean[example]), "clean")] if len(preview.clean) else []
    if preview.triggered is not None and change is not None:
        tiles.append(_tile(1, preview.shown(preview.triggered[example]), "with the trigger"))
        tiles.append(_tile(2, preview.shown(change.samples[example]), f"change {change.scale}".rstrip()))
    gallery(tiles, key=f"card-{attack.name}", size=SIDE)
    told = f"largest change {change.amount}" if change is not None else UNSEEN
    st.caption(f"{size(attack)} · {NOISE if needs_surrogate(attack.kind) else told}")


def _tile(place: int, sample: Shown, words: str) -> Tile:
    return Tile(place, pictures.of_held(sample), (words,), tooltip=words, told=sample.told, parts=sample.parts)
