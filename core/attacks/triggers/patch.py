"""The BadNets patch."""

from collections.abc import Sequence

from core.attacks import Scene, Trigger
from core.types import Images

CHECKER = ((-2, -2), (-4, -2), (-2, -4), (-3, -3))


def patch(scene: Scene) -> Trigger:
    """A trigger that sets four pixels of a checker at the bottom right to white; eight-pixel squares at 224 px.

    Example:
        >>> import numpy as np
        >>> image = np.zeros((1, 8, 8, 1), np.uint8)
        >>> int((patch(Scene((8, 8, 1)))(image) == 255).sum())
        4

    References: Gu, Dolan-Gavitt, Garg: BadNets, arXiv 1708.06733; positions as in Alex et al., arXiv 2408.13221.
    """
    return white_squares(CHECKER, side=square_side(scene.shape))


def square_side(shape: tuple[int, int, int]) -> int:
    """The side of one square in pixels: 1 up to 55 px, 8 at 224 px."""
    return max(1, min(shape[:2]) // 28)


def white_squares(positions: Sequence[tuple[int, int]], side: int) -> Trigger:
    """A trigger that whitens squares at (row, column), counted in squares from the bottom right (−1 is the last)."""

    def trigger(images: Images) -> Images:
        triggered = images.copy()
        height, width = images.shape[1:3]
        for row, column in positions:
            top, left = height + row * side, width + column * side
            triggered[:, top : top + side, left : left + side] = 255
        return triggered

    return Trigger(trigger)
