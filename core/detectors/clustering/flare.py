"""FLARE: what poison does to any hidden layer sets it apart within its class."""

from typing import Annotated

from core.detectors import require
from core.detectors.clustering.decisions import Decision
from core.detectors.clustering.splits import Judging, split_in_components
from core.detectors.parts.subspaces import canonical_order, on_one_core
from core.registry import Range
from core.types import Detection, Evidence


@on_one_core
def flare(
    evidence: Evidence,
    *,
    n_components: Annotated[int, Range(2, 64)] = 10,
    decision: Decision = "size_and_silhouette",
    size_threshold: Annotated[float, Range(0.0, 0.5)] = 0.40,
    silhouette_threshold: Annotated[float, Range(-1.0, 1.0)] = 0.28,
    n_seeds: Annotated[int, Range(1, 20)] = 2,
) -> Detection:
    """A 2-means split of each class by all hidden layers at once; the smaller cluster is flagged where it says poison.

    A sample is the largest and the smallest value of each channel in each hidden layer, in units of their spread.
    That is the paper's; it then reduces with UMAP, clusters all samples with HDBSCAN and takes the more stable
    cluster. Here each class is split by 2-means in its principal components, and judged as in Activation Clustering.

    Args:
        evidence: needs `model` and `images`.
        n_components: principal components of a class that are clustered.
        decision: as in Activation Clustering.
        size_threshold: largest fraction of its class that a poisoned cluster may hold.
        silhouette_threshold: smallest silhouette of a poisoned class. On one clean Fashion-MNIST model the classes
            with so small a cluster reach 0.25, with a patch 0.50, with a faint photograph 0.30.
        n_seeds: how often k-means runs, each time from 100 starts.

    Returns:
        suspicion in [0, 1]: nearness to the smaller cluster × (1 − 2 · its fraction of the class) × the silhouette.
        groups: −1 in classes too small to split, else 0 (larger) or 1 (smaller cluster).
        classes: what each criterion says. Bona fide samples are never flagged.

    Raises:
        UserError: the model or images are missing, or the layers cannot be looked into.

    References: Hou et al.: FLARE: Towards Universal Dataset Purification against Backdoor Attacks, 2024,
    arXiv 2411.19479.

    >>> import numpy as np
    >>> from torch import nn
    >>> from core.detectors.clustering.flare import flare
    >>> from core.modalities.image.inputs import ImageInputs
    >>> from core.types import Evidence
    >>> images = np.random.default_rng(0).integers(0, 256, (40, 4, 4, 1)).astype(np.uint8)
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(16, 5), nn.ReLU(), nn.Linear(5, 2)).eval()
    >>> evidence = Evidence(np.arange(40) % 2, 2, np.arange(40) < 4, inputs=ImageInputs(images), model=model)
    >>> flare(evidence).groups.shape
    (40,)
    """
    needed = require("flare", evidence)
    from core.detectors.networks.inside import extremes  # torch, which the page that shows the settings never needs

    values = extremes(needed.model, needed.inputs, evidence.listen)

    judging = Judging(decision, size_threshold, silhouette_threshold)
    return split_in_components(values, canonical_order(values), evidence, judging, n_components, n_seeds=n_seeds)
