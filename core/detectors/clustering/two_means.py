"""2-means of one class from many starts at once, and how well its two clusters stand apart.

Two centres are told apart by the plane half-way between them, their wall. It is (c + 1,) numbers, whose product with a
point and a 1 is positive on the second cluster's side. For points that sum to 0, the sum S and the number k of the
second cluster's points say everything: the centres are S/k and −S/(n − k). So all that Lloyd's steps need of a start
is its wall, and all starts walk together in two matrix products a step.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.detectors.parts.linear_algebra import accelerator, placed, second_clusters
from core.detectors.parts.scores import fitted
from core.detectors.parts.statistics import Reals
from core.detectors.parts.subspaces import pairwise
from core.types import Bools

Coordinates = NDArray[Any]  # float32 or float64
Choice = Literal["tightness", "separation"]

# Starts of one seed. Whitened activations have dozens of splits that are nearly as good as the best: with fewer starts,
# the split depends more on the seed.
RESTARTS = 100
# Samples that the starts walk over; from where they come to rest, the finalists go on over all samples.
SCOUTED = 1000
# Starts that go on over all samples, in double precision.
FINALISTS = 10
# Lloyd's steps at most; a start that has come to rest drops out long before.
MOST_STEPS = 100
# Relative difference in tightness below which two starts count as having come to rest at one place.
SAME = 1e-5
# Samples × coordinates × walls in one product: as much as stays in a core's cache. Moves the speed only.
SMALL_PRODUCT = 10**6
# Times as many products as another matrix needs until a step on a GPU is worth its launches.
STEP_WORTH = 20
# Samples that a silhouette is the mean over; its cost is their square.
SILHOUETTE_SAMPLES = 1000
# Samples whose distances to the others are held at a time. Moves the memory only.
CHUNK = 128
# How often the border is moved to where two Gaussians meet; each time costs a fit of two Gaussians.
SHARPENINGS = 3


def two_means(points: Reals, seeds: Sequence[int], choice: Choice = "tightness") -> list[tuple[Bools, Reals]]:
    """For each seed the members (m,) of the second cluster and the two centres (2, c): the best of many 2-means.

    The plain reference is scikit-learn's `KMeans(2, n_init=100)`, which walks from one start after another; a test
    compares the two start by start. All starts of a seed walk over at most 1,000 points, in float32. From where they
    come to rest, the tightest ten go on over all points, in float64. On one core that takes 26 times as
    long for 2,000 samples of 10 components, and 37 times for 600.

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
    goodness = tightness if choice == "tightness" else np.array([separation(centred, split) for split in second])
    best = goodness.reshape(len(seeds), -1).argmax(1) + FINALISTS * np.arange(len(seeds))
    total, count = sums[best, :-1], sums[best, -1:]
    centres = np.stack([total / np.minimum(count - len(points), -1), total / np.maximum(count, 1)], axis=1)
    return list(zip(second[best], centres + middle, strict=True))


def steady_two_means(
    points: Reals, seed: int, n_seeds: int, choice: Choice = "tightness"
) -> tuple[Bools, Reals, float]:
    """The best of `n_seeds` runs of `two_means`, and how far the others differ from it.

    Returns:
        members (m,) of the second cluster, `sharpened` where separation chose it. Centres (2, c). The fraction of
        samples, in [0, ½], that another seed puts on the other side, as a mean over the other seeds. At 0 the split
        does not depend on where k-means starts.
    """
    splits = two_means(points, [seed + offset for offset in range(n_seeds)], choice)
    if choice == "tightness":
        worth = [-((points - centres[members.astype(int)]) ** 2).sum() for members, centres in splits]
    else:
        worth = [separation(points, members) for members, _ in splits]
        splits = [sharpened(points, members) for members, _ in splits]
    # A split that is better by rounding only is the same one: then the first seed's is kept.
    best = next(index for index, value in enumerate(worth) if value >= max(worth) - 1e-9 * abs(max(worth)))
    members, centres = splits.pop(best)
    differing = [float((other != members).mean()) for other, _ in splits]
    moved = [min(fraction, 1 - fraction) for fraction in differing]
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

    s = (b − a)/max(a, b). Here a is the mean distance to the others of a sample's cluster, b that to the other cluster.
    It is 0 for a sample that is alone, and for a split of which those samples see one cluster only.
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


