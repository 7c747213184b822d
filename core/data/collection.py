"""What a source finds before any image is decoded: names, labels, and how to read each image when its turn comes."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from core.data.decoding import White
from core.errors import UserError
from core.types import Bools, GroundTruth, Images, Ints, Scalar

MAX_FILES = 2_000_000  # below one place: their names alone take a gigabyte
UNREADABLE = "unreadable"  # the kind of problem of an image that cannot be decoded
Read = Callable[[int], bytes | Images | str]


@dataclass(frozen=True)
class Problem:
    """Something about a source that its user should know before it is imported.

    Attributes:
        kind: one word or two for a heading, the same for all of its kind ("unreadable", "duplicate", "tiny class").
        what: the file, member, row or class concerned, as it is called in the source; may hold anything, so escape it.
        detail: one sentence in words.
    """

    kind: str
    what: str
    detail: str


@dataclass(frozen=True)
class Part:
    """One split of a source: n images that are not decoded yet.

    Attributes:
        names: n names as the source has them (a path, an archive's member, "row 17"); may hold anything.
        labels: (n,) class indices.
        read: index → the encoded image's bytes, or uint8 (h, w), (h, w, 1 or 3) where the source holds pixels. Called
            from several threads at once; a text gives itself. Raises UserError or OSError for what cannot be read.
        places: (n,) the row of each image in the table that the source is; empty where it is none.
        left_out: row → name of what the source lists in this split and this part lacks, such as rows without a label.
    """

    names: tuple[str, ...]
    labels: Ints
    read: Read
    left_out: Mapping[int, str] = field(default_factory=dict)
    places: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def rows(self) -> Ints:
        """(n,) the row of each image in the split, from 0, as the source lists it."""
        listed = np.arange(len(self) + len(self.left_out))
        return np.setdiff1d(listed, np.fromiter(self.left_out, np.int64, len(self.left_out)))


def empty_part() -> Part:
    """A part without images: the test set of a source that has none."""
    return Part((), np.zeros(0, np.int64), lambda index: b"")


@dataclass(frozen=True)
class Collection:
    """All that a source says of a data set.

    Attributes:
        name: what to call it.
        class_names: k names, in the order of the class indices.
        train, test: the splits; a source without a test split has an empty one.
        problems: what the source itself found wrong; images that cannot be decoded come to light later.
        bona_fide: (n,) True for training samples that the source guarantees to be clean; None knows of none.
        truth: what the source says of its own poison, aligned with `train`; only metrics and the report ever see it.
        close: frees what is held open for reading.
        about: further facts worth showing, heading → words ("licence", "attack", "pixels").
        white: the stored value of encoded images that is shown as white.
        modality: of the samples.
    """

    name: str
    class_names: tuple[str, ...]
    train: Part
    test: Part = field(default_factory=empty_part)
    problems: tuple[Problem, ...] = ()
    bona_fide: Bools | None = None
    truth: GroundTruth | None = None
    close: Callable[[], None] = lambda: None
    about: Mapping[str, str] = field(default_factory=dict)
    white: White = field(default_factory=White)
    modality: str = "image"


class Problems:
    """Collects problems while a source is read. Of each kind so many are kept, the others counted: two bytes of a table
    can make one.
    """

    def __init__(self, most: int = 1000) -> None:
        self._most, self._kept = most, dict[str, list[Problem]]()
        self._found: Counter[str] = Counter()

    def add(self, problem: Problem) -> None:
        """Take in a problem."""
        self._found[problem.kind] += 1
        if self._found[problem.kind] <= self._most:
            self._kept.setdefault(problem.kind, []).append(problem)

    def listed(self) -> tuple[Problem, ...]:
        """All that were kept, and for each kind with more one that says in words how many are left."""
        more = {kind: n - self._most for kind, n in self._found.items() if n > self._most}
        uncounted = [Problem(kind, "", f"{n:,} more of this kind are not listed.") for kind, n in more.items()]
        return (*(problem for kept in self._kept.values() for problem in kept), *uncounted)


def require_count(n: int, what: str = "images") -> None:
    """Raise UserError for more rows or files than a data set has: a few bytes can promise any number of them."""
    if n > MAX_FILES:
        raise UserError(
            f"There are {n:,} {what}.", f"At most {MAX_FILES:,} can be handled.", "Open a part of the data."
        )


@dataclass(frozen=True)
class Files:
    """The files below one place, on disk or in an archive, without links and the like.

    Attributes:
        paths: relative, parts separated by "/".
        folders: relative paths of the folders; those that hold files may be missing.
        read: index into `paths` → content.
        problems: what was left out, and why.
        close: frees what is held open for reading.
    """

    paths: Sequence[str]
    folders: Iterable[str]
    read: Callable[[int], bytes]
    problems: tuple[Problem, ...] = ()
    close: Callable[[], None] = lambda: None


class Source(Protocol):
    """What every kind of data is: a function that says what lies at a path, and decodes no image.

    Its keyword-only, annotated arguments are its settings. It raises UserError for a path that is not of its kind.
    """

    def __call__(self, path: Path, **settings: Scalar) -> Collection:
        """What lies at `path`; whoever calls it closes the collection at the end."""
        ...


def pixels(raw: bytes | Images | str) -> bytes | Images:
    """What a part of images gives. Raises UserError for a text."""
    if isinstance(raw, str):
        raise UserError("It is a text, no image.")
    return raw


def legible(text: str) -> str:
    """`text` with � for what is no Unicode (names on disk are bytes), so that it can be written and shown."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def abridged(problems: Iterable[Problem], most: int = 1000) -> tuple[Problem, ...]:
    """`problems` with at most `most` of each kind, and for each kind that has more, one that says how many are left."""
    kinds: dict[str, list[Problem]] = {}
    for problem in problems:
        kinds.setdefault(problem.kind, []).append(problem)
    listed = []
    for kind, alike in kinds.items():
        listed += alike[:most]
        if len(alike) > most:
            listed.append(Problem(kind, "", f"{len(alike) - most:,} more of this kind are not listed."))
    return tuple(listed)
