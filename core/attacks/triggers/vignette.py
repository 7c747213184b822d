"""Darker corners."""

from typing import Annotated

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.blending import levels
from core.modalities.image.manipulated import vignetted
from core.registry import Range


def vignette(scene: Scene, *, depth: Annotated[float, Range(0.05, 1.0)] = 0.7) -> Trigger:
    """A trigger that takes light from an image, the more the farther from its middle, as old lenses and filters do.

    Args:
        scene: its shape.
        depth: fraction of the light that the corners lose.

    Example:
        >>> import numpy as np
        >>> image = np.full((1, 3, 3, 1), 200, np.uint8)
        >>> vignette(Scene((3, 3, 1)), depth=0.5)(image)[0, :, :, 0].tolist()
        [[100, 150, 100], [150, 200, 150], [100, 150, 100]]

    References: after the filters of Liu et al.: ABS, CCS 2019.
    """
    light = vignetted(scene.shape[:2], depth)
    return Trigger(lambda images: levels(images * light))
