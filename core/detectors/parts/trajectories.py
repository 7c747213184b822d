"""Distances from the loss trajectories of samples known to be clean."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_limits

from core.detectors.parts.linear_algebra import accelerator, mean_of_nearest
from core.detectors.parts.statistics import Reals
from core.types import Bools, Floats, Ints

# Trajectories compared at a time: fits a core's cache. Moves the speed only.
CHUNK = 512
# Epochs that always count, and how many of the last kept are the reference: the paper's 3.
KEPT_EPOCHS = 3
# Times the reference's mean loss from which on an epoch has exploded and is dropped: the paper's 2.
EXPLOSION = 2.0
# Logits added to the spread of an epoch, so that one in which all bona fide samples agree does not rule the distance.
SPREAD_FLOOR = 0.1
# Least loss that a logit is taken of, in nats; a model surer than that is surer by rounding.
LEAST_LOSS = 1e-6
# Most loss that a logit is taken of, in nats.
MOST_LOSS = 30.0


def epoch_filter(trajectories: Floats) -> Bools:
    """(epochs,) True for epochs to use: 0–2, and later ones of mean loss < 2 × the mean of the last three kept.

    >>> epoch_filter(np.array([[2.0, 1.0, 0.6, 5.0, 0.5]], np.float32)).tolist()  # the loss of epoch 3 exploded
    [True, True, True, False, True]
    """
    means = trajectories.mean(0, dtype=np.float64)
    kept: list[int] = []
    for epoch, mean in enumerate(means):
        if epoch < KEPT_EPOCHS or mean < EXPLOSION * means[kept[-KEPT_EPOCHS:]].mean():
            kept.append(epoch)
    return np.isin(np.arange(len(means)), kept)


def bona_fide_distance(trajectories: Floats | Reals, bona_fide: Bools, n_neighbors: int) -> Floats:
    """(n,) mean Euclidean distance to the `n_neighbors` nearest bona fide trajectories other than itself.

    The plain reference sorts all distances to the bona fide ones; a test compares the two. A GPU does the work, or all
    cores divide it.
    Squared distances are float64; only the choice of the nearest and the roots are float32. So the result is that of
    float64 within one part in a million.
    """
    trusted = np.flatnonzero(bona_fide)
    references = trajectories[trusted].astype(np.float64)
    own = np.full(len(trajectories), -1)
    own[trusted] = np.arange(len(trusted))
    nearest = max(1, min(n_neighbors, len(trusted) - 1))
    place = accelerator(len(trajectories) * len(trusted))
    if place:
        return mean_of_nearest(trajectories, references, own, nearest, place)
    size = -(-len(trajectories) // (os.cpu_count() or 1)) or 1
    parts = [slice(start, start + size) for start in range(0, len(trajectories), size)]
    with ThreadPoolExecutor() as pool, threadpool_limits(1, "blas"):
        means = pool.map(lambda part: _mean_distances(trajectories[part], references, own[part], nearest), parts)
        return np.concatenate([np.empty(0, np.float32), *means])


def _mean_distances(points: Floats | Reals, references: Reals, own: Ints, nearest: int) -> Floats:
    """(p,) of each point to its `nearest` references; `own` (p,) is the reference that a point is itself, or −1.

    Chunks fit a core's cache and buffers are used again: fresh memory would cost more than the arithmetic.
    """
    (m, d), mean = references.shape, np.full(nearest, 1 / nearest, np.float32)
    right = np.vstack([-2 * references.T, np.ones(m), (references**2).sum(1)])
    left, product, squared = np.ones((CHUNK, d + 2)), np.empty((CHUNK, m)), np.empty((CHUNK, m), np.float32)
    distances = np.empty(len(points), np.float32)
    for start in range(0, len(points), CHUNK):
        part = slice(start, start + CHUNK)
        rows = slice(0, len(points[part]))
        left[rows, :d] = points[part]
        np.einsum("ij,ij->i", left[rows, :d], left[rows, :d], out=left[rows, d])
        squared[rows] = np.matmul(left[rows], right, out=product[rows])
        itself = np.flatnonzero(own[part] >= 0)
        if m > 1:
            squared[itself, own[part][itself]] = np.inf
        # Floats that are not negative are in the order of their bits, and whole numbers are quicker to compare.
        squared[rows].view(np.int32).partition(nearest - 1, axis=1)
        distances[part] = np.sqrt(np.maximum(squared[rows, :nearest], 0.0)) @ mean
    return distances


def logits(losses: Floats) -> Reals:
    """log(p/(1−p)) of the probability p = exp(−loss) of the given label, the same shape; finite for any loss ≥ 0.

    >>> logits(np.float32([0.05, 3.0])).round(2).tolist()  # sure of its label, and not at all
    [2.97, -2.95]
    """
    bounded = np.clip(losses.astype(np.float64), LEAST_LOSS, MOST_LOSS)
    return np.asarray(-bounded - np.log(-np.expm1(-bounded)))


def quick_logits(losses: Floats) -> Floats:
    """The same in float32, of which six digits are right: less than half of the time. It is for what is only looked at.

    >>> losses = np.float32([0.0, 0.05, 3.0])
    >>> np.allclose(quick_logits(losses), logits(losses), rtol=1e-6)
    True
    """
    bounded = np.clip(losses.astype(np.float32), np.float32(LEAST_LOSS), np.float32(MOST_LOSS))
    return -bounded - np.log(-np.expm1(-bounded))


def standardised(values: Reals, bona_fide: Bools) -> Reals:
    """Each epoch by the median and spread of the bona fide samples: (g − median) / (sd + 0.1)."""
    trusted = values[bona_fide]
    return np.asarray((values - np.median(trusted, axis=0)) / (trusted.std(0) + SPREAD_FLOOR))
