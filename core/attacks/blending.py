"""Blending a fixed image into others, which both blended attacks do."""

import numpy as np
from numpy.typing import NDArray

from core.attacks import Trigger
from core.types import Images


def blend(overlay: NDArray[np.float64], alpha: float) -> Trigger:
    """A trigger that makes (1 − α)·x + α·overlay, rounded to whole levels.

    Args:
        overlay: (h, w, c) in [0, 1].
        alpha: weight of the overlay in [0, 1].
    """

    def trigger(images: Images) -> Images:
        mixed = (1 - alpha) * images.astype(np.float32) + np.float32(alpha * 255) * overlay.astype(np.float32)
        return np.rint(mixed).clip(0, 255).astype(np.uint8)

    return trigger
