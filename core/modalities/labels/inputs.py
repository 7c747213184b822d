"""Samples that nothing is known of but their names, which stand for them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.modalities.mapped import let_go
from core.types import Ints, Rows, Samples

MODALITY = "labels"
SHAPE = (1,)  # one name
DIMENSIONS = len(SHAPE)
BYTES = 200  # of a name in UTF-8: of a longer one its end is kept, which tells files apart
STRINGS = np.dtypes.StringDType()


@dataclass(frozen=True, eq=False)
class NameInputs:
    """Some rows of an array of names, in some order.

    Attributes:
        held: (m,) names in UTF-8, mapped or in memory.
        rows: (n,) rows of them; None for all, as they lie.

    >>> names = name_inputs(["cats/1.wav", "dogs/7.wav"])
    >>> len(names), names[1].item(), names.take([1, 0])[:].tolist(), names.shape
    (2, 'dogs/7.wav', ['dogs/7.wav', 'cats/1.wav'], (1,))
    """

    held: NDArray[np.bytes_]
    rows: Ints | None = None

    def __len__(self) -> int:
        return len(self.held) if self.rows is None else len(self.rows)

    @property
    def modality(self) -> str:
        """The name of the modality."""
        return MODALITY

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample: its name."""
        return SHAPE

    @property
    def nbytes(self) -> int:
        """Bytes of all n names as they are held."""
        return len(self) * BYTES

    def __getitem__(self, rows: int | Rows) -> Samples:
        """One name, as an array without dimensions, or several (b,); only these are read."""
        if isinstance(rows, (int, np.integer)):
            place = range(len(self))[rows]
            return strings(_text(self.held[place if self.rows is None else int(self.rows[place])]))
        places = rows if self.rows is None else self.rows[rows]
        return strings([_text(name) for name in self.held[places]])

    def take(self, rows: Rows) -> "NameInputs":
        """Some of the names, in any order; none is copied."""
        return NameInputs(self.held, (np.arange(len(self)) if self.rows is None else self.rows)[rows])

    def let_go(self) -> None:
        """Give the memory of mapped names back to the system."""
        let_go(self.held)


def strings(names: str | list[str]) -> Samples:
    """One name or several as samples."""
    return np.array(names, STRINGS)


def name_inputs(names: Iterable[str]) -> NameInputs:
    """Inputs of these names, in memory."""
    return NameInputs(np.array([encoded(name) for name in names], f"S{BYTES}"))


def encoded(name: str) -> bytes:
    """The end of a name in UTF-8, at most so many bytes; without NUL, which would end it."""
    return name.replace("\0", "�").encode("utf-8", "replace")[-BYTES:].decode("utf-8", "ignore").encode()


def _text(name: bytes) -> str:
    return bytes(name).decode("utf-8", "replace")
