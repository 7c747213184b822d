"""Scores made sharper: by what the neighbours say, and by what the most suspicious samples of a class share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from core.detectors.parts.statistics import Reals, normal_scores
from core.detectors.parts.subspaces import ClassSpace
from core.types import Bools, Ints

# Fraction of all samples, from the least suspicious, that counts as clean; chosen on the tuned regimes, where up to a
# third of the data is poison.
CLEAN_FRACTION = 0.60
# How many unknown samples a bona fide one counts as; chosen on the tuned regimes.
TRUSTED_WEIGHT = 4.0
# C of the logistic regression, the inverse of its penalty; chosen on the tuned regimes.
STRENGTH = 0.05
# Pieces of a training set: each sample is scored by what was learned from the others.
THIRDS = 3
# Positives and negatives that a class needs to be learned from: two for each third.
FEWEST = 6
# Newton's steps at most; a handful is enough.
MOST_STEPS = 30
# Step at which the coefficients have settled.
PRECISION = 1e-6


@dataclass(frozen=True)
class TrainingSet:
    """What to learn from in one class; samples that are neither positive nor negative are only scored.

    Attributes:
        rows: (m,) the samples of the class.
        positive, negative: (m,) the samples to tell apart.
        weights: (m,) how much each counts.
        third: (m,) 0, 1 or 2; a sample is scored by what was learned from the two other thirds.
    """

    rows: Ints
    positive: Bools
    negative: Bools
    weights: Reals
    third: Ints


def smoothed(scores: Reals, spaces: Sequence[ClassSpace]) -> Reals:
    """(n,) z + mean z of the 10 nearest samples of the class: evidence shared by a group, as in soft clusters."""
    return with_neighbors(normal_scores(scores), spaces)


def with_neighbors(values: Reals, spaces: Sequence[ClassSpace]) -> Reals:
    """(n,) each value + the mean of its neighbours'; twice itself in classes without a space."""
    result = 2 * values
    for space in spaces:
        own = values[space.rows]
        result[space.rows] = own + own[space.neighbors].mean(1)
    return result


def training_sets(
    scores: Reals, trusted: Bools, spaces: Sequence[ClassSpace], fraction: float
) -> list[TrainingSet | None]:
    """For each class its training set by these scores, or None where there are hardly any positives.

    Positives: the `fraction` of all samples with the highest scores, unless trusted. Negatives: the lowest 60 %, and
    the trusted ones with weight 4.
    """
    positive = (scores >= np.quantile(scores, 1 - fraction)) & ~trusted
    negative = ((scores <= np.quantile(scores, CLEAN_FRACTION)) | trusted) & ~positive
    weights = np.where(trusted, TRUSTED_WEIGHT, 1.0)
    sets: list[TrainingSet | None] = []
    for rows in (space.rows for space in spaces):
        enough = min(int(positive[rows].sum()), int(negative[rows].sum())) >= FEWEST
        sets.append(training_set(rows, positive[rows], negative[rows], weights[rows]) if enough else None)
    return sets


def training_set(rows: Ints, positive: Bools, negative: Bools, weights: Reals) -> TrainingSet:
    """These samples (m,) in thirds, each with as many of the positives, of the negatives and of the rest."""
    return TrainingSet(rows, positive, negative, weights, _thirds(positive, negative))


def log_odds(learned_from: TrainingSet, described: Reals, strength: float = STRENGTH) -> Reals:
    """(m,) out-of-fold log-odds, by logistic regression on `described` (m, f), that a sample is like the positives.

    The higher the `strength`, the less the coefficients are shrunken.
    """
    columns = np.hstack([described, np.ones((len(described), 1))])
    odds = np.empty(len(described))
    for index in range(THIRDS):
        held_out = learned_from.third == index
        fit = (learned_from.positive | learned_from.negative) & ~held_out
        odds[held_out] = columns[held_out] @ logistic(
            columns[fit], learned_from.positive[fit], learned_from.weights[fit], strength
        )
    return odds


def logistic(columns: Reals, positive: Bools, weights: Reals, strength: float = STRENGTH) -> Reals:
    """(f,) coefficients: minimum of C · Σ weighted log-loss + ½‖β‖², the last column being the free intercept.

    C is the `strength`. The plain reference is scikit-learn's `LogisticRegression`; a test compares the two. Newton's
    steps: a handful for a few dozen columns, where a general solver spends its time on overhead.
    """
    penalty = np.full(columns.shape[1], 1 / strength)
    penalty[-1] = 1e-6
    beta = np.zeros(columns.shape[1])
    rows = np.ascontiguousarray(columns.T)  # weighted along the samples, which lie in one piece of memory
    for _ in range(MOST_STEPS):
        p = expit(beta @ rows)
        gradient = rows @ (weights * (p - positive)) + penalty * beta
        curvature = (rows * (weights * p * (1 - p) + 1e-9)) @ rows.T + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        beta -= step
        if np.abs(step).max() < PRECISION:
            break
    return beta


def _thirds(positive: Bools, negative: Bools) -> Ints:
    """(m,) 0, 1, 2, 0, 1, … within the positives, the negatives and the rest."""
    third = np.empty(len(positive), np.int64)
    for members in (positive, negative, ~positive & ~negative):
        third[members] = np.arange(int(members.sum())) % THIRDS
    return third
