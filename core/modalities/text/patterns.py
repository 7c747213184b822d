"""What texts can share that a trigger left there: words, and pairs of neighbouring words."""

import numpy as np

from core.modalities.contract import Way
from core.modalities.text.inputs import TextInputs
from core.modalities.text.words import bags, gathered, numbers, pairs
from core.types import Floats, Inputs, Ints, Samples

# Buckets that words fall into; pairs have as many.
BUCKETS = 1024
# Texts of a class that are enough for what it repeats.
SMALLEST_CLASS = 10
# Words of a text whose repetition counts, its clearest ones.
CLEAREST = 3


def bags_of_words(samples: Samples | Floats) -> Floats:
    """(m, buckets) which words each text has; of differences, the half that is about words."""
    if samples.ndim == 2:
        return np.asarray(samples[:, :BUCKETS], np.float32)
    return bags(*numbers(str(text) for text in samples), BUCKETS)


def bags_of_pairs(samples: Samples | Floats) -> Floats:
    """(m, buckets) which pairs of neighbouring words each text has; of differences, the half that is about pairs."""
    if samples.ndim == 2:
        return np.asarray(samples[:, BUCKETS:], np.float32)
    return bags(*pairs(*numbers(str(text) for text in samples)), BUCKETS)


exact = True
ways: tuple[Way, ...] = (bags_of_words, bags_of_pairs)


def coarse(inputs: Inputs) -> Floats:
    """(n, buckets) which words each text has, rare ones counted more, of length 1 each (TF-IDF)."""
    found = bags(*_words(inputs), BUCKETS)
    weights = np.log((1 + len(found)) / (1 + found.sum(0))).astype(np.float32)
    found *= weights
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)
    return found


values = coarse


def differences(inputs: Inputs, rows: Ints, near: Ints) -> Floats:
    """(m, 2 · buckets) the words and pairs of each text less the fraction of its neighbours (m, q) that have them."""
    return presence(inputs, rows) - beneath(inputs, near)


def beneath(inputs: Inputs, near: Ints) -> Floats:
    """(m, 2 · buckets) the fraction of each text's neighbours, rows (m, q), that have each word and pair."""
    fractions = np.zeros((len(near), 2 * BUCKETS), np.float32)
    for column in near.T:
        fractions += presence(inputs, column) / np.float32(near.shape[1])
    return fractions


def presence(inputs: Inputs, rows: Ints) -> Floats:
    """(m, 2 · buckets) 1 for each word and each pair that a text has, else 0."""
    flat, starts = gathered(*_words(inputs), rows)
    return np.hstack([bags(flat, starts, BUCKETS), bags(*pairs(flat, starts), BUCKETS)])


def repeats(inputs: Inputs, labels: Ints, n_classes: int) -> Floats:
    """(n,) how much more frequent the clearest words of each text are in its class; NaN in a class that is too small.

    The score is the sum of the three largest z-scores by which the words' frequencies differ from those elsewhere.
    """
    scores = np.full(len(labels), np.nan, np.float32)
    flat, starts = _words(inputs)
    known, word = np.unique(flat, return_inverse=True)
    owner = np.repeat(np.arange(len(labels)), np.diff(starts))
    each = np.unique(owner * max(len(known), 1) + word)  # a word counts once in a text
    owner, word = np.divmod(each, max(len(known), 1))
    total = np.bincount(word, minlength=len(known))
    for index in range(n_classes):
        own = labels == index
        if own.sum() < SMALLEST_CLASS:
            continue
        inside = own[owner]
        here = np.bincount(word[inside], minlength=len(known))
        elsewhere = (total - here + 1) / (len(labels) - own.sum() + 2)
        excess = (here / own.sum() - elsewhere) / np.sqrt(elsewhere * (1 - elsewhere) / own.sum() + 1e-9)
        scores[own] = _clearest(owner[inside], excess[word[inside]].clip(0), len(labels))[own]
    return scores


def _clearest(owner: Ints, values: Floats, n: int) -> Floats:
    """(n,) the sum of the three largest values of each owner."""
    order = np.lexsort((-values, owner))
    counts = np.bincount(owner, minlength=n)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    sums = np.bincount(owner[order], np.where(rank < CLEAREST, values[order], 0), minlength=n)
    return np.asarray(sums, np.float32)


def _words(inputs: Inputs) -> tuple[Ints, Ints]:
    assert isinstance(inputs, TextInputs)
    return inputs.words()
