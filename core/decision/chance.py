"""What chance explains: among many tests, of bona fide samples, and of triggers that a sample has or has not."""

from collections.abc import Sequence

import numpy as np
from scipy.special import bdtr
from scipy.stats import binom

from core.decision.members import Carriers
from core.detectors.parts.statistics import benjamini_hochberg
from core.modalities.recovery import Stamp
from core.types import Bools, Inputs, Ints

# Level of the test on a recovered trigger, over all classes, by Benjamini and Hochberg 1995.
LEVEL = 0.05
# Level of the test on bona fide samples that are like a group, and how often, beside others of the class, they may be:
# a few of them may be poison themselves.
LEVEL_OF_TRUST = 0.01
AS_OFTEN = 0.5
# Bona fide samples that a class has to have for that.
FEWEST_TRUSTED = 10
# Of the samples that its control leaves, the fraction that a trigger has to turn to be proven by what else its carriers
# show.
CLEAR = 0.5
# What samples have or have not that may have been looked at before a trigger was chosen: p-values are multiplied by it.
LOOKED_AT = 1000


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


def exact_carriers(stamp: Stamp, inputs: Inputs, rows: Ints, others: Ints) -> Carriers | None:
    """Which rows have the trigger, by chance as often as others of other classes; None where that is one of degree."""
    carrying, by_chance = stamp.carried(inputs[rows]), stamp.carried(inputs[others])
    if carrying is None or by_chance is None:
        return None
    chance = (1 + int(by_chance.sum())) / (1 + len(others))
    return Carriers(carrying, carrying.astype(np.float64), np.where(carrying, chance, 1.0), exact=True)


def is_clear(flip_rate: float, control: float) -> bool:
    """Whether a trigger turns half of what its control leaves: in a large class, anything turns many of a small one.

    >>> is_clear(0.97, 0.5), is_clear(0.6, 0.5)
    (True, False)
    """
    return flip_rate - control >= CLEAR * (1 - control)


def chance_to_be_elsewhere(home: float, carriers: int, usual: float) -> float:
    """The p-value of so few of the carriers belonging to their class, when the fraction `usual` of all others does.

    By the binomial distribution, times all that may have been looked at.

    >>> chance_to_be_elsewhere(0.2, 40, 0.9) < 0.001, chance_to_be_elsewhere(0.5, 10, 0.7)
    (True, 1.0)
    """
    return min(float(bdtr(round(home * carriers), carriers, usual)) * LOOKED_AT, 1.0)
