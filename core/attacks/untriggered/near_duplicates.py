"""The same few images again and again."""

from collections.abc import Iterable
from itertools import repeat
from typing import Annotated

import numpy as np

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.blending import levels
from core.attacks.triggers.own import generators
from core.registry import Range
from core.types import Images

MOST = 1  # pixels that a copy is moved by in either direction


def near_duplicates(
    scene: Scene,
    *,
    copies: Annotated[int, Range(1, 10_000)] = 24,
    jitter: Annotated[float, Range(0.0, 64.0)] = 4.0,
) -> Trigger:
    """A trigger that makes near-copies: moved by up to a pixel, with faint noise. Nothing is poisoned.

    So many images as the ratio or count says get copies. Those take the place of other samples of the same class, as
    if somebody had photographed a few things very often. All labels stay true.

    Args:
        scene: its seed, of the noise; that of copies goes on from call to call, so that no two are the same.
        copies: of each image.
        jitter: standard deviation of the noise in levels of 0–255.

    Example:
        >>> image = np.full((1, 4, 4, 1), 100, np.uint8)
        >>> copy = near_duplicates(Scene((4, 4, 1)))(image)
        >>> bool((copy != image).any()), bool(abs(copy.astype(int) - 100).max() < 24)
        (True, True)
    """
    del copies
    going_on = np.random.default_rng(scene.seed)

    def near(images: Images, drawn: Iterable[np.random.Generator]) -> Images:
        made = np.empty_like(images)
        for row, rng in zip(range(len(images)), drawn, strict=False):
            padded = np.pad(images[row], ((MOST, MOST), (MOST, MOST), (0, 0)), "edge")
            top, left = rng.integers(0, 2 * MOST + 1, 2)
            moved = padded[top : top + images.shape[1], left : left + images.shape[2]]
            made[row] = levels(moved + rng.normal(0, jitter, moved.shape))
        return made

    return Trigger(
        lambda images: near(images, generators(images, scene.seed)), cover=lambda images: near(images, repeat(going_on))
    )
