"""What a trigger does, and who carries it where a sample has it or has not, such as words."""

import numpy as np

from core.decision.members import Carriers
from core.modalities.contract import Ask, Stamp
from core.types import Inputs, Ints, Samples

# Fraction of the carriers that may belong to their class by all else that they show, where that can be told. Of texts
# with a word of their class 0.85 and more do, and of poison up to 0.53 (Rotten Tomatoes); of a kind of question 0.58.
MOST_AT_HOME = 0.56
# Fraction of other samples that a trigger has to turn beyond its control, to be proven by what else its carriers show.
CLEAR = 0.5


def exact_carriers(stamp: Stamp, inputs: Inputs, rows: Ints, others: Ints) -> Carriers | None:
    """Which rows have the trigger, by chance as often as others of other classes; None where that is one of degree."""
    carrying, by_chance = stamp.carried(inputs[rows]), stamp.carried(inputs[others])
    if carrying is None or by_chance is None:
        return None
    chance = (1 + int(by_chance.sum())) / (1 + len(others))
    return Carriers(carrying, carrying.astype(np.float64), np.where(carrying, chance, 1.0), exact=True)


def belong_elsewhere(home: float | None, beyond: float) -> bool:
    """Whether a trigger is proven by its carriers: a model may know by heart the labels that it was trained on.

    Args:
        home: fraction of the carriers that belong to the class by all else that they show; None where nothing tells.
        beyond: fraction of other samples that it turns, less that of its control.

    >>> belong_elsewhere(0.2, 0.9), belong_elsewhere(0.2, 0.3), belong_elsewhere(None, 0.9)
    (True, False, False)
    """
    return home is not None and home <= MOST_AT_HOME and beyond >= CLEAR


def flip_rate(ask: Ask, stamp: Stamp, samples: Samples, index: int) -> float:
    """The fraction of samples that a model takes for class `index` once the trigger is on them, in [0, 1]."""
    return float((ask(stamp.put_on(samples)).argmax(1) == index).mean()) if len(samples) else 0.0
