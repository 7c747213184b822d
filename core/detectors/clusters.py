"""Two clusters, and how well they stand apart."""

from collections.abc import Sequence

import numpy as np

from core.detectors.lloyd import FINALISTS, homogeneous, scouted, walked, walls_of
from core.detectors.statistics import Reals
from core.detectors.trajectories import pairwise
from core.types import Bools

SILHOUETTE_SAMPLES, CHUNK = 1000, 128


def two_means(points: Reals, seeds: Sequence[int]) -> list[tuple[Bools, Reals]]:
    """For each seed the members (m,) of the second cluster and the two centres (2, c): the tightest of many 2-means.

    Many starts are needed: whitened activations have dozens of splits that are nearly as good as the best one. All of
    a seed's walk over at most 1,000 points, in float32; from where they come to rest, the best ten go on over all
    points, in float64.
    """
    middle = points.mean(0)
    centred = points - middle
    walls = scouted(centred, [np.random.default_rng(seed) for seed in seeds])
    sums, tightness = walked(centred.astype(np.float32), walls.astype(np.float32))
    sums, tightness = walked(centred, walls_of(sums.astype(np.float64), tightness, len(points)))
    best = tightness.reshape(len(seeds), -1).argmax(1) + FINALISTS * np.arange(len(seeds))
    members = walls_of(sums[best], tightness[best], len(points)) @ homogeneous(centred).T > 0
    total, count = sums[best, :-1], sums[best, -1:]
    centres = np.stack([total / np.minimum(count - len(points), -1), total / np.maximum(count, 1)], axis=1)
    return list(zip(members, centres + middle, strict=True))


def steady_two_means(points: Reals, seed: int, n_seeds: int) -> tuple[Bools, Reals, float]:
    """The tightest of `n_seeds` runs of `two_means`, and how far the others differ from it.

    Returns:
        members (m,) of the second cluster; centres (2, c); the share of samples, in [0, ½], that another seed puts on
        the other side, the mean over the other seeds: 0 is a split that does not depend on where k-means starts.
    """
    found = two_means(points, [seed + offset for offset in range(n_seeds)])
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
    some = points[rows]
    parts = [some[start : start + CHUNK] for start in range(0, len(some), CHUNK)]
    sums = np.concatenate([pairwise(part, some) @ groups for part in parts])
    own = groups.astype(np.bool_)
    within, between = sums[own] / np.maximum((groups @ counts) - 1, 1), sums[~own] / (groups @ counts[::-1])
    alone = groups @ counts == 1
    return float(np.where(alone, 0.0, (between - within) / np.maximum(np.maximum(within, between), 1e-300)).mean())
