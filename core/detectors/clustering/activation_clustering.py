"""Activation Clustering: poison that reaches a class by another road than its neighbours forms a cluster of its own."""

from typing import Annotated, Any, Literal

from numpy.typing import NDArray

from core.detectors import require
from core.detectors.clustering.decisions import Decision
from core.detectors.clustering.splits import Judging, judged, split_class
from core.detectors.clustering.two_means import Choice
from core.detectors.parts.statistics import Reals
from core.detectors.parts.subspaces import canonical_order, on_one_core, principal_components, whitened
from core.errors import UserError
from core.modalities import modality_of
from core.registry import Range
from core.types import Detection, Evidence, Ints


@on_one_core
def activation_clustering(
    evidence: Evidence,
    *,
    n_components: Annotated[int, Range(2, 64)] = 10,
    reduction: Literal["ica", "pca"] = "ica",
    split_by: Literal["label", "predicted"] = "label",
    space: Literal["activations", "pixels"] = "activations",
    decision: Decision = "size_and_silhouette",
    size_threshold: Annotated[float, Range(0.0, 0.5)] = 0.35,
    silhouette_threshold: Annotated[float, Range(-1.0, 1.0)] = 0.12,
    n_seeds: Annotated[int, Range(1, 20)] = 3,
    split_choice: Choice = "tightness",
) -> Detection:
    """A 2-means split of each class; the smaller cluster is flagged where the decision calls it poison.

    Per class: activations → principal components → whitening → k-means with k = 2. The plain reference is the paper's
    ICA, which only rotates the whitened components. Neither k-means nor the silhouette sees a rotation, so whitening
    alone gives its answer and needs no seed; a test compares the two. What every criterion says is kept for each class,
    whichever of them flags. The fourth, exclusionary reclassification, trains a model and is a stage of its own
    (`core.stages.reclassify`).

    Args:
        evidence: needs `features` (n, d), or `images` for pixels; `predicted` too when `split_by` is "predicted".
        n_components: dimensions clustered; the paper: 10 (6 and 14 behave alike).
        reduction: "ica", whitened components as published, or "pca", principal components with their own variances.
        split_by: what makes a class: the given labels, or the model's predictions as in the paper.
        space: what is clustered: "activations", or the raw "pixels", the paper's baseline, which needs no model.
        decision: what calls a cluster poison. The default asks for its size and silhouette together, so that a class
            is never flagged merely for having two clusters. "size", "silhouette" and "distance" decide alone. "all"
            asks for all three.
        size_threshold: largest fraction of its class that a poisoned cluster may hold; the paper: 0.35.
        silhouette_threshold: smallest silhouette of a poisoned class; the paper: 0.10 to 0.15. At 0.15 poison that is a
            third of its class is mostly missed, at 0.10 one clean class in six is suspected.
        n_seeds: how often k-means runs, each time from 100 starts. The best split is kept, and `unstable` is the
            fraction of the class that another seed puts on the other side.
        split_choice: which of the splits where k-means comes to rest is the best. "tightness" is as published: the one
            with the least variance. "separation" takes the one whose clusters stand farthest apart for their widths
            (Ashman's D), with its border where two Gaussians meet. That does not cut a class of two shapes in half
            before it finds poison in one of them.

    Returns:
        suspicion in [0, 1]: nearness to the smaller cluster × (1 − 2 · its fraction of the class);
        groups: −1 for samples of classes too small to split, else 0 (larger) or 1 (smaller cluster) within the class;
        classes: what each criterion says; classes of fewer than 10 samples are not judged.

    Raises:
        UserError: activations or images are missing, or predictions to split by.

    References: Chen et al.: Detecting Backdoor Attacks on Deep Neural Networks by Activation Clustering, 2018,
    arXiv 1811.03728.

    >>> import numpy as np
    >>> from core.detectors.clustering.activation_clustering import activation_clustering
    >>> from core.types import Evidence, Notes
    >>> rng = np.random.default_rng(0)
    >>> features = rng.normal(size=(200, 3)).astype(np.float32)
    >>> features[180:, 0] += 12  # a tenth of the class lies apart
    >>> evidence = Evidence(np.zeros(200, np.int64), 1, np.zeros(200, bool), features=features)
    >>> found = activation_clustering(evidence, n_components=3)
    >>> np.flatnonzero(found.flagged).tolist() == list(range(180, 200))
    True
    >>> found.classes[0].reason
    'a separate cluster holds 10% of the class'
    """
    values, classes = _values(evidence, space), _classes(evidence, split_by)
    order = canonical_order(values)
    rows = [order[classes[order] == index] for index in range(evidence.n_classes)]

    def points(own: NDArray[Any]) -> Reals:
        components = principal_components(own, n_components, evidence.seed)
        return whitened(components) if reduction == "ica" else components

    settings = Judging(decision, size_threshold, silhouette_threshold)
    splits = [split_class(values[own], points, evidence.seed, n_seeds, split_choice) for own in rows]
    return judged(rows, splits, settings)


def _values(evidence: Evidence, space: str) -> NDArray[Any]:
    """(n, d) what is clustered."""
    if space == "activations":
        return require("activation_clustering", evidence).features
    if evidence.inputs is None:
        raise UserError("Activation Clustering cannot cluster pixels.", "There are no images.", "Cluster activations.")
    return modality_of(evidence.inputs).load_patterns().values(evidence.inputs)


def _classes(evidence: Evidence, split_by: str) -> Ints:
    """(n,) the class of each sample: as given, or as predicted."""
    classes = evidence.labels if split_by == "label" else evidence.predicted
    if classes is None:
        raise UserError("Activation Clustering cannot split by prediction.", "There are none.", "Split by label.")
    return classes
