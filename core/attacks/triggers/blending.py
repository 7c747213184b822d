"""Laying a fixed image over others, which several attacks do."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.attacks.contract import Trigger
from core.types import Images


def blend(overlay: NDArray[np.float64], alpha: float) -> Trigger:
    """A trigger that makes (1 − α)·x + α·overlay, rounded to whole levels and clipped.

    Args:
        overlay: (h, w, c), 1 is white.
        alpha: weight of the overlay in [0, 1].
    """

    def trigger(images: Images) -> Images:
        return levels((1 - alpha) * images.astype(np.float32) + np.float32(alpha * 255) * overlay.astype(np.float32))

    return Trigger(trigger)


def add(pattern: NDArray[np.floating[Any]]) -> Trigger:
    """A trigger that makes x + pattern, rounded to whole levels and clipped.

    Args:
        pattern: (h, w, c), 255 is the step from black to white.
    """
    return Trigger(lambda images: levels(images.astype(np.float32) + pattern.astype(np.float32)))


def levels(values: NDArray[np.floating[Any]]) -> Images:
    """Whole levels: rounded, clipped to 0–255, uint8."""
    return np.asarray(np.rint(values).clip(0, 255).astype(np.uint8))
