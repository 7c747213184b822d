"""What passes among many tests at once."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import binom

from core.detectors.parts.statistics import benjamini_hochberg
from core.types import Bools

# Level of the test on a recovered trigger, over all classes, by Benjamini and Hochberg 1995.
LEVEL = 0.05
# Level of the test on bona fide samples that are like a group, and how often, beside others of the class, they may be:
# a few of them may be poison themselves.
LEVEL_OF_TRUST = 0.01
AS_OFTEN = 0.5
# Bona fide samples that a class has to have for that.
FEWEST_TRUSTED = 10


def beyond_chance(p_values: Sequence[float], classes: int) -> Bools:
    """(g,) True for groups that pass Benjamini–Hochberg over all judged classes; one without a group counts as p = 1.

    >>> beyond_chance([0.005, 0.03], 10).tolist(), beyond_chance([0.006], 10).tolist()
    ([True, False], [False])
    """
    others = [1.0] * (classes - len(p_values))
    return benjamini_hochberg(np.array([*p_values, *others]), LEVEL)[: len(p_values)]


def usual_among_trusted(members: Bools, trusted: Bools) -> bool:
    """Whether bona fide samples of a class are like a group more than half as often as others: it is no poison, then.

    By the binomial distribution; of few bona fide samples nothing can be said.

    Args:
        members: (m,) samples of the class that are like the group.
        trusted: (m,) its bona fide samples.

    >>> rows = np.arange(600)
    >>> usual_among_trusted(rows % 2 == 0, rows < 60), usual_among_trusted(rows > 60, rows < 60)
    (True, False)
    """
    if trusted.sum() < FEWEST_TRUSTED or trusted.all():
        return False
    expected = AS_OFTEN * float(members[~trusted].mean())
    return bool(binom.sf(int((members & trusted).sum()) - 1, int(trusted.sum()), expected) <= LEVEL_OF_TRUST)
