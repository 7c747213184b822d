"""Activation Clustering: poison that reaches a class by another road than its neighbours forms a cluster of its own."""

from typing import Annotated, Literal

import numpy as np

from core.detectors import require
from core.detectors.clusters import silhouette, two_means
from core.detectors.subspaces import canonical_order, principal_components, whitened
from core.detectors.trajectories import pairwise
from core.errors import UserError
from core.registry import Range
from core.types import Bools, Detection, Evidence, Floats, Scalar

MIN_CLASS_SIZE = 10


def activation_clustering(
    evidence: Evidence,
    *,
    n_components: Annotated[int, Range(2, 64)] = 10,
    reduction: Literal["ica", "pca"] = "ica",
    split_by: Literal["label", "predicted"] = "label",
    size_threshold: Annotated[float, Range(0.0, 0.5)] = 0.35,
    silhouette_threshold: Annotated[float, Range(-1.0, 1.0)] = 0.15,
) -> Detection:
    """A 2-means split of each class; a small and well-separated cluster is flagged.

    Per class: activations → principal components → whitening → k-means with k = 2. The smaller cluster is flagged when
    it holds less than `size_threshold` of the class *and* the silhouette reaches `silhouette_threshold`; so a class is
    never flagged merely for having two clusters. The paper's ICA only rotates the whitened components, and neither
    k-means nor the silhouette sees a rotation: whitening alone gives its answer, and needs no seed.

    Args:
        evidence: needs `features` (n, d); `predicted` too when `split_by` is "predicted".
        n_components: dimensions clustered; the paper: 10.
        reduction: "ica", whitened components as published, or "pca", principal components with their own variances.
        split_by: what makes a class: the given labels, or the model's predictions as in the paper.
        size_threshold: largest share of its class that a poisoned cluster may hold; the paper: 0.35.
        silhouette_threshold: smallest silhouette of a poisoned class; the paper: 0.10 to 0.15.

    Returns:
        suspicion in [0, 1]: nearness to the smaller cluster × (1 − 2 · its share of the class);
        groups: −1 for samples of classes too small to split, else 0 (larger) or 1 (smaller cluster) within the class.

    Raises:
        UserError: activations are missing, or predictions to split by.

    References: Chen et al.: Detecting Backdoor Attacks on Deep Neural Networks by Activation Clustering, 2018,
    arXiv 1811.03728.
    """
    require("activation_clustering", evidence)
    assert evidence.features is not None
    classes = evidence.labels if split_by == "label" else evidence.predicted
    if classes is None:
        raise UserError("Activation Clustering cannot split by prediction.", "There are none.", "Split by label.")
    suspicion = np.zeros(len(classes), np.float32)
    flagged = np.zeros(len(classes), np.bool_)
    groups = np.full(len(classes), -1, np.int64)
    class_notes: dict[int, dict[str, Scalar]] = {}
    for index in range(evidence.n_classes):
        rows = np.flatnonzero(classes == index)
        if len(rows) < MIN_CLASS_SIZE:
            class_notes[index] = {"poisoned": False, "reason": f"only {len(rows)} samples: too few to split"}
            continue
        rows = rows[canonical_order(evidence.features[rows])]
        smaller, nearness, separation = _split(evidence.features[rows], n_components, reduction, evidence.seed)
        fraction = float(smaller.mean())
        poisoned = fraction < size_threshold and separation >= silhouette_threshold
        suspicion[rows] = nearness * (1 - 2 * fraction)
        flagged[rows] = smaller & poisoned
        groups[rows] = smaller
        class_notes[index] = {
            "size_fraction": fraction,
            "silhouette": separation,
            "poisoned": poisoned,
            "reason": _reason(fraction, separation, size_threshold, silhouette_threshold),
        }
    notes: dict[str, Scalar] = {"poisoned_classes": sum(bool(note["poisoned"]) for note in class_notes.values())}
    return Detection(suspicion, flagged, groups, notes, class_notes)


def _split(features: Floats, n_components: int, reduction: str, seed: int) -> tuple[Bools, Floats, float]:
    """Membership of the smaller cluster (m,), nearness to it in [0, 1] (m,), and the silhouette of the split."""
    points = principal_components(features, n_components, seed)
    if reduction == "ica":
        points = whitened(points)
    members, centres = two_means(points, seed)
    if 2 * members.sum() > len(members):
        members, centres = ~members, centres[::-1]
    if not members.any():
        return members, np.zeros(len(points), np.float32), 0.0
    distances = pairwise(points, centres)
    nearness = distances[:, 0] / np.maximum(distances.sum(1), 1e-12)
    return members, nearness.astype(np.float32), silhouette(points, members, seed)


def _reason(fraction: float, silhouette: float, size_threshold: float, silhouette_threshold: float) -> str:
    small, separated = fraction < size_threshold, silhouette >= silhouette_threshold
    if small and separated:
        return f"a separate cluster holds {fraction:.0%} of the class"
    if separated:
        return f"two populations, but the smaller holds {fraction:.0%}: more likely two kinds of clean samples"
    return "no separate cluster" if small else "one population, cut in half"
