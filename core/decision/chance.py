"""What passes among many tests at once."""

from collections.abc import Sequence

import numpy as np

from core.detectors.parts.statistics import benjamini_hochberg
from core.types import Bools

# Level of the test on a recovered trigger, over all classes, by Benjamini and Hochberg 1995.
LEVEL = 0.05


def beyond_chance(p_values: Sequence[float], classes: int) -> Bools:
    """(g,) True for groups that pass Benjamini–Hochberg over all judged classes; one without a group counts as p = 1.

    >>> beyond_chance([0.005, 0.03], 10).tolist(), beyond_chance([0.006], 10).tolist()
    ([True, False], [False])
    """
    others = [1.0] * (classes - len(p_values))
    return benjamini_hochberg(np.array([*p_values, *others]), LEVEL)[: len(p_values)]
