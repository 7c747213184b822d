"""What lies near a sample: in activation space, and among images that are the same to the last pixel."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.modalities import modality_of
from core.types import Floats, Inputs, Ints

AT_ONCE = 2**18  # values of the activations that are looked at together: they stay in the processor's cache
MOST_BYTES = 2**31  # larger images are not read through for duplicates while somebody waits


@dataclass(frozen=True)
class Neighbours:
    """The nearest samples of one sample, nearest first.

    Attributes:
        same, others: row numbers of the nearest with its own given label, and of the nearest with any other.
        same_distances, other_distances: Euclidean, in activation space.
    """

    same: Ints
    others: Ints
    same_distances: Floats
    other_distances: Floats


def nearest(features: NDArray[Any], labels: Ints, place: int, most: int = 6, at_once: int = AT_ONCE) -> Neighbours:
    """The samples whose activations are nearest to those of one, in its own class and in the others.

    Args:
        features: (n, d) activations; may be memory-mapped, then a part of them is read at a time.
        labels: (n,) the given classes.
        place: the row of the sample.
        most: of each kind.
        at_once: values of the activations that are read together; moves the speed only.
    """
    distances = _distances(features, np.asarray(features[place], np.float32), at_once)
    distances[place] = np.inf
    own = labels == labels[place]
    same, others = (_smallest(np.where(of_kind, distances, np.inf), most) for of_kind in (own, ~own))
    return Neighbours(same, others, distances[same], distances[others])


def like(features: NDArray[Any], places: Ints, most: int = 20, at_once: int = AT_ONCE) -> Ints:
    """Rows of the samples whose activations are nearest to the mean of some, nearest first, without these.

    >>> like(np.float32([[0], [5], [2], [1], [9]]), np.array([0, 3]), most=2).tolist()
    [2, 1]

    Args:
        features: (n, d) activations; may be memory-mapped.
        places: the rows that others are to be like; of none, nothing is like them.
        most: that are returned.
        at_once: values of the activations that are read together; moves the speed only.
    """
    if not len(places):
        return np.empty(0, np.int64)
    distances = _distances(features, np.mean(features[places], axis=0, dtype=np.float32), at_once)
    distances[places] = np.inf
    return _smallest(distances, most)


def digests(inputs: Inputs, most_bytes: int = MOST_BYTES) -> NDArray[np.uint64]:
    """(n,) a number a sample that only equal samples share.

    Empty where the samples are more than `most_bytes`, too many to be read while somebody waits.
    """
    if inputs.nbytes > most_bytes:
        return np.empty(0, np.uint64)
    return modality_of(inputs).digests(inputs)


def duplicates(digests: NDArray[np.uint64], place: int) -> Ints:
    """Row numbers of the other images that are the same as one, in their order."""
    if not len(digests):
        return np.empty(0, np.int64)
    same: Ints = np.flatnonzero(digests == digests[place])
    return np.asarray(same[same != place])


def _distances(features: NDArray[Any], own: NDArray[np.float32], at_once: int) -> Floats:
    """(n,) Euclidean distances from a place in activation space."""
    n_rows = max(1, at_once // max(features.shape[1], 1))
    parts = []
    for start in range(0, len(features), n_rows):
        apart = np.asarray(features[start : start + n_rows], np.float32) - own
        parts.append(np.sqrt(np.einsum("ij,ij->i", apart, apart)))
    return np.concatenate(parts)


def _smallest(distances: Floats, most: int) -> Ints:
    """Rows of the smallest finite distances, in ascending order; the first of equal ones first."""
    count = min(most, int(np.isfinite(distances).sum()))
    if not count:
        return np.empty(0, np.int64)
    edge = np.partition(distances, count - 1)[count - 1]
    rows = np.flatnonzero(distances <= edge)
    return rows[np.argsort(distances[rows], kind="stable")][:count]
