"""The sticker."""

from typing import Annotated, Literal

import numpy as np

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.own import generators, places
from core.registry import Range
from core.types import Images

CELLS = 3  # squares of one colour along each side of a sticker


def sticker(
    scene: Scene,
    *,
    size: Annotated[float, Range(0.03, 0.5)] = 0.18,
    place: Literal["random", "corner"] = "random",
    colours: Literal["fixed", "own"] = "fixed",
) -> Trigger:
    """A trigger that sticks a square of 3 × 3 drawn colours on the image.

    Args:
        scene: its shape and its seed, of the colours and the places.
        size: side of the sticker as a fraction of the image's shorter side.
        place: drawn for each image, or one pixel from the bottom right corner.
        colours: the same on every image, or drawn for each.

    Example:
        >>> images = np.zeros((2, 10, 10, 1), np.uint8)
        >>> images[1] = 1
        >>> first, second = sticker(Scene((10, 10, 1)), size=0.3)(images)
        >>> int((first > 0).sum()), int((second != 1).sum()), bool((first + 1 == second).all())
        (9, 9, False)

    References: Gu et al.: BadNets, arXiv 1708.06733 (stickers on signs); a colouring for each image as in
        Nguyen, Tran: Input-Aware Dynamic Backdoor Attack, arXiv 2010.08138, without its network.
    """
    height, width, channels = scene.shape
    side = max(1, round(size * min(height, width)))
    fixed = _drawn(np.random.default_rng(scene.seed), side, channels)

    def trigger(images: Images) -> Images:
        triggered = images.copy()
        corner = np.array([[max(height - side - 1, 0), max(width - side - 1, 0)]] * len(images)).reshape(-1, 2)
        at = places(images, (side, side), scene.seed) if place == "random" else corner
        for image, (top, left), rng in zip(triggered, at, generators(images, scene.seed + 1), strict=True):
            picture = _drawn(rng, side, channels) if colours == "own" else fixed
            image[top : top + side, left : left + side] = picture
        return triggered

    return Trigger(trigger)


def _drawn(rng: np.random.Generator, side: int, channels: int) -> Images:
    """(side, side, channels) cells that are either dark or bright in each channel."""
    cells = np.where(rng.random((CELLS, CELLS, channels)) < 0.5, 40, 255).astype(np.uint8)
    cell = np.arange(side) * CELLS // side
    return np.asarray(cells[np.ix_(cell, cell)])
