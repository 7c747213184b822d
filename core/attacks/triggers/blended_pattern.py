"""The blended grid."""

from typing import Annotated

import numpy as np

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.blending import blend
from core.registry import Range


def blended_pattern(scene: Scene, *, alpha: Annotated[float, Range(0.001, 1.0)] = 0.025) -> Trigger:
    """A trigger that blends in a grid whose every second pixel in both axes is 1.

    Args:
        scene: its shape.
        alpha: weight of the grid; the paper: 0.025 at 32 px, 0.15 at 224 px.

    Example:
        >>> image = np.zeros((1, 4, 4, 1), np.uint8)
        >>> int(blended_pattern(Scene((4, 4, 1)), alpha=0.1)(image).max())
        26

    References: Chen et al.: Targeted Backdoor Attacks, arXiv 1712.05526; grid as in Alex et al., arXiv 2408.13221.
    """
    grid = np.zeros(scene.shape)
    grid[::2, ::2] = 1.0
    return blend(grid, alpha)
