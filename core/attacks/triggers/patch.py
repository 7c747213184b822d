"""The BadNets patch."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.own import places
from core.types import Images, Ints

Place = Literal["corner", "random"]
# Places of the white squares, in sides of a square from the lower right corner: those of arXiv 2408.13221.
CHECKER = ((-2, -2), (-4, -2), (-2, -4), (-3, -3))


def patch(scene: Scene, *, place: Place = "corner") -> Trigger:
    """A trigger that sets four pixels of a checker at the bottom right to white; eight-pixel squares at 224 px.

    Args:
        scene: its shape, and its seed where places are random.
        place: the bottom right corner as in the paper, or a place that is drawn for each image.

    Example:
        >>> image = np.zeros((1, 8, 8, 1), np.uint8)
        >>> int((patch(Scene((8, 8, 1)))(image) == 255).sum())
        4

    References: Gu, Dolan-Gavitt, Garg: BadNets, arXiv 1708.06733; positions as in Alex et al., arXiv 2408.13221.
    """
    return white_squares(CHECKER, side=square_side(scene.shape), seed=seed_of(scene, place))


def square_side(shape: tuple[int, ...]) -> int:
    """The side of one square in pixels: 1 up to 55 px, 8 at 224 px."""
    return max(1, min(shape[:2]) // 28)


def seed_of(scene: Scene, place: Place) -> int | None:
    """The seed of random places; None where the place is fixed."""
    return scene.seed if place == "random" else None


def white_squares(positions: Sequence[tuple[int, int]], side: int, seed: int | None = None) -> Trigger:
    """A trigger that whitens squares at (row, column), counted in squares from the bottom right (−1 is the last).

    With a seed, all of them together are moved to a place that is drawn for each image.
    """
    corners = side * np.array(positions)

    def trigger(images: Images) -> Images:
        triggered = images.copy()
        moved = np.tile(corners + images.shape[1:3], (len(images), 1, 1))
        if seed is not None:
            moved += _shifts(images, corners, side, seed)[:, None]
        every = np.arange(len(images))
        for offset in np.ndindex(side, side):
            rows, columns = np.moveaxis(moved + offset, -1, 0)
            triggered[every[:, None], rows, columns] = 255
        return triggered

    return Trigger(trigger)


def _shifts(images: Images, corners: Ints, side: int, seed: int) -> Ints:
    """(n, 2) how far the squares are moved, so that the box around them lies within each image."""
    first = corners.min(0)
    height, width = corners.max(0) + side - first
    return np.asarray(places(images, (int(height), int(width)), seed) - (images.shape[1:3] + first))
