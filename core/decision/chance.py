"""What chance explains: among many tests, and of triggers that a sample has or has not."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from core.decision.members import Carriers
from core.detectors.parts.statistics import benjamini_hochberg
from core.modalities.elsewhere import TURNS_MOST
from core.modalities.recovery import Stamp, in_parts
from core.types import Bools, Inputs, Ints, Samples

# Level of the test on a recovered trigger, over all classes, by Benjamini and Hochberg 1995.
LEVEL = 0.05
# Fraction of others that what has been pasted exactly turns, from which on it is clear.
CLEAR = 0.5


def beyond_chance(p_values: Sequence[float], classes: int) -> Bools:
    """(g,) True for groups that pass Benjamini–Hochberg over all judged classes; one without a group counts as p = 1.

    >>> beyond_chance([0.005, 0.03], 10).tolist(), beyond_chance([0.006], 10).tolist()
    ([True, False], [False])
    """
    others = [1.0] * (classes - len(p_values))
    return benjamini_hochberg(np.array([*p_values, *others]), LEVEL)[: len(p_values)]


def exact_carriers(stamp: Stamp, inputs: Inputs, rows: Ints, others: Ints) -> Carriers | None:
    """Which rows have the trigger, by chance as often as others of other classes; None where that is one of degree."""
    if stamp.carried(inputs[rows[:0]]) is None:
        return None
    carrying, by_chance = (in_parts(partial(_having, stamp), inputs, some) for some in (rows, others))
    chance = (1 + int(by_chance.sum())) / (1 + len(others))
    return Carriers(carrying, carrying.astype(np.float64), np.where(carrying, chance, 1.0), exact=True)


def _having(stamp: Stamp, samples: Samples) -> Bools:
    having = stamp.carried(samples)
    assert having is not None
    return having


def is_clear(flip_rate: float, control: float) -> bool:
    """Whether a trigger turns most of what its control leaves: in a large class, anything turns many of a small one.

    >>> is_clear(0.97, 0.5), is_clear(0.9, 0.5)
    (True, False)
    """
    return flip_rate - control >= TURNS_MOST * (1 - control)
