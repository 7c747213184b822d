"""Ranks, prevalence and error control: what makes scores of any scale comparable, and turns them into one decision.

Conformal p-values and Benjamini–Hochberg follow Bates et al.: Testing for Outliers with Conformal p-values, 2023.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.types import Bools, Floats, Ints

Reals = NDArray[np.float64]

# Standard deviations in a median absolute deviation, for normally distributed values: 1/Φ⁻¹(3/4).
MAD_TO_SD = 1.4826
# Largest −log of a tail, in nats: beyond it the normal distribution says more than a few hundred samples can know.
MOST_SURPRISE = 20.0
# Chance groups that do as well, after which no more are asked (Besag and Clifford 1991).
AS_WELL = 10


def ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    """(n,) from 1 for the least; ties share their mean. As `scipy.stats.rankdata`, which takes a second to import.

    >>> ranks(np.array([0.3, 0.1, 0.3, 0.2])).tolist()
    [3.5, 1.0, 3.5, 2.0]
    """
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(sizes) - (sizes - 1) / 2)[group], np.float64)


def ranks_in_class(labels: Ints, orders: Sequence[Floats]) -> Floats:
    """(n,) the higher of a sample's relative ranks within its class, in (0, 1]: small classes count like large ones.

    >>> ranks_in_class(np.array([0, 0, 1, 1]), [np.array([1.0, 2.0, 9.0, 8.0], np.float32)]).tolist()
    [0.5, 1.0, 1.0, 0.5]
    """
    highest = np.zeros(len(labels), np.float32)
    for index in np.unique(labels):
        rows = np.flatnonzero(labels == index)
        for order in orders:
            highest[rows] = np.maximum(highest[rows], ranks(order[rows]) / len(rows))
    return highest


def tail_scores(scores: Reals) -> Reals:
    """(n,) Fisher's −log(1 − (rank − ½)/n): large in the upper tail only; 0 where a score is NaN."""
    finite = np.isfinite(scores)
    result = np.zeros(len(scores))
    result[finite] = -np.log1p(-(ranks(scores[finite]) - 0.5) / max(int(finite.sum()), 1))
    return result


def normal_scores(scores: Reals) -> Reals:
    """(n,) Φ⁻¹((rank − ½)/n), the scores made normal; ties share a rank."""
    from scipy.special import ndtri  # the start of the app need not wait for it

    return np.asarray(ndtri((ranks(scores) - 0.5) / max(len(scores), 1)))


def robust_z(values: Reals | Floats) -> Reals:
    """The distance from the median along the first axis, in robust standard deviations; 0 where nothing varies."""
    centred = values - np.median(values, axis=0)
    spread = MAD_TO_SD * np.median(np.abs(centred), axis=0)
    return np.where(spread > 0, centred / np.where(spread > 0, spread, 1.0), 0.0)


def prevalence(scores: Reals, held_out: Reals, n_errors: float = 1.0, tail: float = 1.0) -> float:
    """The fraction of samples beyond what clean ones explain, from below: the largest excess over all t, in [0, 1].

    The excess is [fraction of all ≥ t] − [fraction of held-out clean ones ≥ t] − `n_errors` standard errors − 1/m.

    Args:
        scores: (n,) of all samples.
        held_out: (m,) of clean samples that the score has not seen.
        n_errors: how many standard errors to be careful by.
        tail: only thresholds that at most this fraction of the held-out samples reach.
    """
    if not len(held_out) or not len(scores):
        return 0.0
    thresholds = np.unique(scores)
    clean = 1 - np.searchsorted(np.sort(held_out), thresholds) / len(held_out)
    everything = 1 - np.searchsorted(np.sort(scores), thresholds) / len(scores)
    error = np.sqrt(clean * (1 - clean) / len(held_out))
    excess = everything - clean - n_errors * error - 1 / len(held_out)
    return float(excess.max(initial=0.0, where=clean <= tail))


def prevalence_bound(scores: Reals, held_out: Reals, confidence: float, tail: float = 1.0) -> float:
    """The same from below with an exact bound: of clean samples, at most the Clopper–Pearson limit lies above t."""
    if not len(held_out) or not len(scores):
        return 0.0
    from scipy.special import betaincinv

    thresholds = np.unique(scores)
    above = len(held_out) - np.searchsorted(np.sort(held_out), thresholds)
    counts = np.arange(len(held_out))
    limit = np.append(betaincinv(counts + 1, len(held_out) - counts, confidence), 1.0)[above]
    everything = 1 - np.searchsorted(np.sort(scores), thresholds) / len(scores)
    return float((everything - limit).max(initial=0.0, where=above <= tail * len(held_out)))


def surprise(values: Reals, ordinary: Bools) -> Reals:
    """(m,) −log of the upper tail of the normal distribution that the `ordinary` ones suggest, at most 20."""
    from scipy.special import log_ndtr

    usual = values[ordinary]
    z = (values - usual.mean()) / max(float(usual.std()), 1e-9)
    return np.asarray(np.minimum(-log_ndtr(-z), MOST_SURPRISE))


def cross_conformal(folds: Sequence[tuple[Reals, NDArray[Any]]]) -> Reals:
    """(n,) p-values: (1 + held-out clean samples scored at least as high, each in its own fold) / (1 + all of them).

    Args:
        folds: for each fold the scores (n,) of all samples, and the rows of the clean samples that it has not seen.

    >>> scores = np.array([0.1, 0.2, 0.3, 0.9])  # of four samples, of which the first three are known to be clean
    >>> cross_conformal([(scores, np.array([0, 1, 2]))]).tolist()
    [1.0, 0.75, 0.5, 0.25]
    """
    above, total = np.zeros(len(folds[0][0])), 0
    for scores, held_out in folds:
        above += len(held_out) - np.searchsorted(np.sort(scores[held_out]), scores)
        total += len(held_out)
    return (1 + above) / (1 + total)


def benjamini_hochberg(p_values: Reals, rate: float) -> Bools:
    """(m,) True for the hypotheses rejected at false discovery rate `rate`: all p up to the last p₍ᵢ₎ ≤ rate · i/m.

    >>> benjamini_hochberg(np.array([0.04, 0.5, 0.03, 0.9]), 0.1).tolist()
    [True, False, True, False]
    """
    ordered = np.sort(p_values)
    passing = np.flatnonzero(ordered <= rate * np.arange(1, len(ordered) + 1) / max(len(ordered), 1))
    return p_values <= (ordered[passing[-1]] if len(passing) else -1.0)


def worst(suspicion: Floats, may_be_flagged: Bools, fraction: float) -> Bools:
    """(n,) True for the most suspicious `fraction` of all samples among those that may be flagged; ties by position."""
    count = min(round(fraction * len(suspicion)), int(may_be_flagged.sum()))
    order = np.argsort(np.where(may_be_flagged, -suspicion, np.inf), kind="stable")
    flagged = np.zeros(len(suspicion), np.bool_)
    flagged[order[:count]] = True
    return flagged


def p_value_by_chance(does_as_well: Callable[[], bool], groups: int) -> float:
    """The p-value by which a group differs from chance groups, at least 1 / (groups + 1) and exact at any level.

    After ten that do as well no more are drawn: their fraction is as valid a p-value.

    >>> p_value_by_chance(lambda: False, 199), p_value_by_chance(lambda: True, 199)
    (0.005, 1.0)
    """
    as_well = 0
    for drawn in range(1, groups + 1):
        as_well += does_as_well()
        if as_well == AS_WELL:
            return as_well / drawn
    return (1 + as_well) / (1 + groups)
