"""Scores made sharper: by what the neighbours say, and by learning what the most suspicious samples of a class share."""

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from core.detectors.statistics import Reals, normal_scores
from core.detectors.subspaces import ClassSpace
from core.types import Bools

CLEAN_SHARE, TRUSTED_WEIGHT, STRENGTH = 0.60, 4.0, 0.05
PARTS, FEWEST_POSITIVES = 3, 6


def smoothed(scores: Reals, spaces: Sequence[ClassSpace]) -> Reals:
    """(n,) z + mean z of the 10 nearest samples of the class: evidence shared by a group, as in soft clusters."""
    own = normal_scores(scores)
    result = 2 * own
    for space in spaces:
        result[space.rows] = own[space.rows] + own[space.rows][space.neighbors].mean(1)
    return result


def learned(
    scores: Reals, trusted: Bools, spaces: Sequence[ClassSpace], features: Sequence[Reals], share: float
) -> Reals:
    """(n,) out-of-fold log-odds that a sample resembles the `share` most suspicious ones of its class.

    Positives: the samples above that share, unless trusted. Negatives: the lowest 60 %, and the trusted ones with
    weight 4. The rest is scored only. NaN, which says nothing, in classes with hardly any positives.

    Args:
        features: for each space (m, f) what its samples are described by, standardised.
    """
    positive = (scores >= np.quantile(scores, 1 - share)) & ~trusted
    negative = ((scores <= np.quantile(scores, CLEAN_SHARE)) | trusted) & ~positive
    weights = np.where(trusted, TRUSTED_WEIGHT, 1.0)
    odds = np.full(len(scores), np.nan)
    for space, described in zip(spaces, features, strict=True):
        rows = space.rows
        if min(int(positive[rows].sum()), int(negative[rows].sum())) >= FEWEST_POSITIVES:
            odds[rows] = _out_of_fold(described, positive[rows], negative[rows], weights[rows])
    return odds


def standard(values: Reals) -> Reals:
    """Each column with mean 0 and standard deviation 1; 0 where nothing varies."""
    spread = values.std(0)
    return (values - values.mean(0)) / np.where(spread > 1e-9, spread, 1.0)


def _out_of_fold(described: Reals, positive: Bools, negative: Bools, weights: Reals) -> Reals:
    odds = np.empty(len(described))
    part = _parts(positive, negative)
    for index in range(PARTS):
        fit = (positive | negative) & (part != index)
        model = LogisticRegression(C=STRENGTH, max_iter=200).fit(described[fit], positive[fit], weights[fit])
        odds[part == index] = model.decision_function(described[part == index])
    return odds


def _parts(positive: Bools, negative: Bools) -> Reals:
    """(m,) in turn 0, 1, 2 within the positives, the negatives and the rest, so each part has its share of each."""
    part = np.empty(len(positive), np.int64)
    for members in (positive, negative, ~positive & ~negative):
        part[members] = np.arange(int(members.sum())) % PARTS
    return part
