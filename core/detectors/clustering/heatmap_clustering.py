"""Heatmap Clustering: poison is put into its class by the trigger, so the network looks elsewhere in its images."""

from typing import Annotated, Literal

import numpy as np

from core.detectors import require
from core.detectors.clustering.decisions import Decision
from core.detectors.clustering.splits import Judging, split_in_components
from core.detectors.parts.subspaces import canonical_order, on_one_core
from core.registry import Range
from core.types import Detection, Evidence, Floats

# Levels at which the distances within a heatmap are compared.
LEVELS = 32
# Bins of distances to a cell: a diagonal step is told from a straight one.
BINS_PER_CELL = 2
# Heatmaps whose distances are worked out at a time. Moves the memory only.
CHUNK = 128


@on_one_core
def heatmap_clustering(
    evidence: Evidence,
    *,
    distance: Literal["euclidean", "gromov_wasserstein"] = "euclidean",
    n_components: Annotated[int, Range(2, 64)] = 10,
    decision: Decision = "size_and_silhouette",
    size_threshold: Annotated[float, Range(0.0, 0.5)] = 0.35,
    silhouette_threshold: Annotated[float, Range(-1.0, 1.0)] = 0.35,
    n_seeds: Annotated[int, Range(1, 20)] = 2,
) -> Detection:
    """A 2-means split of the heatmaps of each class; the smaller cluster is flagged where the decision says poison.

    A heatmap says how much each pixel speaks for the label. Three things are simpler than in the paper. The relevance
    is |input × gradient| instead of layer-wise relevance propagation. The heatmaps go to k-means by their principal
    components instead of a spectral embedding. And of the Gromov-Wasserstein distance it is a lower bound: how the
    distances within one heatmap, weighted by relevance, are distributed (Mémoli's second bound). Like the distance
    itself, that does not see where a trigger lies.

    Args:
        evidence: needs `model` and `images`.
        distance: "euclidean", cell by cell, for a trigger that stays where it is; "gromov_wasserstein" for one that
            moves. Its clusters stand apart further in clean classes, too: a threshold of 0.6 suits it.
        n_components: principal components of the heatmaps of a class that are clustered.
        decision: as in Activation Clustering.
        size_threshold: largest fraction of its class that a poisoned cluster may hold.
        silhouette_threshold: smallest silhouette of a poisoned class. Clean classes of Fashion-MNIST reach 0.27, one
            with a corner patch 0.71.
        n_seeds: how often k-means runs, each time from 100 starts.

    Returns:
        suspicion in [0, 1]: nearness to the smaller cluster × (1 − 2 · its fraction of the class) × the silhouette.
        groups: −1 in classes too small to split, else 0 (larger) or 1 (smaller cluster).
        classes: what each criterion says. Bona fide samples are never flagged.

    Raises:
        UserError: the model or images are missing, or no gradients flow through the model.

    References: Schulth, Berghoff, Neu: Detecting Backdoor Poisoning Attacks on Deep Neural Networks by Heatmap
    Clustering, 2022, arXiv 2204.12848; Mémoli: Gromov-Wasserstein distances, 2011 (the lower bound).

    >>> import numpy as np
    >>> from torch import nn
    >>> from core.detectors.clustering.heatmap_clustering import heatmap_clustering
    >>> from core.modalities.image.inputs import ImageInputs
    >>> from core.types import Evidence
    >>> images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1)).astype(np.uint8)
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(64, 2)).eval()
    >>> evidence = Evidence(np.arange(40) % 2, 2, np.arange(40) < 4, inputs=ImageInputs(images), model=model)
    >>> heatmap_clustering(evidence).groups.shape
    (40,)
    """
    needed = require("heatmap_clustering", evidence)
    from core.detectors.networks.heatmaps import heatmaps  # torch, which the page that shows the settings never needs

    maps = heatmaps(needed.model, needed.inputs, evidence.labels, evidence.listen)
    values = maps.reshape(len(maps), -1) if distance == "euclidean" else distances_within(maps)

    order = canonical_order(maps.reshape(len(maps), -1))
    judging = Judging(decision, size_threshold, silhouette_threshold)
    return split_in_components(values, order, evidence, judging, n_components, n_seeds=n_seeds)


def distances_within(maps: Floats) -> Floats:
    """(m, 32) how far apart two points drawn from each heatmap are, in cells, from the nearest pairs to the farthest.

    Each value is the mean over one 32nd of the pairs. Heatmaps (m, s, t) that are moved or mirrored have the same ones.
    The root mean square of the difference of two rows is at most the 2-Wasserstein distance of the distributions. Half
    of that bounds Gromov-Wasserstein from below.
    """
    down, across = 2 * maps.shape[1], 2 * maps.shape[2]
    lags = np.hypot(*np.meshgrid(np.fft.fftfreq(down, 1 / down), np.fft.fftfreq(across, 1 / across), indexing="ij"))
    bins = np.rint(BINS_PER_CELL * lags).astype(np.int64).ravel()
    order = np.argsort(bins, kind="stable")
    present, starts = np.unique(bins[order], return_index=True)
    levels, means = np.linspace(0, 1, LEVELS + 1), np.zeros((len(maps), LEVELS), np.float32)
    for start in range(0, len(maps), CHUNK):
        spectrum = np.fft.rfft2(maps[start : start + CHUNK], (down, across))
        pairs = np.fft.irfft2(np.abs(spectrum) ** 2, (down, across)).reshape(-1, down * across)
        masses = np.add.reduceat(np.maximum(pairs, 0)[:, order], starts, axis=1)
        masses /= np.maximum(masses.sum(1, keepdims=True), 1e-30)
        reached, travelled = np.cumsum(masses, axis=1), np.cumsum(masses * present / BINS_PER_CELL, axis=1)
        for row, (mass, path) in enumerate(zip(reached, travelled, strict=True), start):
            means[row] = np.diff(np.interp(levels, mass, path)) * LEVELS
    return means
