"""Two clusters, and how well they stand apart."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from core.detectors.lloyd import FINALISTS, homogeneous, scouted, walked, walls_of
from core.detectors.scores import fitted
from core.detectors.statistics import Reals
from core.detectors.trajectories import pairwise
from core.types import Bools

SILHOUETTE_SAMPLES, CHUNK, SHARPENINGS = 1000, 128, 3
Choice = Literal["tightness", "separation"]


def two_means(points: Reals, seeds: Sequence[int], choice: Choice = "tightness") -> list[tuple[Bools, Reals]]:
    """For each seed the members (m,) of the second cluster and the two centres (2, c): the best of many 2-means.

    Many starts are needed: whitened activations have dozens of splits that are nearly as good as the best one. All of
    a seed's walk over at most 1,000 points, in float32; from where they come to rest, the tightest ten go on over all
    points, in float64.

    Args:
        points: (m, c).
        seeds: of the starts, a hundred each.
        choice: which of the ten is best: the tightest one, as k-means has it, or the one with the largest `separation`.
    """
    middle = points.mean(0)
    centred = points - middle
    walls = scouted(centred, [np.random.default_rng(seed) for seed in seeds], distinct=choice == "separation")
    sums, tightness = walked(centred.astype(np.float32), walls.astype(np.float32))
    sums, tightness = walked(centred, walls_of(sums.astype(np.float64), tightness, len(points)))
    second = walls_of(sums, tightness, len(points)) @ homogeneous(centred).T > 0
    goodness = tightness if choice == "tightness" else np.array([separation(centred, one) for one in second])
    best = goodness.reshape(len(seeds), -1).argmax(1) + FINALISTS * np.arange(len(seeds))
    total, count = sums[best, :-1], sums[best, -1:]
    centres = np.stack([total / np.minimum(count - len(points), -1), total / np.maximum(count, 1)], axis=1)
    return list(zip(second[best], centres + middle, strict=True))


def steady_two_means(
    points: Reals, seed: int, n_seeds: int, choice: Choice = "tightness"
) -> tuple[Bools, Reals, float]:
    """The best of `n_seeds` runs of `two_means`, and how far the others differ from it.

    Returns:
        members (m,) of the second cluster, `sharpened` where separation chose it; centres (2, c); the share of samples,
        in [0, ½], that another seed puts on the other side, the mean over the other seeds: 0 is a split that does not
        depend on where k-means starts.
    """
    found = two_means(points, [seed + offset for offset in range(n_seeds)], choice)
    if choice == "tightness":
        worth = [-((points - centres[members.astype(int)]) ** 2).sum() for members, centres in found]
    else:
        worth = [separation(points, members) for members, _ in found]
        found = [sharpened(points, members) for members, _ in found]
    # A split that is better by rounding only is the same one: then the first seed's is kept.
    best = next(index for index, value in enumerate(worth) if value >= max(worth) - 1e-9 * abs(max(worth)))
    members, centres = found.pop(best)
    differing = [float((other != members).mean()) for other, _ in found]
    moved = [min(share, 1 - share) for share in differing]
    return members, centres, sum(moved) / len(moved) if moved else 0.0


def separation(points: Reals, members: Bools) -> float:
    """Ashman's D of a split, √2·|μ₁ − μ₀|/√(σ₁² + σ₀²) along the line between its centres; 0 with an empty side."""
    if members.all() or not members.any():
        return 0.0
    along = points @ (points[members].mean(0) - points[~members].mean(0))
    spread = along[members].var() + along[~members].var()
    return float(np.sqrt(2 / max(spread, 1e-300)) * (along[members].mean() - along[~members].mean()))


def sharpened(points: Reals, members: Bools) -> tuple[Bools, Reals]:
    """The members (m,) and both centres, once the border is where two Gaussians along the line of centres are equal.

    2-means puts it half-way, which cuts off the near side of the larger or wider cluster. A side that would become
    empty stays as it is.
    """
    for _ in range(SHARPENINGS):
        if members.all() or not members.any():
            break
        along = points @ (points[members].mean(0) - points[~members].mean(0))
        _, _, upper, _ = fitted(along[:, None], members[:, None].astype(np.float64))
        inside = upper[:, 0] > 0.5
        if inside.all() or not inside.any():
            break
        members = inside
    parts = (~members, members)
    return members, np.stack([points[part].mean(0) if part.any() else points.mean(0) for part in parts])


def silhouette(points: Reals, members: Bools, seed: int) -> float:
    """Mean silhouette in [−1, 1] of the split that `members` (m,) makes, over at most 1,000 samples.

    s = (b − a)/max(a, b), a the mean distance to the others of a sample's cluster, b that to the other cluster; 0 for a
    sample that is alone, and 0 for a split of which those samples see one cluster only.
    """
    rows = np.arange(len(points))
    if len(points) > SILHOUETTE_SAMPLES:
        rows = np.random.default_rng(seed).choice(len(points), SILHOUETTE_SAMPLES, replace=False)
    some, second = points[rows], members[rows]
    if second.all() or not second.any():
        return 0.0
    groups = np.column_stack([~second, second]).astype(np.float64)
    parts = [some[start : start + CHUNK] for start in range(0, len(some), CHUNK)]
    sums = np.concatenate([pairwise(part, some) @ groups for part in parts])
    places, own, counts = np.arange(len(rows)), second.astype(int), groups.sum(0)
    within = sums[places, own] / np.maximum(counts[own] - 1, 1)
    between = sums[places, 1 - own] / counts[1 - own]
    values = (between - within) / np.maximum(np.maximum(within, between), 1e-300)
    return float(np.where(counts[own] == 1, 0.0, values).mean())
