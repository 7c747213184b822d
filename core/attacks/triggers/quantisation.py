"""Fewer levels (BppAttack)."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.blending import levels
from core.registry import Range
from core.types import Images

# Where Floyd and Steinberg put the error of a pixel: rows down, columns right, sixteenths.
SPREAD = ((0, 1, 7), (1, -1, 3), (1, 0, 5), (1, 1, 1))


def quantisation(scene: Scene, *, depth: Annotated[int, Range(2, 128)] = 5, dither: bool = True) -> Trigger:
    """A trigger that leaves so many levels of each channel, from 0 to 255 in equal steps.

    With dithering, the error of each pixel is spread over those to its right and below, so the eye sees little.

    Args:
        scene: not used.
        depth: levels that are left; the paper: 2⁵ and fewer.
        dither: by Floyd and Steinberg.

    Example:
        >>> image = np.array([0, 60, 70, 130, 255], np.uint8).reshape(1, 1, 5, 1)
        >>> quantisation(Scene((1, 5, 1)), dither=False)(image).ravel().tolist()
        [0, 64, 64, 128, 255]

    References: Wang, Zhai, Ma: BppAttack, arXiv 2205.13383.
    """
    del scene
    step = 255 / (depth - 1)

    def rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.rint(values / step).clip(0, depth - 1) * step)

    def trigger(images: Images) -> Images:
        values = images.astype(np.float64)
        if not dither:
            return levels(rounded(values))
        height, width = images.shape[1:3]
        for front in range(2 * height + width - 2):  # pixels whose errors do not reach each other, all at once
            rows = np.arange(max(0, (front - width + 2) // 2), min(height, front // 2 + 1))
            columns = front - 2 * rows
            error = values[:, rows, columns] - rounded(values[:, rows, columns])
            values[:, rows, columns] -= error
            for down, right, weight in SPREAD:
                inside = (rows + down < height) & (columns + right >= 0) & (columns + right < width)
                values[:, rows[inside] + down, columns[inside] + right] += error[:, inside] * weight / 16
        return levels(values)

    return Trigger(trigger)
