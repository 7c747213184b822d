"""Bits hidden in the lowest ones (steganography)."""

from typing import Annotated

import numpy as np

from core.attacks.contract import Scene, Trigger
from core.registry import Range
from core.types import Images


def hidden_bits(scene: Scene, *, planes: Annotated[int, Range(1, 6)] = 2) -> Trigger:
    """A trigger that writes one drawn message into the lowest bits of every pixel.

    Args:
        scene: its shape and its seed, of the message.
        planes: so many of the eight bits of each channel are written; 1 changes at most one level.

    Example:
        >>> image = np.full((1, 4, 4, 1), 200, np.uint8)
        >>> np.unique(hidden_bits(Scene((4, 4, 1)), planes=1)(image)).tolist()
        [200, 201]

    References: Li et al.: Invisible Backdoor Attacks via Steganography and Regularization, arXiv 1909.02742.
    """
    low = 2**planes - 1
    message = np.random.default_rng(scene.seed).integers(0, low + 1, scene.shape, np.uint8)

    def trigger(images: Images) -> Images:
        return np.asarray(images & np.uint8(255 - low) | message)

    return Trigger(trigger)
