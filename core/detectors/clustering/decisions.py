"""Is the smaller cluster of a class poison? The published answers that need no retraining, each with its figure.

A decision is a flat dict, so that it can stand in `Detection.class_notes`: its figure, whether it says poison, and why.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.detectors.parts.statistics import Reals
from core.types import Ints, Scalar

MEDIAN_SAMPLES, CHUNK = 250, 128
FARTHEST = 99.0  # what stands for "infinitely farther", since notes are finite


def by_size(fraction: float, threshold: float) -> dict[str, Scalar]:
    """Relative size: poison when the cluster holds less than `threshold` of its class; a clean class splits in halves.

    Args:
        fraction: share of the class that the smaller cluster holds, in [0, ½].
        threshold: the paper: 0.35.
    """
    small = 0 < fraction < threshold
    words = f"it holds {fraction:.0%} of the class, {'less' if small else 'not less'} than {threshold:.0%}"
    return {"size_fraction": fraction, "size_poisoned": small, "size_reason": words}


def by_silhouette(separation: float, threshold: float) -> dict[str, Scalar]:
    """Silhouette: poison when the two clusters stand apart by `threshold` or more.

    Args:
        separation: mean silhouette of the split, in [−1, 1].
        threshold: the paper: 0.10 to 0.15.
    """
    apart = separation >= threshold
    words = f"the silhouette {separation:.2f} {'reaches' if apart else 'stays below'} {threshold:.2f}"
    return {"silhouette": separation, "silhouette_poisoned": apart, "silhouette_reason": words}


def by_distance(smaller: Reals, larger: Reals, own: int, centres: Reals) -> dict[str, Scalar]:
    """Distance: poison when the smaller cluster lies nearer to another class than to its own, and the larger does not.

    With s and l the centres of the smaller and the larger cluster and m_k the centre of class k, the figure is
    min ‖s − m_k‖ / ‖s − m_own‖ over the other classes k that the larger cluster does not prefer to its own,
    ‖l − m_k‖ > ‖l − m_own‖; poison below 1. All centres are medians, feature by feature, in the space that all classes
    share: the components of one class cannot be compared with another's.

    Args:
        smaller, larger: (d,) each, from `centre`; NaN for a cluster that holds nobody.
        own: index of that class.
        centres: (k, d) of all classes.

    References: the rule of Chen et al.'s authors, as in the Adversarial Robustness Toolbox.
    """
    to_smaller, to_larger = (np.linalg.norm(centres - one, axis=1) for one in (smaller, larger))
    if np.isnan(to_smaller[own] + to_larger[own]):
        return {"distance_poisoned": False, "distance_reason": "there is one cluster only"}
    others = np.flatnonzero(to_larger > to_larger[own])
    if not len(others):
        return {"distance_poisoned": False, "distance_reason": "there is no other class to compare with"}
    nearest = int(others[to_smaller[others].argmin()])
    astray = bool(to_smaller[nearest] < to_smaller[own])
    ratio = float(to_smaller[nearest] / to_smaller[own]) if to_smaller[own] > 0 else FARTHEST
    return {
        "distance_ratio": min(ratio, FARTHEST),
        "distance_class": nearest,
        "distance_poisoned": astray,
        "distance_reason": f"its centre is nearer to {'another class than to its own' if astray else 'its own class'}",
    }


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


def combined(notes: Mapping[str, Scalar], decision: str) -> dict[str, Scalar]:
    """`poisoned` and `reason` by the chosen decision: one of them, size and silhouette together, or all three."""
    names = {"size_and_silhouette": ("size", "silhouette"), "all": ("size", "silhouette", "distance")}
    parts = names.get(decision, (decision,))
    poisoned = all(bool(notes[f"{part}_poisoned"]) for part in parts)
    if decision == "size_and_silhouette":
        return {"poisoned": poisoned, "reason": _two_populations(notes)}
    return {"poisoned": poisoned, "reason": "; ".join(str(notes[f"{part}_reason"]) for part in parts)}


def _two_populations(notes: Mapping[str, Scalar]) -> str:
    """What size and silhouette say together."""
    fraction, small, separated = float(notes["size_fraction"]), notes["size_poisoned"], notes["silhouette_poisoned"]
    if small and separated:
        return f"a separate cluster holds {fraction:.0%} of the class"
    if separated:
        return f"two populations, but the smaller holds {fraction:.0%}: more likely two kinds of clean samples"
    return "no separate cluster" if small else "one population, cut in half"
