"""Classes seen in their own few principal directions, and the neighbours there.

Only distances, covariances and orders that do not depend on the order of the samples are used, so scores follow the
samples when those are shuffled.
"""

import warnings
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from core.detectors.parts.linear_algebra import accelerator, leading, nearest_others, products
from core.detectors.parts.nearest import nearest_exactly
from core.detectors.parts.statistics import Reals
from core.types import Ints

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")
Prepared = Callable[[NDArray[Any]], NDArray[Any]]

# Principal directions that a class is seen in; chosen on the tuned regimes.
MOST_COMPONENTS = 16
# Samples of a class for each of its directions: with fewer, a direction is as much chance as it is the class.
SAMPLES_PER_COMPONENT = 10
# Nearest samples of its class that a sample is compared with and smoothed over; chosen on the tuned regimes.
NEIGHBORS = 10
# Samples of a class among which neighbours are looked for; of a larger class, so many at equal steps of its canonical
# order. The time then grows with the class, not with its square.
MOST_SEARCHED = 10_000
# Side of a matrix of products up to which it is worked out in double precision, and never by Lanczos' method.
EXACT_LIMIT = 128
# Side of a matrix of products above which a randomised SVD stands in for its eigenvectors.
DENSE_LIMIT = 1024
# Lanczos' method is asked where the matrix has this many times as many directions as are wanted; moves the speed only.
LANCZOS_RATIO = 8
# Lanczos vectors of the second look, which only has to see whether something large was missed.
PROBES = 10
# Relative size from which on a value that was missed has all of them worked out.
MISSED = 1e-3
# Samples above which principal components are worked out in parts, without a second copy of all features.
IN_PARTS = 20_000
# Samples of such a part. Moves the memory only.
PART = 4096
# Rows that are projected at a time, in double precision. Moves the memory only.
CHUNK = 64
# Steps of FastICA at most: only the tails of its components are used, and a rotation that still creeps has them.
ICA_ITERATIONS = 200


@dataclass(frozen=True)
class ClassSpace:
    """One class in its principal directions.

    Attributes:
        rows: (m,) which samples, in a canonical order.
        points: (m, ≤ 16) class-centred activations in the top principal directions.
        neighbors: (m, ≤ 10) positions in `rows` of the nearest others, nearest first.
        distances: (m, ≤ 10) how far those are.
    """

    rows: Ints
    points: Reals
    neighbors: Ints
    distances: Reals


_remembered: ContextVar[dict[Hashable, tuple[list[ClassSpace], Any]] | None] = ContextVar("remembered", default=None)


