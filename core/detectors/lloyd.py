"""Lloyd's steps for two clusters, from many starts at once: all that 2-means needs of a start is its wall.

Two centres are told apart by the plane half-way between them, their wall: (c + 1,) numbers, whose product with a point
and a 1 is positive on the second cluster's side. For points that sum to 0, the sum S and the number k of the second
cluster's points say everything: the centres are S/k and −S/(n − k).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.detectors.statistics import Reals

Coordinates = NDArray[Any]  # float32 or float64
RESTARTS, SCOUTED, FINALISTS, MOST_STEPS = 100, 1000, 10, 100
SMALL_PRODUCT, SAME = 10**6, 1e-5


def scouted(points: Reals, generators: Sequence[np.random.Generator], distinct: bool = False) -> Reals:
    """(10 for each generator, c + 1) walls where the best starts of each generator come to rest, over few points.

    Many come to rest at one place; with `distinct`, copies only fill up what the different ones leave of the ten.
    """
    if len(points) > SCOUTED:
        return np.concatenate([_scouted_among_some(points, generator, distinct) for generator in generators])
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


def _scouted_among_some(points: Reals, generator: np.random.Generator, distinct: bool) -> Reals:
    """(10, c + 1) the same over 1,000 points at random, which need not have their centre at 0."""
    some = points[generator.choice(len(points), SCOUTED, replace=False)]
    middle = some.mean(0)
    walls = scouted(some - middle, [generator], distinct)
    walls[:, -1] -= walls[:, :-1] @ middle
    return walls


def walked(points: Coordinates, walls: Coordinates) -> tuple[Coordinates, Coordinates]:
    """Lloyd's steps from each wall: (s, c + 1) sum and number of the second cluster's points, and its tightness (s,).

    All walk together in two matrix products a step; one that has come to rest, where nothing is tighter, drops out.
    """
    rows, moving = homogeneous(points), np.arange(len(walls))
    columns = np.ascontiguousarray(rows.T)
    sums, tightness = np.zeros(walls.shape, points.dtype), np.zeros(len(walls), points.dtype)
    for _ in range(MOST_STEPS):
        found = _second_clusters(rows, columns, walls)
        reached = _tightness(found, len(points))
        better = reached > tightness[moving]
        moving, found, reached = moving[better], found[better], reached[better]
        if not len(moving):
            break
        sums[moving], tightness[moving] = found, reached
        walls = walls_of(found, reached, len(points))
    return sums, tightness


def _second_clusters(rows: Coordinates, columns: Coordinates, walls: Coordinates) -> Coordinates:
    """(s, c + 1) sum and number of the points on the second cluster's side of each wall.

    A few walls at a time: small products stay in a core's cache, and BLAS has a quicker way for them.
    """
    some = max(1, SMALL_PRODUCT // rows.size)
    parts = [walls[start : start + some] for start in range(0, len(walls), some)]
    return np.concatenate([(part @ columns > 0).astype(rows.dtype) @ rows for part in parts])


def homogeneous(points: Coordinates) -> Coordinates:
    """(m, c + 1) the points and a column of ones: the product with a wall is positive in the second cluster."""
    return np.column_stack([points, np.ones(len(points), points.dtype)])


def walls_of(sums: Coordinates, tightness: Coordinates, total: int) -> Coordinates:
    """(s, c + 1) the planes half-way between the centres S/k and −S/(n − k): S·x = |S|² (n − 2k) / (2k (n − k))."""
    walls = sums.copy()
    walls[:, -1] = tightness * (sums[:, -1] - total / 2)
    return walls


def _tightness(sums: Coordinates, total: int) -> Coordinates:
    """(s,) |S|²/(k (n − k)) for sum S and number k of the second cluster's points: the larger, the tighter are both.

    All n points sum to 0; n times this is the sum of squares between the clusters, which Lloyd's steps raise.
    """
    count = sums[:, -1]
    return np.asarray(np.einsum("ij,ij->i", sums[:, :-1], sums[:, :-1]) / np.maximum(count * (total - count), 1))


def _starts(points: Coordinates, generator: np.random.Generator) -> Coordinates:
    """(starts, c + 1) walls between points at random and another each, the likelier the farther it is: k-means++."""
    first = generator.integers(len(points), size=RESTARTS)
    squares = np.einsum("ij,ij->i", points, points)
    apart = points[first] @ (-2 * points.T)
    apart += squares
    apart += squares[first, None]
    reach = np.cumsum(np.maximum(apart, 0.0, out=apart), axis=1, out=apart)
    wanted = generator.random((RESTARTS, 1)).astype(points.dtype) * reach[:, -1:]
    second = (reach >= wanted).argmax(1)
    levels = (squares[second] - squares[first]) / 2
    return np.column_stack([points[second] - points[first], -levels])
