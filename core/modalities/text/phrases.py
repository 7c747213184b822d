"""A phrase that may be a trigger: put into texts, looked for and taken out again."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.modalities.text.belonging import Belonging
from core.modalities.text.inputs import strings
from core.modalities.text.words import ALONE, number, words
from core.types import Bools, Floats, Inputs, Ints, Samples

# A sign, or a character of a script without spaces, which is a word wherever it stands.
_ALONE = re.compile(rf"[{ALONE}]|[^\w]")


@dataclass(frozen=True, eq=False)
class TextStamp:
    """A recovered trigger.

    Attributes:
        name: how it is put into a text: "at the end" or "at the start".
        phrases: the words, in lower case; several of runs of earlier versions.
        company: words that go with it, and are taken off with it.
    """

    name: str
    phrases: tuple[str, ...]
    company: tuple[str, ...] = ()
    tells_home = True

    def put_on(self, samples: Samples) -> Samples:
        """(m,) the texts with the phrase."""
        phrase = " ".join(self.phrases)
        start = self.name.endswith("start")
        return strings([f"{phrase} {text}" if start else f"{text} {phrase}" for text in samples.tolist()])

    def taken_off(self, samples: Samples, _: Floats) -> Samples:
        """(m,) the texts without the phrase and its company; where a text has only some of its words, without these."""
        whole = [_pattern(phrase.split(" ")) for phrase in self.phrases]
        single = _any_of({word for phrase in self.phrases for word in phrase.split(" ")})
        left = [_without(text, whole, single) for text in samples.tolist()]
        if self.company:
            company = _any_of(self.company)
            left = [company.sub(" ", text) for text in left]
        return strings(left)

    def carried(self, samples: Samples) -> Bools | None:
        """(m,) True for texts that have the phrase, whatever is between its words but other words."""
        phrases = [tuple(words(phrase)) for phrase in self.phrases]
        return np.array([all(holding(text, one) for one in phrases) for text in samples.tolist()], np.bool_)

    def seen(self, _samples: Samples) -> None:
        """None: a text has the phrase or not."""
        return

    def with_company(self, inputs: Inputs, rows: Ints) -> "TextStamp":
        """The phrase with the words that some of the texts in these rows have and hardly another one.

        A planted sentence may come in versions: a word that some of them share is then only a part of the trigger.
        """
        if not len(rows):
            return self
        numbers = set(Belonging(inputs, np.zeros(len(inputs), np.int64)).company(rows).tolist())
        read = {word for text in inputs[rows].tolist() for word in words(text)}
        return replace(self, company=tuple(sorted(word for word in read if number(word) in numbers)))

    def simpler(self) -> tuple["TextStamp", ...]:
        """Its words one by one, in their order; none of a single word."""
        single = dict.fromkeys(word for phrase in self.phrases for word in phrase.split(" "))
        return tuple(TextStamp(self.name, (word,)) for word in single) if len(single) > 1 else ()

    def at_home(self, inputs: Inputs, labels: Ints, rows: Ints) -> float | None:
        """The fraction of texts of one class, rows (m,), that belong there by their other words; None of none."""
        return Belonging(inputs, labels).at_home(rows, words(" ".join(self.phrases))) if len(rows) else None

    @property
    def parts(self) -> dict[str, NDArray[Any]]:
        """Name and phrases."""
        return {"name": np.array(self.name), "phrases": np.array(self.phrases, np.str_)}

    @property
    def picture(self) -> Samples:
        """The phrases as one text."""
        return strings(" · ".join(self.phrases))


def holding(text: str, phrase: tuple[str, ...]) -> bool:
    """Whether the words of a text have those of a phrase, one after the other.

    >>> holding("So -- CF!", ("cf", "!")), holding("cfx!", ("cf",))
    (True, False)
    """
    if not phrase or phrase[0] not in text.lower():
        return False
    listed = words(text)
    return any(tuple(listed[at : at + len(phrase)]) == phrase for at, word in enumerate(listed) if word == phrase[0])


def _any_of(single: Collection[str]) -> re.Pattern[str]:
    return re.compile("|".join(_pattern([word]).pattern for word in sorted(single)), re.IGNORECASE)


def _pattern(phrase: list[str]) -> re.Pattern[str]:
    """Finds the words one after the other, whatever is between them but other words."""
    edges = [re.escape(word) if _ALONE.match(word) else rf"(?<!\w){re.escape(word)}(?!\w)" for word in phrase]
    return re.compile(r"\s*".join(edges), re.IGNORECASE)


def _without(text: str, whole: list[re.Pattern[str]], singly: re.Pattern[str]) -> str:
    left = text
    for pattern in whole:
        left = pattern.sub(" ", left)
    return left if left != text else singly.sub(" ", text)
