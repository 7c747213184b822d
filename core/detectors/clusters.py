"""Two clusters, and how well they stand apart."""

import numpy as np

from core.detectors.statistics import Reals
from core.detectors.trajectories import pairwise
from core.types import Bools

RESTARTS, SCOUTED, FINALISTS, MOST_STEPS, SILHOUETTE_SAMPLES = 100, 1000, 10, 100, 1000


def two_means(points: Reals, seed: int) -> tuple[Bools, Reals]:
    """(m,) membership of the second cluster and the two centres (2, c): k-means with k = 2, the best of many starts.

    Many starts are needed: whitened activations have dozens of splits that are nearly as good as the best one. All of
    them walk over at most 1,000 of the points; from where they come to rest, the best ten go on over all points.
    """
    middle, rng = points.mean(0), np.random.default_rng(seed)
    points = points - middle
    some = points if len(points) <= SCOUTED else points[rng.choice(len(points), SCOUTED, replace=False)]
    _, centres, tightness = _walked(some, *_starts(some, rng))
    best = np.argsort(-tightness, kind="stable")[:FINALISTS]
    members, centres, tightness = _walked(points, *centres[:, best])
    winner = int(tightness.argmax())
    return members[:, winner] > 0, centres[:, winner] + middle


def _walked(points: Reals, first: Reals, second: Reals) -> tuple[Reals, Reals, Reals]:
    """Lloyd's steps from each start (s, c): members (m, s), 1.0 in the second cluster; centres (2, s, c); tightness.

    Two centres are told apart by one projection, so all starts walk together in a few matrix products. The larger the
    tightness (s,), the sum of squares between the clusters, the smaller that within them.
    """
    members, total = np.zeros((len(points), len(first))), points.sum(0)
    for _ in range(MOST_STEPS):
        upper = (points @ (second - first).T > ((second**2).sum(1) - (first**2).sum(1)) / 2).astype(np.float64)
        if (upper == members).all():
            break
        members, counts, sums = upper, upper.sum(0)[:, None], upper.T @ points
        second = sums / np.maximum(counts, 1)
        first = (total - sums) / np.maximum(len(points) - counts, 1)
    share = members.sum(0)
    tightness = share * (second**2).sum(1) + (len(points) - share) * (first**2).sum(1)
    return members, np.stack([first, second]), tightness


def steady_two_means(points: Reals, seed: int, n_seeds: int) -> tuple[Bools, Reals, float]:
    """The tightest of `n_seeds` runs of `two_means`, and how far the others differ from it.

    Returns:
        members (m,) of the second cluster; centres (2, c); the share of samples, in [0, ½], that another seed puts on
        the other side, the mean over the other seeds: 0 is a split that does not depend on where k-means starts.
    """
    found = [two_means(points, seed + offset) for offset in range(n_seeds)]
    spread = [((points - centres[members.astype(int)]) ** 2).sum() for members, centres in found]
    # A split that is better by rounding only is the same one: then the first seed's is kept.
    best = next(index for index, width in enumerate(spread) if width <= min(spread) * (1 + 1e-9))
    members, centres = found.pop(best)
    differing = [float((other != members).mean()) for other, _ in found]
    moved = [min(share, 1 - share) for share in differing]
    return members, centres, sum(moved) / len(moved) if moved else 0.0


def silhouette(points: Reals, members: Bools, seed: int) -> float:
    """Mean silhouette in [−1, 1], over at most 1,000 samples; 0 when those see one cluster only.

    s = (b − a)/max(a, b), a the mean distance to the others of a sample's cluster, b that to the other cluster; 0 for a
    sample that is alone.
    """
    rows = np.arange(len(points))
    if len(points) > SILHOUETTE_SAMPLES:
        rows = np.random.default_rng(seed).choice(len(points), SILHOUETTE_SAMPLES, replace=False)
    groups = np.stack([~members[rows], members[rows]], axis=1).astype(np.float64)
    counts = groups.sum(0)
    if not counts.all():
        return 0.0
    sums = pairwise(points[rows], points[rows]) @ groups
    own = groups.astype(np.bool_)
    within, between = sums[own] / np.maximum((groups @ counts) - 1, 1), sums[~own] / (groups @ counts[::-1])
    alone = groups @ counts == 1
    return float(np.where(alone, 0.0, (between - within) / np.maximum(np.maximum(within, between), 1e-300)).mean())


def _starts(points: Reals, rng: np.random.Generator) -> tuple[Reals, Reals]:
    """(starts, c) twice: points at random, and for each another one, the likelier the farther it is: k-means++."""
    first = points[rng.integers(len(points), size=RESTARTS)]
    reach = np.cumsum(pairwise(first, points) ** 2, axis=1)
    drawn = (reach < rng.random((RESTARTS, 1)) * reach[:, -1:]).sum(1)
    return first, points[np.minimum(drawn, len(points) - 1)]
