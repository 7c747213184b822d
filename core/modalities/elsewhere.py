"""Whether samples belong to other classes than their own, by all that they show beside a trigger."""

from math import sqrt

import numpy as np
from scipy.special import bdtr

from core.modalities.recovery import Stamp
from core.types import Bools, Inputs, Ints

# Fraction of the carriers of a trigger that may belong to their class. Of phrases of a class that turn other texts,
# 0.48 and more; of planted ones 0.41 and less (Rotten Tomatoes, TREC, SMS).
MOST_AT_HOME = 0.45
# The same of a trigger that turns nearly all others. Of clean phrases that turn eight in ten it was 0.60 and more
# ("why", "how long"; TREC), of short reviews with a planted sentence 0.48.
MOST_AT_HOME_IF_CLEAR = 0.55
# Fraction of others from which on a trigger turns nearly all. Of clean questions of TREC, whose class of people and
# companies a word tells, "company" turns .56 to .80 in four decisions; of three planted words each turns all.
TURNS_MOST = 0.9
# What the fraction at home may be at the upper end of its 95 % interval.
SURELY_AT_MOST = 0.7
# The same of a trigger that turns fewer than nearly all others.
SURELY_IF_FEW_TURN = 0.4
# Samples of a class that have to share what is named for where they belong: a rare kind of clean ones may belong
# elsewhere by all but one word, too, such as questions on the population of places, of which 14 to 17 were named.
FEWEST = 24
# Standard deviations of a 95 % interval.
SURE = 1.96
# What samples have or have not that may have been looked at before a trigger was chosen: p-values are multiplied by it.
LOOKED_AT = 1000
# Level of that test.
LEVEL = 0.05


def at_home(
    stamp: Stamp, inputs: Inputs, labels: Ints, rows: Ints, named: Bools | None = None
) -> tuple[float | None, int]:
    """The fraction of some samples of one class that belong there by all but a trigger, and of how many it is.

    None where nothing tells. Of an attack with a sentence in several versions, the words of the others would be words
    of the class. So who is named already is not asked, and does not count as the class.

    Args:
        stamp: the trigger.
        inputs: n samples.
        labels: (n,) as given.
        rows: (m,) samples of one class.
        named: (n,) members of triggers that are proven.
    """
    if named is None or not named.any() or not stamp.tells_home:
        return stamp.at_home(inputs, labels, rows), len(rows)
    kept, rows = np.flatnonzero(~named), rows[~named[rows]]
    return stamp.at_home(inputs.take(kept), labels[kept], np.searchsorted(kept, rows)), len(rows)


def belong_elsewhere(home: float, carriers: int, most: float = SURELY_AT_MOST, *, clear: bool = False) -> bool:
    """Whether most carriers surely belong to other classes, `home` being the fraction that belongs to its own.

    Args:
        home: as above, in [0, 1].
        carriers: how many they are, 1 or more.
        most: the fraction that the upper end of the interval may reach.
        clear: whether the trigger is known to turn nearly all others.

    >>> belong_elsewhere(0.4, 200), belong_elsewhere(0.4, 5), belong_elsewhere(0.5, 200)
    (True, False, False)
    >>> belong_elsewhere(0.5, 200, clear=True)
    True
    """
    return home <= (MOST_AT_HOME_IF_CLEAR if clear else MOST_AT_HOME) and wilson(home, carriers)[1] <= most


def surely_elsewhere(home: float, carriers: int, *, of_source: bool = False) -> bool:
    """Whether enough carriers belong to other classes so surely that their trigger need not turn nearly all.

    They may be fewer where it works on the one class that they look like, `of_source`, and hardly on others.

    >>> surely_elsewhere(0.14, 14), surely_elsewhere(0.14, 24), surely_elsewhere(0.4, 200)
    (False, True, False)
    """
    return (of_source or carriers >= FEWEST) and belong_elsewhere(home, carriers, SURELY_IF_FEW_TURN)


def chance_of_so_few(fraction: float, n: int, usual: float) -> float:
    """The p-value of so small a fraction of n samples, such as that at home, when of all others it is the `usual` one.

    By the binomial distribution, times all that may have been looked at.

    >>> chance_of_so_few(0.2, 40, 0.9) < 0.001, chance_of_so_few(0.5, 10, 0.7)
    (True, 1.0)
    """
    return min(float(bdtr(round(fraction * n), n, usual)) * LOOKED_AT, 1.0)


def wilson(rate: float, n: int) -> tuple[float, float]:
    """The 95 % confidence interval of a fraction of n, by Wilson's score.

    >>> tuple(round(end, 3) for end in wilson(0.5, 100))
    (0.404, 0.596)
    """
    middle = (rate + SURE**2 / (2 * n)) / (1 + SURE**2 / n)
    half = SURE * sqrt(rate * (1 - rate) / n + SURE**2 / (4 * n**2)) / (1 + SURE**2 / n)
    return max(middle - half, 0.0), min(middle + half, 1.0)
