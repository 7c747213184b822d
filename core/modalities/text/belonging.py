"""Where texts belong by their words alone, without any network: naive Bayes on whether a text has a word."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.modalities.text.inputs import TextInputs
from core.modalities.text.words import number
from core.types import Bools, Inputs, Ints

Reals = NDArray[np.float64]

# Texts that are added to each word of each class.
SMOOTHING = 0.5
# Nats by which a text leans to another class: less may be chance, as where hardly a word is left.
LEANING = 0.5
# Texts that a word has to be in.
FEWEST = 3


def leaning(inputs: Inputs, labels: Ints, rows: Ints, leaving_out: Sequence[int]) -> Reals:
    """(m,) how much more likely each text is in another class than in its own, in nats, by its words but some.

    Learned from all other texts.

    Each class counts alike, however large it is. Repeated words count once.

    Args:
        inputs: n texts.
        labels: (n,) as given.
        rows: (m,) the texts in question.
        leaving_out: numbers of words that are not looked at.
    """
    assert isinstance(inputs, TextInputs)
    flat, starts = inputs.words()
    known, word = np.unique(flat, return_inverse=True)
    owner = np.repeat(np.arange(len(labels)), np.diff(starts))
    owner, word = np.divmod(np.unique(owner * max(len(known), 1) + word), max(len(known), 1))
    n_classes = int(labels.max()) + 1
    counts = np.zeros((n_classes, len(known)))
    np.add.at(counts, (labels[owner], word), 1)
    sizes = np.bincount(labels, minlength=n_classes)[:, None]
    seen = (counts.sum(0) >= FEWEST) & ~np.isin(known, leaving_out)
    odds, absent = _odds(counts, sizes, seen)
    without, absent_without = _odds((counts - 1).clip(0), (sizes - 1).clip(0), seen)
    asked = np.isin(owner, rows)
    owner, word = owner[asked], word[asked]
    each = odds[:, word].T
    own = labels[owner]
    each[np.arange(len(own)), own] = without[own, word]  # a text does not speak for itself
    evidence = np.zeros((len(labels), n_classes))
    np.add.at(evidence, owner, each)
    evidence += np.where(sizes[:, 0] > 0, absent, -np.inf)
    evidence[np.arange(len(labels)), labels] += (absent_without - absent)[labels]
    found, given = evidence[rows], (np.arange(len(rows)), labels[rows])
    of_own = found[given].copy()
    found[given] = -np.inf
    return np.asarray(found.max(1) - of_own)


def _odds(counts: Reals, sizes: Ints, seen: Bools) -> tuple[Reals, Reals]:
    """(k, v) what a word says for a class, and (k,) what it says that a text has none."""
    chances = (counts + SMOOTHING) / (sizes + 2 * SMOOTHING)
    return np.where(seen, np.log(chances) - np.log1p(-chances), 0), np.where(seen, np.log1p(-chances), 0).sum(1)


def at_home(inputs: Inputs, labels: Ints, rows: Ints, phrase: Sequence[str]) -> float:
    """The fraction of texts of one class, at least one, that do not lean elsewhere by the words beside a phrase.

    >>> from core.modalities.text.inputs import text_inputs
    >>> texts = text_inputs(["fine plot", "fine cast", "fine film", "dull plot", "dull cast", "dull film", "dull cf"])
    >>> at_home(texts, np.array([1, 1, 1, 0, 0, 0, 1]), np.array([6]), ["cf"])
    0.0
    """
    return float((leaning(inputs, labels, rows, [number(word) for word in phrase]) <= LEANING).mean())
