"""How many of the flagged are wrong: what p-values of bona fide samples tell of it, and its words.

A rate is an expected one: it holds on average over draws of bona fide samples. What one draw says is an interval.
"""

import numpy as np

from core.detectors.parts.statistics import Reals, prevalence, prevalence_bound
from core.types import Bools

# Confidence of a bound from below. Over all cuts within the tail it gives one false alarm in twenty clean data sets, by
# simulation; a lower one would cry wolf.
SURE = 0.995
# Fraction of clean samples, the most suspicious, among which poison is counted: the bulk would only add false alarms.
TAIL = 0.10
# Of the interval of how many are wrong.
CONFIDENCE = 0.90


def expected_words(rate: float) -> str:
    """An expected rate in words.

    >>> expected_words(0.1)
    'about 10% of them wrong on average over draws of bona fide samples'
    """
    return f"about {rate:.0%} of them wrong on average over draws of bona fide samples"


def estimated(p: Reals, trusted: int) -> tuple[float, float]:
    """The fraction of samples with p-values `p` that `trusted` clean ones do not explain: estimated, and from below."""
    # The clean scores that such p-values were counted on, on the p-values' own scale: the j-th lies above j/(m + 1).
    clean = -(np.arange(1, trusted + 1) + 0.5) / (trusted + 1)
    scores = -np.where(p <= TAIL, p, 1.0)
    return prevalence(scores, clean), prevalence_bound(scores, clean, SURE)


def wrong_interval(p: Reals, trusted: int, flagged: Bools) -> tuple[float, float] | None:
    """What fraction of the flagged is wrong, from and to; None where nothing is flagged.

    As many clean samples lie beyond the cut as the bona fide ones there allow for (Clopper and Pearson 1934), among all
    that are not estimated to be poison. A cut that follows the p-values, as Benjamini–Hochberg's does, makes this
    approximate; simulated, it holds in nine draws of ten.

    Args:
        p: (m,) p-values of the samples that are not bona fide.
        trusted: how many bona fide samples they were counted on.
        flagged: (m,) of these samples.
    """
    if not flagged.any() or not trusted:
        return None
    from scipy.special import betaincinv  # the start of the app need not wait for it

    beyond = round(float(p[flagged].max()) * (trusted + 1)) - 1  # bona fide samples at the cut or beyond
    tail = (1 - CONFIDENCE) / 2
    low = betaincinv(beyond, trusted - beyond + 1, tail) if beyond else 0.0
    high = betaincinv(beyond + 1, trusted - beyond, 1 - tail) if beyond < trusted else 1.0
    clean = (1 - estimated(p, trusted)[0]) * len(p) / int(flagged.sum())
    return min(float(low) * clean, 1.0), min(float(high) * clean, 1.0)


def interval_words(interval: tuple[float, float] | None) -> str:
    """The interval in words; "" without one.

    >>> interval_words((0.02, 0.13))
    'in this draw 2% to 13%, with 90% confidence'
    """
    if interval is None:
        return ""
    return f"in this draw {interval[0]:.0%} to {interval[1]:.0%}, with {CONFIDENCE:.0%} confidence"