def on_one_core(detector: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """The same with BLAS held to one core: on matrices of a class's size, its threads mostly wait for each other."""

    @wraps(detector)
    def held(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        with threadpool_limits(1, "blas"):
            return detector(*args, **kwargs)

    return held


def class_spaces(
    features: NDArray[Any],
    labels: Ints,
    n_classes: int,
    seed: int,
    *,
    prepared: Prepared = lambda own: own,
    order: Ints | None = None,
) -> list[ClassSpace]:
    """The space of each class that has samples enough for one direction; smaller classes are left out.

    Args:
        features: (n, d).
        labels: (n,) classes.
        n_classes: k.
        seed: of a randomised SVD, where one is needed.
        prepared: what is made of the features (m, d) of one class, row by row, so that no other copy of all is needed.
        order: (n,) the row of the features that each label is about; None for the same row. No features are copied.
    """
    known = _remembered.get()
    key = (id(features), id(labels), n_classes, seed, prepared, id(order))
    if known is not None and key in known:
        return known[key][0]
    spaces = []
    for index in range(n_classes):
        rows = np.flatnonzero(labels == index)
        limit = min(MOST_COMPONENTS, len(rows) // SAMPLES_PER_COMPONENT)
        if limit:
            own = prepared(features[rows if order is None else order[rows]])
            canonical = canonical_order(own)
            rows, own = rows[canonical], own[canonical]
            points = principal_components(own, limit, seed)
            distances, neighbors = nearest(points, min(NEIGHBORS, len(rows) - 1))
            spaces.append(ClassSpace(rows, points, neighbors, distances))
    if known is not None:
        known[key] = spaces, (features, labels, order)  # held, so that nothing else gets their ids
    return spaces


@contextmanager
def remembered_spaces() -> Iterator[None]:
    """In here, the spaces of the same arrays are worked out once, however often a detector runs on them."""
    token = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(token)


def nearest(points: Reals, n_neighbors: int, *, most: int = MOST_SEARCHED) -> tuple[Reals, Ints]:
    """(m, n_neighbors) distances and rows of the nearest others, nearest first.

    Args:
        points: (m, c).
        n_neighbors: fewer than m, and than `most`.
        most: points that are searched, at equal steps.
    """
    searched = np.arange(len(points)) if len(points) <= most else np.linspace(0, len(points) - 1, most).astype(np.int64)
    place = accelerator(len(points) * len(searched))
    if place:
        return nearest_others(points, n_neighbors, place, searched=searched)
    return nearest_exactly(points, n_neighbors, searched)


def canonical_order(features: NDArray[Any]) -> Ints:
    """An order that does not depend on how the samples were ordered."""
    direction = np.random.default_rng(0).standard_normal(features.shape[1])
    parts = [features[start : start + CHUNK] for start in range(0, max(len(features), 1), CHUNK)]
    return np.argsort(np.concatenate([part.astype(np.float64) @ direction for part in parts]), kind="stable")


def principal_components(features: NDArray[Any], n_components: int, seed: int, *, most: int = IN_PARTS) -> Reals:
    """(m, ≤ n_components) the centred features in their top directions; (m, 1) zeros when nothing varies.

    The smaller of the two matrices of products, of features or of samples, has all that is needed, and a few of its
    eigenvectors cost far less than an SVD. Float32 is exact enough for wide features, and twice as fast.

    Args:
        features: (m, d).
        n_components: directions at most.
        seed: of a randomised SVD, where one is needed.
        most: samples above which no second copy of the features is made.
    """
    limit, smaller = min(n_components, features.shape[1], len(features) - 1), min(features.shape)
    if limit < 1 or all((part == features[0]).all() for part in (features[-1], features)):
        return np.zeros((len(features), 1))
    kind = np.float64 if smaller <= EXACT_LIMIT else np.float32
    place = accelerator(features.size)
    if len(features) > max(most, features.shape[1]) and not place:
        points = _leading_in_parts(features, limit, kind)
    else:
        centred = np.asarray(features, kind)
        centred = centred - np.ones((1, len(features)), kind) @ centred / len(features)
        if smaller > DENSE_LIMIT and place:
            points = leading(centred, limit, seed, place)
        elif smaller > DENSE_LIMIT:
            from sklearn.decomposition import PCA  # whoever opens a page waits a second less without scikit-learn

            points = PCA(limit, svd_solver="randomized", random_state=seed).fit_transform(centred)
        else:
            points = _leading(centred, limit)
    points = points - points.mean(0, dtype=np.float64)
    variances = points.var(0)
    alive = variances > max(10 * float(np.finfo(kind).eps) * float(variances[0]), 1e-30)
    return points[:, alive] if alive.any() else np.zeros((len(features), 1))


def _leading(centred: NDArray[Any], limit: int) -> NDArray[Any]:
    """(m, limit) the centred features in their top directions, largest variance and largest entry positive first."""
    wide = centred.shape[1] > len(centred)
    values, vectors = _top(_products(centred, of_rows=wide), limit)
    return _signed(vectors * np.sqrt(np.maximum(values, 0)) if wide else centred @ vectors)


def _leading_in_parts(features: NDArray[Any], limit: int, kind: type) -> NDArray[Any]:
    """The same of many samples, which are centred, added up and turned some at a time."""
    parts = [slice(start, start + PART) for start in range(0, len(features), PART)]
    total = sum(np.asarray(features[part], np.float64).sum(0) for part in parts)
    mean: NDArray[Any] = np.asarray(total / len(features), kind)
    products = np.zeros((features.shape[1], features.shape[1]))
    for part in parts:
        centred = np.asarray(features[part], kind) - mean
        products += centred.T @ centred
    _, vectors = _top(np.asarray(products, kind), limit)
    return _signed(np.concatenate([(np.asarray(features[part], kind) - mean) @ vectors for part in parts]))


def _signed(points: NDArray[Any]) -> NDArray[Any]:
    """The points (m, c) from the last direction to the first, the largest entry of each positive."""
    points = points[:, ::-1]
    largest = points[np.abs(points).argmax(0), np.arange(points.shape[1])]
    return np.asarray(points * np.where(largest < 0, -1, 1).astype(points.dtype))


def _products(values: NDArray[Any], *, of_rows: bool) -> NDArray[Any]:
    place = accelerator(values.size)
    if place:
        return products(values, place, of_rows=of_rows)
    return np.asarray(values @ values.T if of_rows else values.T @ values)


def _top(products: NDArray[Any], limit: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """The `limit` largest eigenvalues, ascending, and their eigenvectors (p, limit).

    The plain reference is `scipy.linalg.eigh` alone; a test compares the two. Lanczos' method needs a quarter of its
    time, but can miss a copy of a repeated eigenvalue. So what it leaves is looked at from another start. Should
    that hold something larger than the least one found, all are worked out.
    """
    from scipy.linalg import eigh  # the start of the app need not wait for it
    from scipy.sparse.linalg import ArpackError, eigsh

    size = len(products)
    if max(EXACT_LIMIT, LANCZOS_RATIO * limit) < size:
        first, second = np.random.default_rng(0).standard_normal((2, size)).astype(products.dtype)
        with suppress(ArpackError):
            values, vectors = eigsh(products, limit, which="LA", v0=first)
            values, vectors = np.sort(values), vectors[:, values.argsort()]
            rest = products - (vectors * values) @ vectors.T
            missed = eigsh(rest, 1, which="LA", v0=second, ncv=PROBES, tol=1e-2, return_eigenvectors=False)
            if len(values) == limit and missed[0] <= (1 + MISSED) * values[0] + MISSED**2 * values[-1]:
                return values, vectors
    values, vectors = eigh(products, subset_by_index=[size - limit, size - 1], check_finite=False)
    return values, vectors


def whitened(points: Reals) -> Reals:
    """The principal components, each scaled to variance 1; those that do not vary stay 0."""
    spread = points.std(0)
    return points / np.where(spread > 0, spread, 1.0)


def independent_components(points: Reals, seed: int) -> Reals:
    """(m, c) the same points in directions that are as far from Gaussian as can be, each of variance 1."""
    if points.shape[1] < 2:
        return whitened(points)
    from sklearn.decomposition import FastICA
    from sklearn.exceptions import ConvergenceWarning

    ica = FastICA(whiten="unit-variance", random_state=seed, max_iter=ICA_ITERATIONS, tol=1e-3)
    with warnings.catch_warnings():
        # A rotation that still creeps is as good as a settled one: only the tails of its components are used.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return np.asarray(ica.fit_transform(points))


def pairwise(points: NDArray[np.float64], references: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, m) Euclidean distances."""
    squared = points @ (-2 * references.T)
    squared += (points**2).sum(1)[:, None]
    squared += (references**2).sum(1)
    return np.asarray(np.sqrt(np.maximum(squared, 0.0, out=squared), out=squared))
