"""Where texts belong by their words alone, without any network: naive Bayes on whether a text has a word."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.modalities.text.inputs import TextInputs
from core.modalities.text.words import gathered, number
from core.types import Bools, Inputs, Ints

Reals = NDArray[np.float64]

# Texts that are added to each word of each class.
SMOOTHING = 0.5
# Nats by which a text leans to another class: less may be chance, as where hardly a word is left.
LEANING = 0.5
# Texts that a word has to be in.
FEWEST = 3


class Belonging:
    """Naive Bayes over the words of labelled texts, asked about some of them at a time.

    Each class counts alike, however large it is. Repeated words count once. A text does not speak for itself.

    Args:
        inputs: n texts.
        labels: (n,) as given.
    """

    def __init__(self, inputs: Inputs, labels: Ints) -> None:
        assert isinstance(inputs, TextInputs)
        flat, starts = inputs.words()
        self._labels = labels
        self._known, word = np.unique(flat, return_inverse=True)
        owner = np.repeat(np.arange(len(labels)), np.diff(starts))
        each = np.unique(owner * max(len(self._known), 1) + word)
        owner, self._words = np.divmod(each, max(len(self._known), 1))
        self._starts = np.searchsorted(owner, np.arange(len(labels) + 1))
        n_classes = int(labels.max()) + 1
        self._counts = np.zeros((n_classes, len(self._known)))
        np.add.at(self._counts, (labels[owner], self._words), 1)
        self._sizes = np.bincount(labels, minlength=n_classes)[:, None]
        self._odds = _odds(self._counts, self._sizes)

    def leaning(self, rows: Ints, leaving_out: Sequence[int] = ()) -> Reals:
        """(m,) how much more likely each text is in another class than in its own, in nats, by its words but some.

        Learned from all other texts.

        Args:
            rows: (m,) of one class, at least one.
            leaving_out: numbers of words that are not looked at.
        """
        own = int(self._labels[rows[0]])
        less = (self._counts[own] - 1).clip(0), (self._sizes[own] - 1).clip(0)
        counted = (self._counts.sum(0) >= FEWEST) & ~np.isin(self._known, leaving_out)
        return self._asked(rows, own, _odds(*less), counted)

    def unlike_others(self, rows: Ints) -> Reals:
        """(m,) the same by all words, learned from the texts that are not in these rows: what they share says nothing.

        Args:
            rows: (m,) of one class, at least one.
        """
        own = int(self._labels[rows[0]])
        word, _ = gathered(self._words, self._starts, rows)
        theirs = np.bincount(word, minlength=len(self._known))
        without = _odds(self._counts[own] - theirs, self._sizes[own] - len(rows))
        return self._asked(rows, own, without, self._counts.sum(0) - theirs >= FEWEST)

    def at_home(self, rows: Ints, phrase: Sequence[str]) -> float:
        """The fraction of texts of one class, at least one, that do not lean elsewhere, in [0, 1].

        Neither by the words beside a phrase that they have, nor by what all words say elsewhere. "Where can I find" is
        a phrase of the class of places: "where" is one of its words wherever it stands.

        >>> from core.modalities.text.inputs import text_inputs
        >>> texts = ["fine plot", "fine cast", "fine film", "dull plot", "dull cast", "dull film", "dull cf"]
        >>> Belonging(text_inputs(texts), np.array([1, 1, 1, 0, 0, 0, 1])).at_home(np.array([6]), ["cf"])
        0.0
        """
        beside = self.leaning(rows, [number(word) for word in phrase])
        return max(float((leaning <= LEANING).mean()) for leaning in (beside, self.unlike_others(rows)))

    def _asked(self, rows: Ints, own: int, odds_of_own: tuple[Reals, Reals], counted: Bools) -> Reals:
        """(m,) how much texts of class `own` lean elsewhere, by the words that are counted."""
        odds, absent = (every.copy() for every in self._odds)
        odds[own], absent[own] = odds_of_own
        word, starts = gathered(self._words, self._starts, rows)
        owner = np.repeat(np.arange(len(rows)), np.diff(starts))[counted[word]]
        nobody = np.where(self._sizes[:, 0] > 0, absent[:, counted].sum(1), -np.inf)
        evidence = np.repeat(nobody[None], len(rows), 0)
        np.add.at(evidence, owner, odds[:, word[counted[word]]].T)
        of_own = evidence[:, own].copy()
        evidence[:, own] = -np.inf
        return np.asarray(evidence.max(1) - of_own)


def _odds(counts: Reals, sizes: Ints) -> tuple[Reals, Reals]:
    """What each word says for a class where a text has it, and where it has not; (k, v) or (v,) each."""
    chances = (counts + SMOOTHING) / (sizes + 2 * SMOOTHING)
    return np.log(chances) - np.log1p(-chances), np.log1p(-chances)
