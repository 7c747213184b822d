"""Is the smaller cluster of a class poison? The published answers that need no retraining, each with its figure."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.detectors.parts.statistics import Reals
from core.types import ClassFinding, Criterion, Ints

Decision = Literal["size_and_silhouette", "size", "silhouette", "distance", "all"]

# Samples that a median is taken over: enough for a centre, and a class of any size then costs the same.
MEDIAN_SAMPLES = 250
# Features that are sorted at a time; moves the speed only.
CHUNK = 128
# Ratio that stands for "infinitely farther": what is kept on disk has to be finite.
FARTHEST = 99.0


def by_size(fraction: float, threshold: float) -> Criterion:
    """Relative size: poison when the cluster holds less than `threshold` of its class; a clean class splits in halves.

    Args:
        fraction: of the class that the smaller cluster holds, in [0, ½].
        threshold: the paper: 0.35.
    """
    small = 0 < fraction < threshold
    words = f"it holds {fraction:.0%} of the class, {'less' if small else 'not less'} than {threshold:.0%}"
    return Criterion(small, words, fraction)


def by_silhouette(separation: float, threshold: float) -> Criterion:
    """Silhouette: poison when the two clusters stand apart by `threshold` or more.

    Args:
        separation: mean silhouette of the split, in [−1, 1].
        threshold: the paper: 0.10 to 0.15.
    """
    apart = separation >= threshold
    words = f"the silhouette {separation:.2f} {'reaches' if apart else 'stays below'} {threshold:.2f}"
    return Criterion(apart, words, separation)


def by_distance(smaller: Reals, larger: Reals, own: int, centres: Reals) -> Criterion:
    """Distance: poison when the smaller cluster lies nearer to another class than to its own, and the larger does not.

    Be s and l the centres of the smaller and the larger cluster, and m_k the centre of class k. The figure is
    min ‖s − m_k‖ / ‖s − m_own‖, poison below 1. It is taken over the other classes k that the larger cluster does not
    prefer to its own: ‖l − m_k‖ > ‖l − m_own‖. All centres are medians, feature by feature, in the space that all
    classes share: the components of one class cannot be compared with another's.

    Args:
        smaller, larger: (d,) each, from `centre`; NaN for a cluster that holds nobody.
        own: index of that class.
        centres: (k, d) of all classes.

    References: the rule of Chen et al.'s authors, as in the Adversarial Robustness Toolbox.
    """
    to_smaller, to_larger = (np.linalg.norm(centres - cluster, axis=1) for cluster in (smaller, larger))
    if np.isnan(to_smaller[own] + to_larger[own]):
        return Criterion(False, "there is one cluster only")
    others = np.flatnonzero(to_larger > to_larger[own])
    if not len(others):
        return Criterion(False, "there is no other class to compare with")
    nearest = int(others[to_smaller[others].argmin()])
    astray = bool(to_smaller[nearest] < to_smaller[own])
    ratio = float(to_smaller[nearest] / to_smaller[own]) if to_smaller[own] > 0 else FARTHEST
    words = f"its centre is nearer to {'another class than to its own' if astray else 'its own class'}"
    return Criterion(astray, words, min(ratio, FARTHEST), nearest)


def centre(features: NDArray[Any], rows: Ints) -> NDArray[Any]:
    """(d,) the median of each feature over at most 250 of the rows, evenly spaced; NaN, nearer to nothing, for none.

    A few features at a time are laid out one after another and sorted: several times as fast as along the first axis.
    """
    if not len(rows):
        return np.full(features.shape[1], np.nan)
    some, middle = features[rows[:: -(-len(rows) // MEDIAN_SAMPLES)]], []
    for start in range(0, features.shape[1], CHUNK):
        # Copied twice: rows that lie a power of two apart in memory, as layers' do, would crowd one another out.
        part = np.ascontiguousarray(some[:, start : start + CHUNK]).T.copy()
        part.sort()
        middle.append(part[:, (len(some) - 1) // 2] / 2 + part[:, len(some) // 2] / 2)
    return np.concatenate(middle)


def combined(
    size: Criterion, silhouette: Criterion, distance: Criterion, decision: Decision, unstable: float | None = None
) -> ClassFinding:
    """What is found of the class: poison where the chosen criterion says so, or all of those that are chosen.

    Args:
        size, silhouette, distance: what each says; all are kept, whichever of them decides.
        decision: which of them decides: one, size and silhouette together, or all three.
        unstable: the fraction of the class that another start of k-means puts in the other cluster.
    """
    every = {"size": size, "silhouette": silhouette, "distance": distance}
    several = {"size_and_silhouette": ("size", "silhouette"), "all": ("size", "silhouette", "distance")}
    deciding = [every[name] for name in several.get(decision, (decision,))]
    reason = "; ".join(criterion.reason for criterion in deciding)
    if decision == "size_and_silhouette":
        reason = _two_populations(size, silhouette)
    return ClassFinding(all(criterion.poisoned for criterion in deciding), reason, size, silhouette, distance, unstable)


def _two_populations(size: Criterion, silhouette: Criterion) -> str:
    """What size and silhouette say together."""
    fraction = size.figure or 0.0
    if size.poisoned and silhouette.poisoned:
        return f"a separate cluster holds {fraction:.0%} of the class"
    if silhouette.poisoned:
        return f"two populations, but the smaller holds {fraction:.0%}: more likely two kinds of clean samples"
    return "no separate cluster" if size.poisoned else "one population, cut in half"
