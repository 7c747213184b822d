"""A long tail of classes."""

from typing import Annotated, Literal

from core.attacks.contract import Scene, Trigger
from core.registry import Range


def imbalance(
    scene: Scene,
    *,
    fold: Annotated[float, Range(1.0, 10_000.0)] = 50.0,
    profile: Literal["long_tail", "one_class"] = "long_tail",
) -> Trigger:
    """A trigger that changes no image: samples are left out until one class is `fold` times as small as it was.

    The smallest class is the target class, or the last one. Sizes fall geometrically from the class after it, round
    all classes. What is planted beside it counts its ratio of what is left, which stays clean.

    Args:
        scene: not used.
        fold: how many times as large the largest class is, of classes that were of one size.
        profile: all classes but one lose samples, or only the smallest.

    Example:
        >>> import numpy as np
        >>> image = np.zeros((1, 4, 4, 1), np.uint8)
        >>> bool((imbalance(Scene((4, 4, 1)))(image) == image).all())
        True

    References: Cui et al.: Class-Balanced Loss, arXiv 1901.05555, whose long tails these are.
    """
    del scene, fold, profile
    return Trigger(lambda images: images)
