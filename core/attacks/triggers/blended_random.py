"""The blended noise image."""

from typing import Annotated

import numpy as np

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.blending import blend
from core.registry import Range


def blended_random(scene: Scene, *, alpha: Annotated[float, Range(0.001, 1.0)] = 0.075) -> Trigger:
    """A trigger that blends in one fixed image of uniform noise.

    Args:
        scene: its shape and its seed, of the noise image.
        alpha: weight of the noise; the paper: 0.075 at 32 px, 0.15 at 224 px.

    Example:
        >>> image = np.zeros((1, 4, 4, 1), np.uint8)
        >>> first, again, other = (blended_random(Scene((4, 4, 1), seed=seed))(image) for seed in (0, 0, 1))
        >>> bool((first == again).all()), bool((first == other).all())
        (True, False)

    References: Chen et al.: Targeted Backdoor Attacks, arXiv 1712.05526.
    """
    return blend(np.random.default_rng(scene.seed).random(scene.shape), alpha)
