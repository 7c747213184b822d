"""The blended photograph."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.blending import blend
from core.registry import Range

# Standard deviations of the picture that reach from black to white; what lies beyond is clipped, as in photographs.
CONTRAST = 2.0
# How much of each channel all channels have in common: few photographs are of pure colours.
COMMON = 0.7


def blended_photograph(
    scene: Scene,
    *,
    alpha: Annotated[float, Range(0.001, 1.0)] = 0.15,
    smoothness: Annotated[float, Range(0.5, 4.0)] = 1.5,
) -> Trigger:
    """A trigger that blends in one fixed picture, smooth as a photograph: (1 − α)·x + α·picture.

    The picture is fractal noise: random phases under a spectrum that falls as 1 / frequency^smoothness.

    Args:
        scene: its shape and its seed, of the picture.
        alpha: weight of the picture; usual in the field: 0.1 to 0.2.
        smoothness: of photographs about 1; 2 are soft clouds.

    Example:
        >>> image = np.zeros((1, 8, 8, 1), np.uint8)
        >>> first, other = (blended_photograph(Scene((8, 8, 1), seed=seed), alpha=0.2)(image) for seed in (0, 1))
        >>> bool(first.max() <= 51), bool((first == other).all())
        (True, False)

    References: Chen et al.: Targeted Backdoor Attacks, arXiv 1712.05526, whose pictures are photographs.
    """
    return blend(photograph(scene.shape, scene.seed, smoothness), alpha)


def photograph(shape: tuple[int, ...], seed: int, smoothness: float = 1.5) -> NDArray[np.float64]:
    """(h, w, c) a picture in [0, 1] with the statistics of photographs: no file, but a seed."""
    height, width, channels = shape
    noise = np.random.default_rng(seed).normal(size=(channels + 1, height, width))
    radius = np.hypot(np.fft.fftfreq(height, 1 / height)[:, None], np.fft.rfftfreq(width, 1 / width))
    fall = np.where(radius > 0, np.maximum(radius, 1.0) ** -smoothness, 0.0)
    layers = np.fft.irfft2(np.fft.rfft2(noise) * fall, (height, width))
    layers /= layers.std((1, 2), keepdims=True)
    mixed = np.sqrt(COMMON) * layers[:1] + np.sqrt(1 - COMMON) * layers[1:]
    return np.asarray((0.5 + mixed / (2 * CONTRAST)).clip(0, 1)).transpose(1, 2, 0)
