"""The stage that draws the maps.

Two-dimensional maps of high-dimensional samples.
"""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import FastICA
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import NearestNeighbors

from core import runs
from core.analysis.opened_run import OpenedRun
from core.detectors.parts.subspaces import principal_components
from core.detectors.parts.trajectories import logits
from core.stages.progress import Reporter
from core.types import Floats, Ints

COMPONENTS = 10  # principal components that t-SNE and UMAP begin from; more only add noise
# Samples that UMAP itself places, of more it takes minutes; and that independent components are learned from.
FIT_LIMITS = {"umap": 20_000, "ica": 100_000}
UMAP_CLASSES_LIMIT = 100_000  # samples that UMAP places in the maps of all classes together, as many of each
MIN_UMAP = 8  # samples; of fewer, their principal components are the map


def maps_stage(opened: OpenedRun, method: str, reporter: Reporter) -> None:
    """The maps of one method: all activations, each class by itself, and the loss trajectories where there are any."""
    run, dataset = opened.run, opened.data
    seed = int(run.config["seed"])
    if run.has_activations:
        features = np.asarray(run.array("activations"))
        runs.save_array(run, f"map-all-{method}", project(features, method, seed))
        reporter.update(0.4, "all classes together")
        by_class = project_classes(features, dataset.labels, dataset.n_classes, method, seed)
        runs.save_array(run, f"map-class-{method}", by_class)
        reporter.update(0.8, "each class by itself")
    if run.traced:
        trajectories = logits(np.asarray(run.array("losses"))).astype(np.float32)
        runs.save_array(run, f"map-trajectories-{method}", project(trajectories, method, seed))


def project(features: Floats, method: str, seed: int = 0, fit_limit: int | None = None) -> Floats:
    """A map of the samples, (n, 2) float32; fewer than three samples all lie at the origin.

    Args:
        features: (n, d).
        method: a key of METHODS.
        seed: of everything random.
        fit_limit: samples, drawn by the seed, that UMAP itself places, or independent components are learned from; the
            others go to their nearest among them, or are seen in these components. None for the method's usual limit.

    Example:
        >>> features = np.float32([[0, 0, 0], [1, 0, 0], [4, 0, 0], [5, 0, 0]])
        >>> np.abs(project(features, "pca")[:, 0]).tolist()  # a direction has no sign
        [2.5, 1.5, 1.5, 2.5]
    """
    if len(features) < 3:
        return np.zeros((len(features), 2), np.float32)
    reduced = principal_components(features, COMPONENTS, seed)
    points = METHODS[method](reduced, seed, fit_limit or FIT_LIMITS.get(method, len(reduced)))
    padded = np.zeros((len(points), 2), np.float32)
    padded[:, : min(2, points.shape[1])] = points[:, :2]
    return padded


def project_classes(features: Floats, labels: Ints, n_classes: int, method: str, seed: int = 0) -> Floats:
    """A map for each class by itself, (n, 2): every sample at its place among its own class."""
    points = np.zeros((len(labels), 2), np.float32)
    of_each = max(MIN_UMAP, min(FIT_LIMITS["umap"], UMAP_CLASSES_LIMIT // max(n_classes, 1)))
    for index in range(n_classes):
        rows = np.flatnonzero(labels == index)
        points[rows] = project(features[rows], method, seed, of_each if method == "umap" else None)
    return points


def _pca(points: NDArray[np.float64], _: int, __: int) -> NDArray[np.float64]:
    return points


def _ica(points: NDArray[np.float64], seed: int, fit_limit: int) -> NDArray[np.float64]:
    """The two independent components that are farthest from normal: a planted group shows in such a tail."""
    if points.shape[1] < 2:
        return points
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # for a map, an almost converged axis is as good
        ica = FastICA(whiten="unit-variance", random_state=seed, max_iter=500, tol=1e-3)
        if len(points) > fit_limit:
            chosen = np.random.default_rng(seed).choice(len(points), fit_limit, replace=False)
            sources = ica.fit(points[np.sort(chosen)]).transform(points)
        else:
            sources = ica.fit_transform(points)
    kurtosis = np.abs(((sources - sources.mean(0)) ** 4).mean(0) / sources.var(0) ** 2 - 3)
    best: NDArray[np.float64] = sources[:, np.argsort(-kurtosis)[:2]]
    return best


def _umap(points: NDArray[np.float64], seed: int, fit_limit: int) -> NDArray[np.float64]:
    """UMAP of at most `fit_limit` samples; each of the others is placed at the mean of its nearest among them.

    Exact neighbours and a principal start are handed over: for ten dimensions they are faster than UMAP's own search,
    whose compilation alone takes over a minute.
    """
    if len(points) < MIN_UMAP:
        return points
    rng = np.random.default_rng(seed)
    fitted = np.sort(rng.choice(len(points), min(len(points), fit_limit), replace=False))
    chosen = points[fitted].astype(np.float32)
    neighbors = min(15, len(chosen) - 1)
    distances, indices = NearestNeighbors(n_neighbors=neighbors).fit(chosen).kneighbors(chosen)
    start = chosen[:, :2] / max(float(chosen[:, :2].std()), 1e-9) if chosen.shape[1] > 1 else "random"
    with warnings.catch_warnings(), _same_threads():
        UMAP = _compiled_umap()  # importing it takes seconds, which the other maps need not wait for
        warnings.simplefilter("ignore")  # a seed makes it single-threaded, which it announces each time
        reducer = UMAP(
            n_neighbors=neighbors,
            min_dist=0.1,
            n_epochs=200,
            init=start,
            random_state=seed,
            precomputed_knn=(indices, distances.astype(np.float32), None),
        )
        placed = np.asarray(reducer.fit_transform(chosen), np.float64)
    if len(fitted) == len(points):
        return placed
    nearest = NearestNeighbors(n_neighbors=3).fit(chosen).kneighbors(points, return_distance=False)
    everywhere: NDArray[np.float64] = placed[nearest].mean(1)
    everywhere[fitted] = placed
    return everywhere


def _compiled_umap() -> Any:
    """UMAP's class. Its functions are compiled once and kept on disk: reading them takes 0.2 s where compiling took 8.

    UMAP leaves that to whoever asks for it, and numba has no setting for it but the argument of each decorator.
    """
    import numba

    decorator = numba.njit
    numba.njit = lambda *args, **options: decorator(*args, **({"cache": True} | options))
    try:
        from umap import UMAP
    except RuntimeError:  # there is no folder to keep them in
        numba.njit = decorator
        for name in [name for name in sys.modules if name.partition(".")[0] == "umap"]:
            del sys.modules[name]
        from umap import UMAP
    finally:
        numba.njit = decorator
    return UMAP


@contextmanager
def _same_threads() -> Iterator[None]:
    """PyTorch has as many threads afterwards as before: another number sums in another order, to other last digits.

    Numba, which UMAP runs on, sets the number for the whole process.
    """
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


METHODS: dict[str, Callable[[NDArray[np.float64], int, int], NDArray[np.float64]]] = {
    "pca": _pca,
    "ica": _ica,
    "umap": _umap,
}
