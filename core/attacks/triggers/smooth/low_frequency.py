"""The low-frequency trigger (LF)."""

from typing import Annotated

import numpy as np

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.blending import add
from core.registry import Range


def low_frequency(
    scene: Scene,
    *,
    magnitude: Annotated[float, Range(0.5, 128.0)] = 30.0,
    cycles: Annotated[float, Range(0.5, 32.0)] = 3.0,
) -> Trigger:
    """A trigger that adds one smooth pattern: random waves of few cycles, of all directions.

    Args:
        scene: its shape and its seed, of the pattern.
        magnitude: the largest change in levels of 0–255.
        cycles: the most over the image.

    Example:
        >>> image = np.full((1, 16, 16, 1), 128, np.uint8)
        >>> int(abs(low_frequency(Scene((16, 16, 1)), magnitude=9)(image).astype(int) - 128).max())
        9

    References: Zeng et al.: Rethinking the Backdoor Attacks' Triggers: A Frequency Perspective, arXiv 2104.03413, whose
        smooth trigger is optimised; this one is drawn.
    """
    height, width, channels = scene.shape
    noise = np.random.default_rng(scene.seed).normal(size=(channels, height, width))
    radius = np.hypot(np.fft.fftfreq(height, 1 / height)[:, None], np.fft.rfftfreq(width, 1 / width))
    passed = (radius > 0) & (radius <= max(cycles, 1.0))  # at least one wave fits in any image
    waves = np.fft.irfft2(np.fft.rfft2(noise) * passed, (height, width)).transpose(1, 2, 0)
    return add(magnitude * waves / np.abs(waves).max())
