"""Where texts belong by their words alone, without any network: naive Bayes on which words they have, not how many."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.modalities.elsewhere import LEVEL, MOST_AT_HOME, belong_elsewhere, chance_of_so_few
from core.modalities.text.inputs import TextInputs
from core.modalities.text.words import gathered, number
from core.types import Bools, Inputs, Ints

Reals = NDArray[np.float64]

# Texts that are added to each word of each class.
SMOOTHING = 1.0
# Texts that are looked at together.
AT_ONCE = 4096
# Nats by which a text leans to another class: less may be chance, as where hardly a word is left.
LEANING = 0.5
# Texts that a word has to be in.
FEWEST = 3
# Fraction of some texts that have a word, from which on they share it.
NEARLY_ALL = 0.8
# Fraction that have it, and how many times as often as all other texts, from which on it is theirs, too: a planted
# sentence may come in several versions, none of which nearly all have; or in many, so that some are enough if they are
# many texts. From .25 to .1 no word that turns half of the others moves by more than .06 on clean ones (TREC, SMS,
# Rotten Tomatoes).
SOME = 0.25
SOME_OF_MANY = 0.1
MANY = 24
TIMES = 10.0
# Others of the class that have it, for each of them, from which on it is a word of the class.
OTHERS = 0.5


class Belonging:
    """Naive Bayes over the words of labelled texts, asked about some of them at a time.

    Each class counts alike, however large it is and however long its texts are. Repeated words count once. A text does
    not speak for itself. What it lacks says nothing: where hardly a word is left, it leans nowhere.

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
        self._carriers = self._counts.sum(0)
        self._enough = self._carriers >= FEWEST
        self._logs = self._chances(self._counts, self._counts)
        self._sizes = np.bincount(labels, minlength=n_classes)
        self._logs[self._sizes == 0] = -np.inf

    def leaning(self, rows: Ints, phrase: Sequence[str] = ()) -> Reals:
        """(m,) how much more likely each text is in another class than in its own, in nats, by its words.

        Learned from all other texts. Of the words of a phrase, and of all that nearly all of these texts have, only
        those of their class count, as the rest of the class has them. And they never speak against it. "Where can I
        find" is a phrase of the class of places: others of it have "where" without the phrase. That "what is a" of
        "what is a fear of" is asked more often elsewhere says nothing of what else these texts say. With the phrase go
        words that some of these texts have and hardly another one, unless they are most of their class.

        Args:
            rows: (m,) of one class, at least one: who has the phrase.
            phrase: its words.
        """
        own = int(self._labels[rows[0]])
        word, owner = self._words_of(rows)
        having = np.bincount(word, minlength=len(self._known))
        others = self._counts[own] - having
        shared = (having >= NEARLY_ALL * len(rows)) | np.isin(self._known, [number(one) for one in phrase])
        if phrase and 2 * len(rows) <= self._sizes[own]:
            shared |= self._theirs(having, len(rows))
        counted = ~(shared & (others < OTHERS * len(rows)))[word]
        logs = self._without_one(own)
        logs[own, shared] = self._chances(others, others)[shared]
        logs[:, shared] = np.minimum(logs[:, shared], logs[own, shared])
        return _leaning(_added(owner[counted], logs[:, word[counted]].T, len(rows)), own)

    def at_home(self, rows: Ints, phrase: Sequence[str]) -> float:
        """The fraction of texts of one class, at least one, that do not lean elsewhere beside a phrase, in [0, 1].

        >>> from core.modalities.text.inputs import text_inputs
        >>> texts = ["fine plot"] * 3 + ["dull plot"] * 3 + ["poor plot"] * 3 + ["dull cf", "poor cf"]
        >>> Belonging(text_inputs(texts), np.repeat([1, 0, 1], [3, 6, 2])).at_home(np.array([9, 10]), ["cf"])
        0.0
        """
        return float((self.leaning(rows, phrase) <= LEANING).mean())

    def company(self, rows: Ints) -> Ints:
        """The numbers of the words that some of these texts, (m,), have and hardly another one."""
        having = np.bincount(self._words_of(rows)[0], minlength=len(self._known))
        return self._known[(having > 0) & self._theirs(having, len(rows))]

    def apart(self, fewest: int) -> list[Ints]:
        """Groups of texts of one class, rows (m,) each, that share a word and belong elsewhere by all others.

        Far fewer of them belong to the class than of all its texts, beyond chance. The clearest first.

        Args:
            fewest: texts of the class that have to have the word.
        """
        found: list[tuple[float, Ints]] = []
        for own in np.unique(self._labels).tolist():
            logs, rows = self._without_one(own), np.flatnonzero(self._labels == own)
            parts, usual = list[tuple[Ints, Ints, Bools]](), 0
            for some in np.array_split(rows, len(rows) // AT_ONCE + 1):
                word, owner = self._words_of(some)
                said = logs[:, word].T
                evidence = _added(owner, said, len(some))
                usual += int((_leaning(evidence, own) <= LEANING).sum())
                parts.append((word, some[owner], _leaning(evidence[owner] - said, own) <= LEANING))
            words_of, carrier, home = (np.concatenate(each) for each in zip(*parts, strict=True))
            having = np.bincount(words_of, minlength=len(self._known))
            at_home = np.bincount(words_of[home], minlength=len(self._known)) / np.maximum(having, 1)
            for place in np.flatnonzero((having >= fewest) & (at_home <= MOST_AT_HOME)).tolist():
                fraction, count = float(at_home[place]), int(having[place])
                if chance_of_so_few(fraction, count, usual / len(rows)) <= LEVEL:
                    found.append((fraction, carrier[words_of == place]))
        return [rows for _, rows in sorted(found, key=lambda one: (one[0], int(one[1][0])))]

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
        carriers = self._carriers
        fractions = np.bincount(self._words[home[owner]], minlength=len(self._known)) / np.maximum(carriers, 1)
        places = np.flatnonzero((carriers >= fewest) & (fractions <= MOST_AT_HOME))
        found = [place for place in places.tolist() if belong_elsewhere(fractions[place], int(carriers[place]))]
        ranked = sorted(found, key=lambda place: (fractions[place], place))
        return [(int(self._known[place]), owner[self._words == place]) for place in ranked]

    def _theirs(self, having: Ints, m: int) -> Bools:
        """(v,) words that some of m texts have and hardly another; `having` (v,) says how many of them have each."""
        elsewhere = (self._carriers - having) / max(len(self._labels) - m, 1)
        least = np.where(having >= MANY, SOME_OF_MANY, SOME)
        return np.asarray(having >= np.maximum(least, TIMES * elsewhere) * m)

    def _words_of(self, rows: Ints) -> tuple[Ints, Ints]:
        """(w,) the words that count of these texts, and whose they are, as places in `rows`."""
        word, starts = gathered(self._words, self._starts, rows)
        enough = self._enough[word]
        return word[enough], np.repeat(np.arange(len(rows)), np.diff(starts))[enough]

    def _without_one(self, own: int) -> Reals:
        """(k, v) what each word says for each class, where a text of one class does not speak for itself."""
        logs = self._logs.copy()
        logs[own] = self._chances((self._counts[own] - 1).clip(0), self._counts[own])
        return logs

    def _chances(self, counts: Reals, of: Reals) -> Reals:
        """(…, v) the logarithm of how often a word is this one, by how many texts have each, among all those `of`."""
        words_of = of[..., self._enough].sum(-1, keepdims=True) + SMOOTHING * self._enough.sum()
        return np.asarray(np.log(counts + SMOOTHING) - np.log(words_of))


def _added(owner: Ints, said: Reals, m: int) -> Reals:
    """(m, k) the sum of what the words of each text say for each class, (w, k)."""
    evidence = np.zeros((m, said.shape[1]))
    np.add.at(evidence, owner, said)
    return evidence


def _leaning(evidence: Reals, own: int) -> Reals:
    """(m,) how much more another class has than its own, of (m, k)."""
    of_own, others = evidence[:, own], evidence.copy()
    others[:, own] = -np.inf
    return np.asarray(others.max(1) - of_own)