def scouted(
    points: Reals, generators: Sequence[np.random.Generator], distinct: bool = False, most: int = SCOUTED
) -> Reals:
    """(10 for each generator, c + 1) walls where the best starts of each generator come to rest, over few points.

    Many come to rest at one place; with `distinct`, copies only fill up what the different ones leave of the ten.

    Args:
        points: (m, c), about 0.
        generators: one for each seed.
        distinct: whether each place counts once.
        most: points that the starts walk over.
    """
    if len(points) > most:
        return np.concatenate([_scouted_among_some(points, generator, distinct, most) for generator in generators])
    singles = points.astype(np.float32)
    starts = np.concatenate([_starts(singles, generator) for generator in generators])
    sums, tightness = walked(singles, starts)
    each = tightness.reshape(len(generators), -1)
    order = np.argsort(-each, axis=1, kind="stable")
    if distinct:
        ranked = np.take_along_axis(each, order, axis=1)
        copies = np.diff(ranked, axis=1, prepend=np.inf) > -SAME * ranked
        order = np.take_along_axis(order, np.argsort(copies, axis=1, kind="stable"), axis=1)
    order = order[:, :FINALISTS]
    best = (order + RESTARTS * np.arange(len(generators))[:, None]).ravel()
    return walls_of(sums[best].astype(np.float64), tightness[best], len(points))


def walked(
    points: Coordinates, walls: Coordinates, small_product: int = SMALL_PRODUCT
) -> tuple[Coordinates, Coordinates]:
    """Lloyd's steps from each wall: (s, c + 1) sum and number of the second cluster's points, and its tightness (s,).

    All walk together in two matrix products a step; one that has come to rest, where nothing is tighter, drops out.

    Args:
        points: (m, c), about 0.
        walls: (s, c + 1) where each starts.
        small_product: numbers in one product; moves the speed only.
    """
    rows, moving = homogeneous(points), np.arange(len(walls))
    columns, place = np.ascontiguousarray(rows.T), accelerator(rows.size * len(walls) // STEP_WORTH)
    there = placed(rows, place) if place else None
    sums, tightness = np.zeros(walls.shape, points.dtype), np.zeros(len(walls), points.dtype)
    for _ in range(MOST_STEPS):
        if there is not None:
            reached_sums = second_clusters(there, walls)
        else:
            reached_sums = _second_clusters(rows, columns, walls, small_product)
        reached = _tightness(reached_sums, len(points))
        better = reached > tightness[moving]
        moving, reached_sums, reached = moving[better], reached_sums[better], reached[better]
        if not len(moving):
            break
        sums[moving], tightness[moving] = reached_sums, reached
        walls = walls_of(reached_sums, reached, len(points))
    return sums, tightness


def walls_of(sums: Coordinates, tightness: Coordinates, total: int) -> Coordinates:
    """(s, c + 1) the planes half-way between the centres S/k and −S/(n − k): S·x = |S|² (n − 2k) / (2k (n − k))."""
    walls = sums.copy()
    walls[:, -1] = tightness * (sums[:, -1] - total / 2)
    return walls


def homogeneous(points: Coordinates) -> Coordinates:
    """(m, c + 1) the points and a column of ones: the product with a wall is positive in the second cluster."""
    return np.column_stack([points, np.ones(len(points), points.dtype)])


def _scouted_among_some(points: Reals, generator: np.random.Generator, distinct: bool, most: int) -> Reals:
    """(10, c + 1) the same over `most` points at random, which need not have their centre at 0."""
    some = points[generator.choice(len(points), most, replace=False)]
    middle = some.mean(0)
    walls = scouted(some - middle, [generator], distinct, most)
    walls[:, -1] -= walls[:, :-1] @ middle
    return walls


def _starts(points: Coordinates, generator: np.random.Generator) -> Coordinates:
    """(starts, c + 1) walls between points at random and another each, the likelier the farther it is: k-means++."""
    first = generator.integers(len(points), size=RESTARTS)
    squares = np.einsum("ij,ij->i", points, points)
    apart = points[first] @ (-2 * points.T)
    apart += squares
    apart += squares[first, None]
    reach = np.cumsum(np.maximum(apart, 0.0, out=apart), axis=1, out=apart)
    drawn = generator.random((RESTARTS, 1)).astype(points.dtype) * reach[:, -1:]
    second = (reach >= drawn).argmax(1)
    levels = (squares[second] - squares[first]) / 2
    return np.column_stack([points[second] - points[first], -levels])


def _second_clusters(rows: Coordinates, columns: Coordinates, walls: Coordinates, small_product: int) -> Coordinates:
    """(s, c + 1) sum and number of the points on the second cluster's side of each wall.

    A few walls at a time: small products stay in a core's cache, and BLAS has a quicker way for them.
    """
    some = max(1, small_product // rows.size)
    parts = [walls[start : start + some] for start in range(0, len(walls), some)]
    return np.concatenate([(part @ columns > 0).astype(rows.dtype) @ rows for part in parts])


def _tightness(sums: Coordinates, total: int) -> Coordinates:
    """(s,) |S|²/(k (n − k)) for sum S and number k of the second cluster's points: the larger, the tighter are both.

    All n points sum to 0; n times this is the sum of squares between the clusters, which Lloyd's steps raise.
    """
    count = sums[:, -1]
    return np.asarray(np.einsum("ij,ij->i", sums[:, :-1], sums[:, :-1]) / np.maximum(count * (total - count), 1))
