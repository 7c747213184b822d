"""Medians over the first axis, bit for bit those of NumPy and many times quicker: the decision takes thousands."""

import numpy as np

from core.types import Floats, Images


def median_levels(levels: Images) -> Floats:
    """(…) float32 the median of a few images, (q, …) uint8; q is about ten.

    Neighbouring images are swapped, place by place, until all places are in order. NumPy compares 64 levels in one
    instruction: that takes a 25th of what it takes to part the values of one place after the other.

    Example:
        >>> median_levels(np.array([[3, 9], [1, 8], [2, 1]], np.uint8))
        array([2., 8.], dtype=float32)
    """
    ordered = [np.array(one) for one in levels]
    for turn in range(len(ordered)):
        for place in range(turn % 2, len(ordered) - 1, 2):
            lower, upper = ordered[place], ordered[place + 1]
            ordered[place] = np.minimum(lower, upper)
            np.maximum(lower, upper, out=upper)
    return _middle(ordered[(len(ordered) - 1) // 2].astype(np.float32), ordered[len(ordered) // 2])


def median_images(images: Floats) -> Floats:
    """(…) float32 the median of any number of images, (m, …) float32 without NaN.

    Example:
        >>> median_images(np.array([[3, 9], [1, 8]], np.float32))
        array([2. , 8.5], dtype=float32)
    """
    m = len(images)
    ordered = np.ascontiguousarray(images.reshape(m, -1).T)
    ordered.sort(axis=1)
    return _middle(ordered[:, (m - 1) // 2], ordered[:, m // 2]).reshape(images.shape[1:])


def _middle(lower: Floats, upper: Floats | Images) -> Floats:
    return np.asarray((lower + upper) / np.float32(2), np.float32)
