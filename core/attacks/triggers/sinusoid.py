"""The sinusoidal signal (SIG)."""

from typing import Annotated

import numpy as np

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.blending import blend
from core.registry import Range


def sinusoid(
    scene: Scene,
    *,
    alpha: Annotated[float, Range(0.001, 1.0)] = 0.075,
    frequency: Annotated[int, Range(1, 112)] = 6,
) -> Trigger:
    """A trigger of vertical waves: (1 − α)·x + α·(1 − cos(2π·column·frequency/w)) with white = 1, clipped.

    The waves run from black to twice white, so α = 0.075 brightens every crest by up to 38 of 255 levels.

    Args:
        scene: its shape.
        alpha: weight of the waves; the BaDLoss paper: 0.075.
        frequency: waves over the width of the image.

    Example:
        >>> image = np.zeros((1, 1, 8, 1), np.uint8)
        >>> sinusoid(Scene((1, 8, 1)), alpha=0.1, frequency=2)(image).ravel().tolist()
        [0, 26, 51, 26, 0, 26, 51, 26]

    References: Barni, Kallas, Tondi: A New Backdoor Attack in CNNs by Training Set Corruption without Label Poisoning,
        arXiv 1902.11237; formula as in Alex et al., arXiv 2408.13221.
    """
    waves = 1 - np.cos(2 * np.pi * np.arange(scene.shape[1]) * frequency / scene.shape[1])
    return blend(np.broadcast_to(waves[None, :, None], scene.shape), alpha)
