"""What a split of each class in two says of classes and samples; which values are split is the detector's choice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.detectors.clustering.decisions import Decision, by_distance, by_silhouette, by_size, centre, combined
from core.detectors.clustering.two_means import Choice, silhouette, steady_two_means
from core.detectors.parts.statistics import Reals
from core.detectors.parts.subspaces import pairwise, principal_components
from core.types import Bools, ClassFinding, Detection, Evidence, Floats, Ints, Notes

# Samples of a class that 2-means is asked to split; a smaller class is not judged.
MIN_CLASS_SIZE = 10
Seen = Callable[[NDArray[Any]], Reals]


@dataclass(frozen=True)
class Split:
    """What 2-means makes of one class of m samples.

    Attributes:
        centres: (3, d) of the class and of the smaller and the larger cluster, in the space that all classes share.
        smaller: (m,) who is in the smaller cluster.
        nearness: (m,) how near to that cluster, in [0, 1].
        fraction: how much of the class it holds.
        silhouette: mean silhouette of the split.
        unstable: the fraction of the class that another seed puts on the other side.
    """

    centres: NDArray[Any]
    smaller: Bools
    nearness: Floats
    fraction: float = 0.0
    silhouette: float = 0.0
    unstable: float = 0.0


@dataclass(frozen=True)
class Judging:
    """What calls the smaller cluster of a class poison; see `activation_clustering`."""

    decision: Decision
    size_threshold: float
    silhouette_threshold: float


def split_class(own: NDArray[Any], seen_as: Seen, seed: int, n_seeds: int, choice: Choice) -> Split:
    """The split of one class, (m, d) in an order of its own; a class of fewer than 10 samples is left whole."""
    nobody, nothing = np.zeros(len(own), np.bool_), np.zeros(len(own), np.float32)
    if len(own) < MIN_CLASS_SIZE:
        return Split(_centres(own, nobody), nobody, nothing)
    points = seen_as(own)
    members, means, unstable = steady_two_means(points, seed, n_seeds, choice)
    if 2 * members.sum() > len(members):
        members, means = ~members, means[::-1]
    if not members.any():
        return Split(_centres(own, nobody), nobody, nothing, unstable=unstable)
    distances = pairwise(points, means)
    nearness = distances[:, 0] / np.maximum(distances.sum(1), 1e-12)
    figures = float(members.mean()), silhouette(points, members, seed), unstable
    return Split(_centres(own, members), members, nearness.astype(np.float32), *figures)


def judged(rows: Sequence[Ints], splits: Sequence[Split], judging: Judging) -> Detection:
    """The detection that follows from the split of each class.

    Args:
        rows: for each class its samples, of all n, in the order of its split.
        splits: one for each class.
        judging: what calls a cluster poison.
    """
    centres = np.stack([split.centres[0] for split in splits])
    n = sum(map(len, rows))
    suspicion, flagged = np.zeros(n, np.float32), np.zeros(n, np.bool_)
    groups = np.full(n, -1, np.int64)
    findings: dict[int, ClassFinding] = {}
    for index, (own, split) in enumerate(zip(rows, splits, strict=True)):
        if len(own) < MIN_CLASS_SIZE:
            findings[index] = ClassFinding(None, f"only {len(own):,} sample{'s' * (len(own) != 1)}: too few to split")
            continue
        size = by_size(split.fraction, judging.size_threshold)
        apart = by_silhouette(split.silhouette, judging.silhouette_threshold)
        distance = by_distance(split.centres[1], split.centres[2], index, centres)
        findings[index] = combined(size, apart, distance, judging.decision, split.unstable)
        suspicion[own] = split.nearness * (1 - 2 * split.fraction)
        flagged[own] = split.smaller & bool(findings[index].poisoned)
        groups[own] = split.smaller
    unstable = [split.unstable for split in splits]
    poisoned = sum(bool(finding.poisoned) for finding in findings.values())
    notes = Notes(figures={"poisoned_classes": poisoned, "unstable": max(unstable, default=0.0)})
    return Detection(suspicion, flagged, groups, notes, findings)


def _centres(own: NDArray[Any], smaller: Bools) -> NDArray[Any]:
    parts = np.arange(len(own)), np.flatnonzero(smaller), np.flatnonzero(~smaller)
    return np.stack([centre(own, part) for part in parts])


def split_in_components(
    values: NDArray[Any], order: Ints, evidence: Evidence, judging: Judging, n_components: int, *, n_seeds: int
) -> Detection:
    """Each class split by 2-means in its principal components, and judged; the less a split is one, the less it counts.

    Args:
        values: (n, d) what is split.
        order: (n,) rows in an order that does not depend on theirs.
        evidence: whose labels, seed and bona fide samples are meant; these are never flagged.
        judging: what calls a cluster poison.
        n_components: principal components of a class.
        n_seeds: how often k-means runs.
    """

    def points(own: NDArray[Any]) -> Reals:
        return principal_components(own, n_components, evidence.seed)

    rows = [order[evidence.labels[order] == index] for index in range(evidence.n_classes)]
    splits = [split_class(values[own], points, evidence.seed, n_seeds, "tightness") for own in rows]
    found = judged(rows, splits, judging)
    suspicion = found.suspicion.copy()
    for own, split in zip(rows, splits, strict=True):
        suspicion[own] *= max(split.silhouette, 0.0)
    return replace(found, suspicion=suspicion, flagged=found.flagged & ~evidence.bona_fide)
