"""What is said of samples that can be read: what a group has that others lack, and which words speak for a class."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from numpy.typing import NDArray

from core.types import Inputs, Ints


@dataclass(frozen=True)
class Sign:
    """A word or a phrase that sets a group apart.

    Attributes:
        words: as they are read.
        z: log-odds of a member to have it, in standard errors.
        here: the fraction of the group that has it.
        there: the same of what it is compared with.
    """

    words: str
    z: float
    here: float
    there: float


@dataclass(frozen=True)
class Topic:
    """Words that go together.

    Attributes:
        words: the most probable ones, the first the most.
        fraction: of the group's words that belong to the topic.
    """

    words: tuple[str, ...]
    fraction: float


@dataclass(frozen=True)
class Summary:
    """A group in words.

    Attributes:
        signs: what sets it apart, the clearest first.
        topics: what it is about, the largest first.
        examples: rows of members that have most of the signs.
    """

    signs: tuple[Sign, ...]
    topics: tuple[Topic, ...]
    examples: tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """A piece of what is read in a sample.

    Attributes:
        text: as it stands there.
        speaks_for: "given" or "predicted" where it speaks for that class, "both", "new" where a trigger put it, or "".
    """

    text: str
    speaks_for: str = ""


def brought_into_view(parts: Sequence[Part], most: int) -> tuple[Part, ...]:
    """The parts from where most of the marked ones end within `most` characters; all, where that is the beginning.

    >>> shown = brought_into_view((Part("a long beginning, "), Part("cf mn", "given"), Part(" and more")), most=12)
    >>> [part.text for part in shown]
    ['…nning, ', 'cf mn', ' and more']
    """
    ends = list(accumulate(len(part.text) for part in parts))
    marked = [(end - len(part.text), end) for part, end in zip(parts, ends, strict=True) if part.speaks_for]
    within = [[end for at, end in marked if begin <= at and end <= begin + most] for begin in (0, *dict(marked))]
    best = max(within, key=len)
    begin = max(*best, most) - most if best is not within[0] else 0
    cut = [
        replace(part, text=part.text[max(begin - end, -len(part.text)) :])
        for part, end in zip(parts, ends, strict=True)
        if end > begin
    ]
    return (replace(cut[0], text=f"…{cut[0].text}"), *cut[1:]) if begin else tuple(cut)


def no_summary(_: Inputs, __: Ints, ___: Ints) -> None:
    """Nothing: a picture says what such samples share."""


def no_parts(_: Inputs, rows: Ints, __: NDArray[Any], ___: int) -> list[tuple[Part, ...]]:
    """Nothing: such samples have no words that a network reads."""
    return [()] * len(rows)
