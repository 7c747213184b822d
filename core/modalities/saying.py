"""What is said of samples that can be read: what a group has that others lack, and which words speak for a class."""

from dataclasses import dataclass
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


def no_summary(_: Inputs, __: Ints, ___: Ints) -> None:
    """Nothing: a picture says what such samples share."""


def no_parts(_: Inputs, rows: Ints, __: NDArray[Any], ___: int) -> list[tuple[Part, ...]]:
    """Nothing: such samples have no words that a network reads."""
    return [()] * len(rows)
