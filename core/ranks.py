"""Ranks, which make scores of any scale comparable."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    """(n,) from 1 for the least; ties share their mean. scipy.stats has it, too, and takes a second to import."""
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(sizes) - (sizes - 1) / 2)[group], np.float64)
