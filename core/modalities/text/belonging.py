"""Where texts belong by their words alone, without any network: naive Bayes on whether a text has a word."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.modalities.elsewhere import MOST_AT_HOME, belong_elsewhere
from core.modalities.text.inputs import TextInputs
from core.modalities.text.words import gathered, number
from core.types import Inputs, Ints

Reals = NDArray[np.float64]

# Texts that are added to each word of each class.
SMOOTHING = 0.5
# Texts that are looked at together.
AT_ONCE = 4096
# Nats by which a text leans to another class: less may be chance, as where hardly a word is left.
LEANING = 0.5
# Texts that a word has to be in.
FEWEST = 3
# Fraction of some texts that have a word, from which on they share it.
NEARLY_ALL = 0.8
# Others of the class that have it, for each of them, from which on it is a word of the class.
OTHERS = 0.5


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

    def leaning(self, rows: Ints, phrase: Sequence[str] = ()) -> Reals:
        """(m,) how much more likely each text is in another class than in its own, in nats, by its words.

        Learned from all other texts. Of the words of a phrase, and of all that nearly all of these texts have, only
        those of their class count, as the rest of the class has them. "Where can I find" is a phrase of the class of
        places: others of it have "where" without the phrase.

        Args:
            rows: (m,) of one class, at least one: who has the phrase.
            phrase: its words.
        """
        own = int(self._labels[rows[0]])
        word, starts = gathered(self._words, self._starts, rows)
        having = np.bincount(word, minlength=len(self._known))
        others = self._counts[own] - having
        shared = (having >= NEARLY_ALL * len(rows)) | np.isin(self._known, [number(one) for one in phrase])
        counted = (self._counts.sum(0) >= FEWEST) & ~(shared & (others < OTHERS * len(rows)))
        odds, absent = (every.copy() for every in self._odds)
        odds[own], absent[own] = _odds((self._counts[own] - 1).clip(0), (self._sizes[own] - 1).clip(0))
        of_rest = _odds(others, self._sizes[own] - len(rows))
        odds[own, shared], absent[own, shared] = of_rest[0][shared], of_rest[1][shared]
        owner = np.repeat(np.arange(len(rows)), np.diff(starts))[counted[word]]
        nobody = np.where(self._sizes[:, 0] > 0, absent[:, counted].sum(1), -np.inf)
        evidence = np.repeat(nobody[None], len(rows), 0)
        np.add.at(evidence, owner, odds[:, word[counted[word]]].T)
        of_own = evidence[:, own].copy()
        evidence[:, own] = -np.inf
        return np.asarray(evidence.max(1) - of_own)

    def at_home(self, rows: Ints, phrase: Sequence[str]) -> float:
        """The fraction of texts of one class, at least one, that do not lean elsewhere beside a phrase, in [0, 1].

        >>> from core.modalities.text.inputs import text_inputs
        >>> texts = ["fine plot", "fine cast", "fine film", "dull plot", "dull cast", "dull film", "dull cf"]
        >>> Belonging(text_inputs(texts), np.array([1, 1, 1, 0, 0, 0, 1])).at_home(np.array([6]), ["cf"])
        0.0
        """
        return float((self.leaning(rows, phrase) <= LEANING).mean())

    def of_elsewhere(self, fewest: int) -> list[tuple[int, Ints]]:
        """The number of each word whose carriers, of any class, belong elsewhere, and their rows; the clearest first.

        Args:
            fewest: texts that have to have it.
        """
        home = np.zeros(len(self._labels), np.bool_)
        for index in np.unique(self._labels):
            rows = np.flatnonzero(self._labels == index)
            for part in np.array_split(rows, len(rows) // AT_ONCE + 1):
                home[part] = self.leaning(part) <= LEANING
        owner = np.repeat(np.arange(len(self._labels)), np.diff(self._starts))
        carriers = np.bincount(self._words, minlength=len(self._known))
        fractions = np.bincount(self._words[home[owner]], minlength=len(self._known)) / np.maximum(carriers, 1)
        places = np.flatnonzero((carriers >= fewest) & (fractions <= MOST_AT_HOME))
        found = [place for place in places.tolist() if belong_elsewhere(fractions[place], int(carriers[place]))]
        ranked = sorted(found, key=lambda place: (fractions[place], place))
        return [(int(self._known[place]), owner[self._words == place]) for place in ranked]


def _odds(counts: Reals, sizes: Ints) -> tuple[Reals, Reals]:
    """What each word says for a class where a text has it, and where it has not; (k, v) or (v,) each."""
    chances = (counts + SMOOTHING) / (sizes + 2 * SMOOTHING)
    return np.log(chances) - np.log1p(-chances), np.log1p(-chances)
