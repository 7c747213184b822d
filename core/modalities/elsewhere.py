"""Whether samples belong to other classes than their own, by all that they show beside a trigger."""

from math import sqrt

# Fraction of the carriers of a trigger that may belong to their class, at the upper end of its 95 % interval. Of
# phrases of a class that turn other texts, 0.76 and more; of planted ones 0.66 and less (Rotten Tomatoes, TREC, SMS).
MOST_AT_HOME = 0.7
# Standard deviations of a 95 % interval.
SURE = 1.96


def belong_elsewhere(home: float, carriers: int, most: float = MOST_AT_HOME) -> bool:
    """Whether most carriers surely belong to other classes, `home` being the fraction that belongs to its own.

    Args:
        home: as above, in [0, 1].
        carriers: how many they are, 1 or more.
        most: the fraction that the upper end of the interval may reach.

    >>> belong_elsewhere(0.5, 200), belong_elsewhere(0.5, 10)
    (True, False)
    """
    return wilson(home, carriers)[1] <= most


def wilson(rate: float, n: int) -> tuple[float, float]:
    """The 95 % confidence interval of a fraction of n, by Wilson's score.

    >>> tuple(round(end, 3) for end in wilson(0.5, 100))
    (0.404, 0.596)
    """
    middle = (rate + SURE**2 / (2 * n)) / (1 + SURE**2 / n)
    half = SURE * sqrt(rate * (1 - rate) / n + SURE**2 / (4 * n**2)) / (1 + SURE**2 / n)
    return max(middle - half, 0.0), min(middle + half, 1.0)
