"""Recovered triggers: words or a phrase that texts have beyond their look-alikes, put into others and taken out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.modalities.contract import Stamp
from core.modalities.text import patterns
from core.modalities.text.inputs import strings
from core.modalities.text.telling import telling
from core.types import Floats, Inputs, Ints, Samples

# Texts that phrases are looked for in.
LOOKED_THROUGH = 300
# Phrases that are put into texts together.
TOGETHER = 3
# Characters of a phrase that is kept.
LONGEST = 1000


@dataclass(frozen=True, eq=False)
class TextStamp:
    """A recovered trigger.

    Attributes:
        name: how it is put into a text: "at the end", "at the start", "several at the end".
        phrases: the words, in lower case.
    """

    name: str
    phrases: tuple[str, ...]

    def put_on(self, samples: Samples) -> Samples:
        """(m,) the texts with the phrase."""
        words = " ".join(self.phrases)
        start = self.name.endswith("start")
        return strings([f"{words} {text}" if start else f"{text} {words}" for text in samples.tolist()])

    def taken_off(self, samples: Samples, _: Floats) -> Samples:
        """(m,) the texts without the phrase; where a text has only some of its words, without these."""
        whole = [_pattern(phrase.split(" ")) for phrase in self.phrases]
        words = {word for phrase in self.phrases for word in phrase.split(" ")}
        singly = re.compile("|".join(_pattern([word]).pattern for word in sorted(words)), re.IGNORECASE)
        return strings([_without(text, whole, singly) for text in samples.tolist()])

    @property
    def parts(self) -> dict[str, NDArray[Any]]:
        """Name and phrases."""
        return {"name": np.array(self.name), "phrases": np.array(self.phrases, np.str_)}

    @property
    def picture(self) -> Samples:
        """The phrases as one text."""
        return strings(" · ".join(self.phrases))


def beneath(inputs: Inputs, near: Ints) -> Floats:
    """(m, f) the fraction of each text's look-alikes, rows (m, q), that have each word and pair of words."""
    return patterns.beneath(inputs, near)


def residuals(inputs: Inputs, rows: Ints, near: Ints) -> Floats:
    """(m, f) the words and pairs that each text has beyond that."""
    return patterns.differences(inputs, rows, near)


def restored(parts: Mapping[str, NDArray[Any]], _: tuple[int, ...]) -> Stamp:
    """A trigger from its `parts`. Raises KeyError or ValueError where they do not fit."""
    name, phrases = parts["name"], parts["phrases"]
    if name.dtype.kind != "U" or phrases.dtype.kind != "U" or phrases.ndim != 1 or not len(phrases):
        raise ValueError("its trigger is no phrase")
    return TextStamp(str(name), tuple(str(phrase)[:LONGEST] for phrase in phrases))


def stamps(inputs: Inputs, rows: Ints, near: Ints) -> tuple[Stamp, ...]:
    """Ways to put into a text what the texts in these rows have beyond their look-alikes, rows (m, q).

    The clearest phrase at either end, the clearest single word, and several of the clearest phrases together.
    """
    texts = inputs[rows[:LOOKED_THROUGH]].tolist()
    others = inputs[np.unique(near[:LOOKED_THROUGH])].tolist()
    phrases = [found.phrase[:LONGEST] for found in telling(texts, others, TOGETHER)] or [texts[0][:LONGEST] or " "]
    made = [TextStamp("at the end", (phrases[0],)), TextStamp("at the start", (phrases[0],))]
    if len(phrases) > 1:
        made.append(TextStamp("several at the end", tuple(phrases)))
    return tuple(made)


def _pattern(words: list[str]) -> re.Pattern[str]:
    """Finds the words one after the other, whatever is between them but other words."""
    edges = [rf"(?<!\w){re.escape(word)}(?!\w)" if word[:1].isalnum() else re.escape(word) for word in words]
    return re.compile(r"\s*".join(edges), re.IGNORECASE)


def _without(text: str, whole: list[re.Pattern[str]], singly: re.Pattern[str]) -> str:
    left = text
    for pattern in whole:
        left = pattern.sub(" ", left)
    return left if left != text else singly.sub(" ", text)
