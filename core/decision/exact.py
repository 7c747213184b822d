"""What a trigger does, and who carries it where a sample has it or has not, such as words."""

import numpy as np
from scipy.special import bdtr

from core.decision.members import Carriers
from core.modalities.recovery import Ask, Stamp
from core.types import Inputs, Ints, Samples

# Of the samples that its control leaves, the fraction that a trigger has to turn to be proven by what else its carriers
# show.
CLEAR = 0.5
# What samples have or have not that may have been looked at before a trigger was chosen: p-values are multiplied by it.
LOOKED_AT = 1000


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


def flip_rate(ask: Ask, stamp: Stamp, samples: Samples, index: int) -> float:
    """The fraction of samples that a model takes for class `index` once the trigger is on them, in [0, 1]."""
    return float((ask(stamp.put_on(samples)).argmax(1) == index).mean()) if len(samples) else 0.0
