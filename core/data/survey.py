"""What is seen of stored data by one look at each sample, before any training: traits, copies, and what is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.data.preview.faults import FEWEST_SAMPLES, SMALLEST_FRACTION
from core.modalities import modality_of
from core.modalities.contract import Trait
from core.types import Inputs, Ints

MOST_BYTES = 2**30  # of samples that are read through while somebody waits
MOST_ALIKE = 20_000  # samples that are compared with each other for near duplicates
MOST_ALIKE_BYTES = 2**27  # of these: 20,000 small pictures, a thousand of 224 pixels; both take some seconds
SAME_SIZE = 0.9  # of the samples: where so many have one size, the others are odd
OUTLIER = 5.0  # robust standard deviations of the logarithm of a side; beyond, a size is odd among many sizes
# Kinds of problems, the worst first.
ORDER = (
    *("two labels", "in both sets", "blank", "empty", "broken characters", "too dark", "too bright"),
    *("odd size", "odd length", "duplicate", "near duplicate", "tiny class"),
)


@dataclass(frozen=True)
class Survey:
    """What is seen of n samples.

    Attributes:
        traits: what is measured of each; none where there is too much to read.
        problems: kind → ascending rows of the samples that have it, the worst kind first.
        first: (n,) for each sample the first row that is the same or looks alike; its own where there is none.
        complete: whether the samples were looked at.
        compared: whether near duplicates were looked for.
    """

    traits: tuple[Trait, ...]
    problems: Mapping[str, Ints]
    first: Ints
    complete: bool
    compared: bool

    def problems_of(self, row: int) -> list[str]:
        """The kinds of problems that one sample has."""
        return [kind for kind, rows in self.problems.items() if row in rows]

    def like(self, row: int) -> Ints:
        """Ascending rows of the other samples that are the same or look alike."""
        alike: Ints = np.flatnonzero(self.first == self.first[row])
        return np.asarray(alike[alike != row])


def survey(
    inputs: Inputs,
    labels: Ints,
    n_classes: int,
    others: Inputs | None = None,
    sizes: Ints | None = None,
    *,
    most_bytes: int = MOST_BYTES,
) -> Survey:
    """What is seen of the samples of one part of a data set.

    Args:
        inputs: n samples.
        labels: (n,) their given classes.
        n_classes: k.
        others: the samples of the other part, which should share none with this one.
        sizes: (n, 2) height and width in the source, where that is known.
        most_bytes: of samples that are read; of more, only labels are counted.
    """
    problems: dict[str, Ints] = {}
    if tiny := _tiny(labels, n_classes):
        problems["tiny class"] = np.flatnonzero(np.isin(labels, tiny))
    n, modality = len(inputs), modality_of(inputs)
    if inputs.nbytes + (others.nbytes if others is not None else 0) > most_bytes:
        return Survey((), problems, np.arange(n), complete=False, compared=False)
    seen, digests = modality.look(inputs), modality.digests(inputs)
    compared = n <= MOST_ALIKE and inputs.nbytes <= MOST_ALIKE_BYTES
    pairs = modality.alike(inputs) if compared else []
    _, at, place, counts = np.unique(digests, return_index=True, return_inverse=True, return_counts=True)
    first = at[place].astype(np.int64)
    for later, earlier in pairs:
        first[first == first[later]] = first[earlier]
    copies = counts[place]
    low, high = (
        np.full(len(at), labels.max(initial=0), np.int64),
        np.zeros(len(at), np.int64),
    )
    np.minimum.at(low, place, labels)
    np.maximum.at(high, place, labels)
    disagree = (low != high)[place]
    problems |= {
        **seen.faults,
        "two labels": np.flatnonzero(disagree),
        "duplicate": np.flatnonzero((copies > 1) & ~disagree),
        "near duplicate": np.unique(np.array(pairs, np.int64).reshape(-1)),
        "in both sets": np.flatnonzero(np.isin(digests, modality.digests(others))) if others is not None else at[:0],
    }
    traits = (*seen.traits, *_sizes(sizes))
    if sizes is not None:
        problems["odd size"] = np.flatnonzero(_odd(sizes))
    copied = Trait("copies", "×", copies.astype(np.float32), "How often the very same sample is there.")
    ordered = {kind: problems[kind] for kind in ORDER if len(problems.get(kind, ()))}
    rest = {kind: rows for kind, rows in problems.items() if kind not in ORDER and len(rows)}
    return Survey((*traits, copied), ordered | rest, first, complete=True, compared=compared)


def _tiny(labels: Ints, n_classes: int) -> list[int]:
    """The classes with fewer than 10 samples, or 1 % of what classes have on average."""
    counts = np.bincount(labels, minlength=n_classes)
    least = max(FEWEST_SAMPLES, SMALLEST_FRACTION * float(counts.mean())) if len(counts) else 0
    return [index for index, count in enumerate(counts.tolist()) if 0 < count < least]


def _sizes(sizes: Ints | None) -> tuple[Trait, ...]:
    if sizes is None:
        return ()
    longer = sizes.max(1).astype(np.float32)
    return (Trait("size", " px", longer, "The longer side of the picture in its source."),)


def _odd(sizes: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(n,) True for a size that few have where most have one, or that is far from those of the others."""
    kinds, place, counts = np.unique(sizes, axis=0, return_inverse=True, return_counts=True)
    if not len(kinds) or counts.max() >= SAME_SIZE * len(sizes):
        return np.asarray(place.reshape(-1) != (counts.argmax() if len(counts) else 0))
    sides = np.log(np.maximum(sizes, 1))
    away = np.abs(sides - np.median(sides, axis=0))
    return np.asarray((away > OUTLIER * np.maximum(1.4826 * np.median(away, axis=0), 0.1)).any(1))
