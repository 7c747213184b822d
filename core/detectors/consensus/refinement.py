"""Scores made sharper: by what the neighbours say, and by what the most suspicious samples of a class share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from core.detectors.parts.statistics import Reals, normal_scores
from core.detectors.parts.subspaces import ClassSpace
from core.types import Bools, Ints

CLEAN_SHARE, TRUSTED_WEIGHT, STRENGTH = 0.60, 4.0, 0.05
PARTS, FEWEST, MOST_STEPS, PRECISION = 3, 6, 30, 1e-6


@dataclass(frozen=True)
class Lesson:
    """What to learn from in one class; the samples that are neither positive nor negative are only judged.

    Attributes:
        rows: (m,) the samples of the class.
        positive, negative: (m,) who teaches what.
        weights: (m,) how much each counts.
        part: (m,) 0, 1 or 2; a sample is judged by what the two other parts taught.
    """

    rows: Ints
    positive: Bools
    negative: Bools
    weights: Reals
    part: Ints


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


def lessons(scores: Reals, trusted: Bools, spaces: Sequence[ClassSpace], share: float) -> list[Lesson | None]:
    """For each class what its scores teach, or None where there are hardly any positives.

    Positives: the `share` of all samples with the highest scores, unless trusted. Negatives: the lowest 60 %, and the
    trusted ones with weight 4.
    """
    positive = (scores >= np.quantile(scores, 1 - share)) & ~trusted
    negative = ((scores <= np.quantile(scores, CLEAN_SHARE)) | trusted) & ~positive
    weights = np.where(trusted, TRUSTED_WEIGHT, 1.0)
    found: list[Lesson | None] = []
    for rows in (space.rows for space in spaces):
        enough = min(int(positive[rows].sum()), int(negative[rows].sum())) >= FEWEST
        found.append(one_lesson(rows, positive[rows], negative[rows], weights[rows]) if enough else None)
    return found


def one_lesson(rows: Ints, positive: Bools, negative: Bools, weights: Reals) -> Lesson:
    """What these samples (m,) teach, each of the three parts with its share of positives, negatives and the rest."""
    return Lesson(rows, positive, negative, weights, _parts(positive, negative))


def log_odds(lesson: Lesson, described: Reals) -> Reals:
    """(m,) out-of-fold log-odds, by logistic regression on `described` (m, f), that a sample is like the positives."""
    columns = np.hstack([described, np.ones((len(described), 1))])
    odds = np.empty(len(described))
    for index in range(PARTS):
        judged = lesson.part == index
        fit = (lesson.positive | lesson.negative) & ~judged
        odds[judged] = columns[judged] @ logistic(columns[fit], lesson.positive[fit], lesson.weights[fit])
    return odds


def logistic(columns: Reals, positive: Bools, weights: Reals) -> Reals:
    """(f,) coefficients: minimum of C · Σ weighted log-loss + ½‖β‖², the last column being the free intercept.

    Newton's steps: a handful for a few dozen columns, where a general solver spends its time on overhead.
    """
    penalty = np.full(columns.shape[1], 1 / STRENGTH)
    penalty[-1] = 1e-6
    beta = np.zeros(columns.shape[1])
    for _ in range(MOST_STEPS):
        p = expit(columns @ beta)
        gradient = columns.T @ (weights * (p - positive)) + penalty * beta
        curvature = (columns.T * (weights * p * (1 - p) + 1e-9)) @ columns + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        beta -= step
        if np.abs(step).max() < PRECISION:
            break
    return beta


def _parts(positive: Bools, negative: Bools) -> Ints:
    """(m,) in turn 0, 1, 2 within the positives, the negatives and the rest, so each part has its share of each."""
    part = np.empty(len(positive), np.int64)
    for members in (positive, negative, ~positive & ~negative):
        part[members] = np.arange(int(members.sum())) % PARTS
    return part
