"""Choosing the parts of a trigger that one training image carries."""

from collections.abc import Sequence

from core.attacks.triggers.own import generators
from core.modalities.contract import Painter
from core.types import Images


def all_of(parts: Sequence[Painter]) -> Painter:
    """A painter that paints every part, one after the other."""

    def painter(images: Images) -> Images:
        for part in parts:
            images = part(images)
        return images

    return painter


def one_of(parts: Sequence[Painter], seed: int) -> Painter:
    """A painter that paints one part on each image, drawn for it."""

    def painter(images: Images) -> Images:
        painted = images.copy()
        drawn = [int(rng.integers(len(parts))) for rng in generators(images, seed)]
        for at, part in enumerate(parts):
            rows = [row for row, chosen in enumerate(drawn) if chosen == at]
            if rows:
                painted[rows] = part(images[rows])
        return painted

    return painter
