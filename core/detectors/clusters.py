"""Two clusters, and how well they stand apart."""

import numpy as np
from sklearn.metrics import silhouette_score

from core.detectors.statistics import Reals
from core.detectors.trajectories import pairwise
from core.types import Bools

RESTARTS, MOST_STEPS, SILHOUETTE_SAMPLES = 100, 100, 3000


def two_means(points: Reals, seed: int) -> tuple[Bools, Reals]:
    """(m,) membership of the second cluster and the two centres (2, c): k-means with k = 2, the best of many starts.

    Two centres are told apart by one projection, so all starts walk together in a few matrix products. Many are needed:
    whitened activations have dozens of splits that are nearly as good as the best one.
    """
    middle = points.mean(0)
    points = points - middle
    first, second = _starts(points, np.random.default_rng(seed))
    members, counts = np.zeros((len(points), RESTARTS)), np.zeros((RESTARTS, 1))
    for _ in range(MOST_STEPS):
        upper = (points @ (second - first).T > ((second**2).sum(1) - (first**2).sum(1)) / 2).astype(np.float64)
        if (upper == members).all():
            break
        members, counts, sums = upper, upper.sum(0)[:, None], upper.T @ points
        second = sums / np.maximum(counts, 1)
        first = -sums / np.maximum(len(points) - counts, 1)  # the points are centred: both sums add up to 0
    between = counts[:, 0] * (second**2).sum(1) + (len(points) - counts[:, 0]) * (first**2).sum(1)
    best = int(between.argmax())
    return members[:, best] > 0, np.stack([first[best], second[best]]) + middle


def silhouette(points: Reals, members: Bools, seed: int) -> float:
    """Mean silhouette in [−1, 1], over at most 3,000 samples; 0 when those see one cluster only."""
    rows = np.arange(len(points))
    if len(points) > SILHOUETTE_SAMPLES:
        rows = np.random.default_rng(seed).choice(len(points), SILHOUETTE_SAMPLES, replace=False)
    seen = int(members[rows].sum())
    return float(silhouette_score(points[rows], members[rows])) if 0 < seen < len(rows) else 0.0


def _starts(points: Reals, rng: np.random.Generator) -> tuple[Reals, Reals]:
    """(starts, c) twice: points at random, and for each another one, the likelier the farther it is: k-means++."""
    first = points[rng.integers(len(points), size=RESTARTS)]
    reach = np.cumsum(pairwise(first, points) ** 2, axis=1)
    drawn = (reach < rng.random((RESTARTS, 1)) * reach[:, -1:]).sum(1)
    return first, points[np.minimum(drawn, len(points) - 1)]
