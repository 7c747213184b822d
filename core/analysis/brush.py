"""Which points lie inside a brush: decided here, over all points, never by what a screen says it has hit."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.types import Bools

Coordinates = NDArray[np.floating[Any]]


def points_inside(points: Coordinates, areas: Sequence[Mapping[str, Any]]) -> Bools:
    """(n,) True for points inside at least one area.

    A rectangle includes its border. A polygon follows the even-odd rule and is half-open, so that two polygons that
    share an edge never both hold a point on it. An area that makes no sense holds nothing.

    Args:
        points: (n, 2) data coordinates; a point with NaN is in no area.
        areas: brush areas, `{"brush_type": "rect" | "polygon", "coord_range": …}` with `[[x0, x1], [y0, y1]]` for a
            rectangle, in either order, and `[[x, y], …]` for a polygon.
    """
    inside = np.zeros(len(points), bool)
    for area in areas:
        corners = _corners(area)
        if corners is not None:
            inside |= _SHAPES[area["brush_type"]](points, corners)
    return inside


def _corners(area: Mapping[str, Any]) -> NDArray[np.float64] | None:
    """(m, 2) finite numbers, or None for a malformed area."""
    try:
        kind, corners = area["brush_type"], np.asarray(area["coord_range"], np.float64)
    except (TypeError, ValueError, KeyError, OverflowError):
        return None
    n_corners = {"rect": 2, "polygon": 3}.get(kind) if isinstance(kind, str) else None
    if n_corners is None or corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < n_corners:
        return None
    well_formed = bool(np.isfinite(corners).all()) and (kind == "polygon" or len(corners) == 2)
    return corners if well_formed else None


def _inside_rectangle(points: Coordinates, corners: NDArray[np.float64]) -> Bools:
    """(n,) `corners` is [[x0, x1], [y0, y1]]."""
    low, high = corners.min(axis=1), corners.max(axis=1)
    inside: Bools = ((points >= low) & (points <= high)).all(axis=1)
    return inside


def _inside_polygon(points: Coordinates, corners: NDArray[np.float64]) -> Bools:
    """(n,) Points sorted by height, so that each edge looks only at those in its own strip: O(n log n + crossings)."""
    inside = _inside_rectangle(points, np.stack([corners.min(axis=0), corners.max(axis=0)], axis=1))
    candidates = np.flatnonzero(inside)
    order = candidates[np.argsort(points[candidates, 1], kind="stable")]
    xs, ys = points[order].astype(np.float64).T
    odd = np.zeros(len(order), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        first, last = np.searchsorted(ys, (min(y0, y1), max(y0, y1)))
        if first < last:
            strip = slice(first, last)
            odd[strip] ^= xs[strip] < x0 + (ys[strip] - y0) * (x1 - x0) / (y1 - y0)
    inside[order] = odd
    return inside


_SHAPES = {"rect": _inside_rectangle, "polygon": _inside_polygon}
