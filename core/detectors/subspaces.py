"""Classes seen in their own few principal directions, and the neighbours there.

Only distances, covariances and orders that do not depend on the order of the samples are used, so scores follow the
samples when those are shuffled.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA, FastICA
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import NearestNeighbors

from core.detectors.statistics import Reals
from core.types import Ints

MOST_COMPONENTS = 16
SAMPLES_PER_COMPONENT = 10
NEIGHBORS = 10
DENSE_LIMIT = 512
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


def class_spaces(features: NDArray[Any], labels: Ints, n_classes: int, seed: int) -> list[ClassSpace]:
    """The space of each class that has samples enough for one direction; smaller classes are left out."""
    spaces = []
    for index in range(n_classes):
        rows = np.flatnonzero(labels == index)
        limit = min(MOST_COMPONENTS, len(rows) // SAMPLES_PER_COMPONENT)
        if limit:
            rows = rows[canonical_order(features[rows])]
            points = principal_components(features[rows], limit, seed)
            near = NearestNeighbors(n_neighbors=min(NEIGHBORS, len(rows) - 1), algorithm="brute").fit(points)
            distances, neighbors = near.kneighbors()
            spaces.append(ClassSpace(rows, points, neighbors, distances))
    return spaces


def canonical_order(features: NDArray[Any]) -> Ints:
    """An order that does not depend on how the samples were ordered."""
    centred = features.astype(np.float64) - features.mean(0, dtype=np.float64)
    return np.argsort(centred @ np.random.default_rng(0).standard_normal(features.shape[1]), kind="stable")


def principal_components(features: NDArray[Any], n_components: int, seed: int) -> Reals:
    """(m, ≤ n_components) the centred features in their top directions; (m, 1) zeros when nothing varies.

    The covariance is small for the usual few hundred features, so its eigenvectors cost far less than an SVD.
    """
    limit = min(n_components, features.shape[1], len(features) - 1)
    if limit < 1:
        return np.zeros((len(features), 1))
    if not np.ptp(features, axis=0).any():
        return np.zeros((len(features), 1))
    solver = "covariance_eigh" if features.shape[1] <= DENSE_LIMIT else "randomized"
    pca = PCA(limit, svd_solver=solver, random_state=seed)
    points = np.asarray(pca.fit_transform(features.astype(np.float64)))
    alive = pca.explained_variance_ > max(1e-9 * float(pca.explained_variance_[0]), 1e-30)
    return points[:, alive] if alive.any() else np.zeros((len(features), 1))


def whitened(points: Reals) -> Reals:
    """The principal components, each scaled to variance 1; those that do not vary stay 0."""
    spread = points.std(0)
    return points / np.where(spread > 0, spread, 1.0)


def independent_components(points: Reals, seed: int) -> Reals:
    """(m, c) the same points in directions that are as far from Gaussian as can be, each of variance 1."""
    if points.shape[1] < 2:
        return whitened(points)
    ica = FastICA(whiten="unit-variance", random_state=seed, max_iter=ICA_ITERATIONS, tol=1e-3)
    with warnings.catch_warnings():
        # A rotation that still creeps is as good as a settled one: only the tails of its components are used.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return np.asarray(ica.fit_transform(points))
