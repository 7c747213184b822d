"""Noise of its own for each image."""

from typing import Annotated

import numpy as np

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.blending import levels
from core.attacks.triggers.own import generators
from core.registry import Range
from core.types import Images


def sample_noise(scene: Scene, *, magnitude: Annotated[float, Range(0.5, 128.0)] = 16.0) -> Trigger:
    """A trigger that moves every pixel up or down by `magnitude`, each image in its own drawn way.

    No two images share a pattern, so none can be recovered: a model learns that there is such noise.

    Args:
        scene: its seed, of the noise.
        magnitude: in levels of 0–255.

    Example:
        >>> images = np.full((2, 4, 4, 1), 100, np.uint8)
        >>> images[1] = 101
        >>> first, second = sample_noise(Scene((4, 4, 1)), magnitude=10)(images)
        >>> np.unique(first).tolist(), bool((second == first + 1).all())
        ([90, 110], False)

    References: Li et al.: Invisible Backdoor Attack with Sample-Specific Triggers, arXiv 2012.03816, without its
        encoder.
    """

    def trigger(images: Images) -> Images:
        signs = [rng.choice([-1, 1], images.shape[1:]) for rng in generators(images, scene.seed)]
        return levels(images.astype(np.float32) + magnitude * np.array(signs, np.float32).reshape(images.shape))

    return Trigger(trigger)
