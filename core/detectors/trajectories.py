"""Distances from the loss trajectories of samples known to be clean."""

import numpy as np
from numpy.typing import NDArray

from core.detectors.statistics import Reals
from core.types import Bools, Floats

CHUNK = 65_536
KEPT_EPOCHS = 3
EXPLOSION = 2.0
SPREAD_FLOOR = 0.1


def epoch_filter(trajectories: Floats) -> Bools:
    """(epochs,) True for epochs to use: 0–2, and later ones of mean loss < 2 × the mean of the last three kept."""
    means = trajectories.mean(0, dtype=np.float64)
    kept: list[int] = []
    for epoch, mean in enumerate(means):
        if epoch < KEPT_EPOCHS or mean < EXPLOSION * means[kept[-KEPT_EPOCHS:]].mean():
            kept.append(epoch)
    return np.isin(np.arange(len(means)), kept)


def bona_fide_distance(trajectories: Floats | Reals, bona_fide: Bools, n_neighbors: int) -> Floats:
    """(n,) mean Euclidean distance to the `n_neighbors` nearest bona fide trajectories other than itself."""
    trusted = np.flatnonzero(bona_fide)
    references = trajectories[trusted].astype(np.float64)
    column = np.full(len(trajectories), -1)
    column[trusted] = np.arange(len(trusted))
    neighbors = max(1, min(n_neighbors, len(trusted) - 1))
    distances = np.empty(len(trajectories), np.float32)
    for start in range(0, len(trajectories), CHUNK):
        part = slice(start, start + CHUNK)
        pairs = pairwise(trajectories[part].astype(np.float64), references)
        own = np.flatnonzero(column[part] >= 0)
        if len(trusted) > 1:
            pairs[own, column[part][own]] = np.inf
        distances[part] = np.partition(pairs, neighbors - 1, axis=1)[:, :neighbors].mean(1)
    return distances


def logits(losses: Floats) -> Reals:
    """log(p/(1−p)) of the probability p = exp(−loss) of the given label, the same shape; finite for any loss ≥ 0."""
    bounded = np.clip(losses.astype(np.float64), 1e-6, 30.0)
    return np.asarray(-bounded - np.log(-np.expm1(-bounded)))


def standardised(values: Reals, bona_fide: Bools) -> Reals:
    """Each epoch by the median and spread of the bona fide samples: (g − median) / (sd + 0.1)."""
    trusted = values[bona_fide]
    return np.asarray((values - np.median(trusted, axis=0)) / (trusted.std(0) + SPREAD_FLOOR))


def pairwise(points: NDArray[np.float64], references: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, m) Euclidean distances."""
    squared = (points**2).sum(1)[:, None] + (references**2).sum(1)[None] - 2 * points @ references.T
    return np.asarray(np.sqrt(np.maximum(squared, 0.0)))
