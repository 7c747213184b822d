"""The nearest other points, exactly and faster than by a plain search: float32 names candidates, float64 decides."""

import numpy as np
from numpy.typing import NDArray

from core.types import Ints

Reals = NDArray[np.float64]  # as in `statistics`

# Distances that are held at a time; as many fit a core's cache. Moves the speed and the memory only.
AT_ONCE = 2**20
# Groups of points, for each neighbour wanted, whose least distances bound how far candidates are. Moves the speed only.
GROUPS = 16
# Bounds of the rounding of a squared distance in float32, in units of the lengths that go into it.
ROUNDING = 4 * float(np.finfo(np.float32).eps)


def nearest_exactly(points: Reals, n_neighbors: int, searched: Ints) -> tuple[Reals, Ints]:
    """(m, n_neighbors) distances and rows of the nearest others, nearest first; of equal ones the earlier row.

    The plain reference sorts all distances; a test compares the two. The least distances of a few hundred groups bound
    the distance of the last neighbour from above. Whatever may be as near as that by float32 is worked out exactly.

    Args:
        points: (m, c), about 0.
        n_neighbors: fewer than there are searched.
        searched: (s,) ascending rows of the points that may be neighbours.
    """
    among = points[searched]
    few = among.astype(np.float32)
    right = np.vstack([-2 * few.T, np.ones((1, len(few)), np.float32), np.square(few).sum(1)[None]])
    distances, rows = np.empty((len(points), n_neighbors)), np.empty((len(points), n_neighbors), np.int64)
    size = max(1, AT_ONCE // max(1, len(among)))
    for start in range(0, len(points), size):
        part = slice(start, start + size)
        squared = _squared(points[part].astype(np.float32), right)
        own = np.searchsorted(searched, np.arange(start, start + len(squared)))
        itself = np.flatnonzero(searched[np.minimum(own, len(searched) - 1)] == np.arange(start, start + len(squared)))
        squared[itself, own[itself]] = np.inf
        row, column = _candidates(squared, np.linalg.norm(points[part], axis=1), n_neighbors)
        exact = np.square(points[part][row] - among[column]).sum(1)
        distances[part], found = _least(row, column, exact, (len(squared), n_neighbors))
        rows[part] = searched[found]
    return distances, rows


def _squared(points: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """(p, s) squared distances in float32."""
    left = np.hstack([points, np.square(points).sum(1, keepdims=True), np.ones((len(points), 1), np.float32)])
    return np.asarray(left @ right)


def _candidates(squared: NDArray[np.float32], lengths: Reals, wanted: int) -> tuple[Ints, Ints]:
    """Rows, ascending, and columns of all pairs that may be among the `wanted` nearest of their row."""
    n_points = squared.shape[1]
    deep = max(1, n_points // (GROUPS * wanted))
    n_groups = n_points // deep
    least = squared[:, : deep * n_groups].reshape(len(squared), deep, n_groups).min(1)
    least.partition(wanted - 1, axis=1)
    bound = np.maximum(least[:, wanted - 1].astype(np.float64), 0)
    # A neighbour is no longer than the point and the way to it; rounding grows with both squared.
    slack = 2 * ROUNDING * (2 * lengths + np.sqrt(bound)) ** 2
    near = squared <= (bound + slack)[:, None].astype(np.float32)
    return np.divmod(np.flatnonzero(near), n_points)


def _least(row: Ints, column: Ints, squared: Reals, shape: tuple[int, int]) -> tuple[Reals, Ints]:
    """(p, k) distances and columns of the least candidates of each row, given one row's after the other's."""
    counts = np.bincount(row, minlength=shape[0])
    place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    table = np.full((shape[0], int(counts.max(initial=shape[1]))), np.inf)
    table[row, place] = squared
    columns = np.zeros(table.shape, np.int64)
    columns[row, place] = column
    order = np.argsort(table, axis=1, kind="stable")[:, : shape[1]]
    return np.sqrt(np.take_along_axis(table, order, 1)), np.take_along_axis(columns, order, 1)
