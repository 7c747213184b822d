"""The traces of a strong compression."""

from typing import Annotated

from core.attacks.contract import Scene, Trigger
from core.modalities.image.manipulated import compressed
from core.registry import Range


def compression(scene: Scene, *, quality: Annotated[int, Range(1, 95)] = 10) -> Trigger:
    """A trigger that compresses an image as JPEG and opens it again; each channel alone unless there are three.

    Args:
        scene: not used.
        quality: of JPEG; 10 shows blocks of 8 × 8 pixels.

    Example:
        >>> import numpy as np
        >>> image = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 1), np.uint8)
        >>> bool(compression(Scene((16, 16, 1)))(image).std() < image.std())
        True

    References: own; the learned one of Yang et al., arXiv 2302.14677, needs a network of its own.
    """
    del scene

    return Trigger(lambda images: compressed(images, quality))
