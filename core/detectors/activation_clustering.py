"""Activation Clustering: poison that reaches a class by another road than its neighbours forms a cluster of its own."""

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA, FastICA
from sklearn.metrics import silhouette_score

from core.detectors import require
from core.registry import Range
from core.types import Detection, Evidence, Floats, Ints, Scalar

SILHOUETTE_SAMPLES = 3000
MIN_CLASS_SIZE = 10


def activation_clustering(
    evidence: Evidence,
    *,
    n_components: Annotated[int, Range(2, 64)] = 10,
    reduction: Literal["ica", "pca"] = "ica",
    split_by: Literal["label", "predicted"] = "label",
    size_threshold: Annotated[float, Range(0.0, 0.5)] = 0.35,
    silhouette_threshold: Annotated[float, Range(-1.0, 1.0)] = 0.10,
) -> Detection:
    """A 2-means split of each class; a small and well-separated cluster is flagged.

    Per class: activations → truncated SVD → ICA → k-means with k = 2. The smaller cluster is flagged when it holds less
    than `size_threshold` of the class *and* the silhouette reaches `silhouette_threshold`; so a class is never flagged
    merely for having two clusters. Whitening keeps the top principal components only, which is why the SVD may come first.

    Args:
        evidence: needs `features` (n, d); `predicted` too when `split_by` is "predicted".
        n_components: dimensions clustered; the paper: 10.
        reduction: independent components as published, or principal components, which do not depend on a seed.
        split_by: what makes a class: the given labels, or the model's predictions as in the paper.
        size_threshold: largest share of its class that a poisoned cluster may hold; the paper: 0.35.
        silhouette_threshold: smallest silhouette of a poisoned class; the paper: 0.10 to 0.15.

    Returns:
        suspicion in [0, 1]: nearness to the smaller cluster, weighted by how small and how well separated it is;
        groups: −1 for samples of classes too small to split, else 0 (larger) or 1 (smaller cluster) within the class.

    Raises:
        UserError: activations are missing.

    References: Chen et al.: Detecting Backdoor Attacks on Deep Neural Networks by Activation Clustering, arXiv 1811.03728.
    """
    require("activation_clustering", evidence)
    assert evidence.features is not None
    classes = evidence.predicted if split_by == "predicted" and evidence.predicted is not None else evidence.labels
    suspicion = np.zeros(len(classes), np.float32)
    flagged = np.zeros(len(classes), np.bool_)
    groups = np.full(len(classes), -1, np.int64)
    class_notes: dict[int, dict[str, Scalar]] = {}
    for index in range(evidence.n_classes):
        rows = np.flatnonzero(classes == index)
        if len(rows) < MIN_CLASS_SIZE:
            class_notes[index] = {"poisoned": False, "reason": f"only {len(rows)} samples: too few to split"}
            continue
        rows = rows[_canonical_order(evidence.features[rows])]
        smaller, margin, silhouette = _split(evidence.features[rows], n_components, reduction, evidence.seed)
        fraction = float(smaller.mean())
        poisoned = fraction < size_threshold and silhouette >= silhouette_threshold
        suspicion[rows] = margin * max(silhouette, 0.0) * (1 - fraction)
        flagged[rows] = smaller & poisoned
        groups[rows] = smaller
        class_notes[index] = {
            "size_fraction": fraction,
            "silhouette": silhouette,
            "poisoned": poisoned,
            "reason": _reason(fraction, silhouette, size_threshold, silhouette_threshold),
        }
    notes: dict[str, Scalar] = {"poisoned_classes": sum(bool(note["poisoned"]) for note in class_notes.values())}
    return Detection(suspicion, flagged, groups, notes, class_notes)


def _canonical_order(features: Floats) -> Ints:
    """An order that does not depend on how the samples were ordered, so neither do the clusters."""
    direction = np.random.default_rng(0).standard_normal(features.shape[1])
    return np.argsort(features.astype(np.float64) @ direction, kind="stable")


def _split(features: Floats, n_components: int, reduction: str, seed: int) -> tuple[NDArray[np.bool_], Floats, float]:
    """Membership of the smaller cluster (n,), nearness to it in [0, 1] (n,), and the silhouette of the split."""
    reduced = _reduced(features.astype(np.float64), n_components, reduction, seed)
    means = KMeans(2, n_init=10, random_state=seed).fit(reduced)
    small = int(np.bincount(means.labels_, minlength=2).argmin())
    members = means.labels_ == small
    if members.all() or not members.any():
        return np.zeros(len(features), np.bool_), np.zeros(len(features), np.float32), 0.0
    distance = means.transform(reduced)
    margin = distance[:, 1 - small] / np.maximum(distance.sum(1), 1e-12)
    sample = min(len(reduced), SILHOUETTE_SAMPLES)
    silhouette = float(silhouette_score(reduced, means.labels_, sample_size=sample, random_state=seed))
    return members, margin.astype(np.float32), silhouette


def _reduced(features: NDArray[np.float64], n_components: int, reduction: str, seed: int) -> NDArray[Any]:
    """The features in their top components; dead directions are left out, since ICA cannot whiten them."""
    limit = min(n_components, features.shape[1], len(features) - 1)
    pca = PCA(limit, svd_solver="full" if min(features.shape) < 500 else "randomized", random_state=seed)
    projected = pca.fit_transform(features)
    alive = pca.explained_variance_ > 1e-9 * max(float(pca.explained_variance_[0]), 1e-30)
    projected = projected[:, alive]
    if reduction == "pca" or projected.shape[1] < 2:
        return projected if projected.shape[1] else np.zeros((len(features), 1))
    ica = FastICA(whiten="unit-variance", random_state=seed, max_iter=500, tol=1e-3)
    return np.asarray(ica.fit_transform(projected))


def _reason(fraction: float, silhouette: float, size_threshold: float, silhouette_threshold: float) -> str:
    small, separated = fraction < size_threshold, silhouette >= silhouette_threshold
    if small and separated:
        return f"a separate cluster holds {fraction:.0%} of the class"
    if separated:
        return f"two populations, but the smaller holds {fraction:.0%}: more likely two kinds of clean samples"
    return "no separate cluster" if small else "one population, cut in half"
