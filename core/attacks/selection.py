"""Samples that are chosen by what they are: long tails, near-duplicates, a kind within a class."""

from collections.abc import Mapping

import numpy as np

from core.types import Bools, Ints, Scalar


def thinned(labels: Ints, n_classes: int, smallest: int | None, settings: Mapping[str, Scalar], seed: int) -> Bools:
    """(n,) True for the samples that an imbalance leaves.

    Args:
        labels: (n,).
        n_classes: k.
        smallest: the class that is left the fewest; None for the last one.
        settings: of `imbalance`.
        seed: of the choice.
    """
    rng, kept = np.random.default_rng(seed), np.zeros(len(labels), np.bool_)
    last = n_classes - 1 if smallest is None else smallest
    fold = float(settings["fold"])
    for index in range(n_classes):
        place = (index - last - 1) % n_classes  # 0 for the class after the smallest, k − 1 for the smallest
        tail = place / max(n_classes - 1, 1)
        power = tail if settings["profile"] == "long_tail" else float(index == last)
        rows = np.flatnonzero(labels == index)
        kept[rng.permutation(rows)[: max(min(1, len(rows)), round(len(rows) * fold**-power))]] = True
    return kept


def copies_of(labels: Ints, free: Bools, n_originals: int, n_copies: int, seed: int) -> Ints:
    """(n,) the row of which a sample becomes a near-copy, −1 for none; copies replace samples of the same class.

    Args:
        labels: (n,).
        free: (n,) True for the samples that may be chosen.
        n_originals, n_copies: so many copies of each of so many samples, as far as their classes have room.
        seed: of the choice.
    """
    rng, result = np.random.default_rng(seed), np.full(len(labels), -1)
    originals = rng.permutation(np.flatnonzero(free))[:n_originals]
    for row in originals:
        room = np.flatnonzero(free & (labels == labels[row]) & (result < 0))
        room = room[~np.isin(room, originals)]
        result[rng.permutation(room)[:n_copies]] = row
    return result
