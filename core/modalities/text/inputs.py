"""Texts as inputs: Arrow columns, mapped or in memory, and which of their rows are meant."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.modalities.text import words
from core.types import Ints, Rows, Samples

MODALITY = "text"
KNOWN = 10_000  # words at most that a network learns of its training data
SHAPE = (words.MOST, KNOWN)
# Fraction of a column from which on all of it is cut into tokens, since the next ones will ask for the others.
WORTH_ALL = 0.3
# Tokenizers whose tokens of a column are kept: those of a run, and of a model that is trained beside it.
MOST_KEPT = 2
# Texts that become Python's own at a time.
TOGETHER = 8192
STRINGS = np.dtypes.StringDType()


@dataclass(frozen=True, eq=False)
class Columns:
    """Some texts and their words; replaced as a whole, never changed.

    Attributes:
        texts: m strings.
        words: numbers of all words, one text after the other.
        starts: (m + 1,) where those of each text begin.
        tokens: what networks read of all texts, of the last ones that did, by what tells a tokenizer from others.
    """

    texts: pa.ChunkedArray
    words: Ints
    starts: Ints
    tokens: dict[Hashable, tuple[Ints, Ints]] = field(default_factory=dict)


@dataclass(eq=False)
class Held:
    """Where inputs find their columns; of a copy that may be painted on, they are replaced."""

    columns: Columns


@dataclass(frozen=True, eq=False)
class TextInputs:
    """Some rows of columns of texts, in some order; no text is read before it is asked for.

    Attributes:
        held: the columns.
        rows: (n,) rows of them; None for all, as they lie.
        shape: how many words of a text a network sees, and how many different ones it knows at most.

    >>> texts = text_inputs(["good film", "bad", "fine"])
    >>> len(texts), texts[1].item(), texts.take([2, 0])[:].tolist(), texts.nbytes
    (3, 'bad', ['fine', 'good film'], 16)
    """

    held: Held
    rows: Ints | None = None
    shape: tuple[int, int] = SHAPE

    def __len__(self) -> int:
        return len(self.held.columns.texts) if self.rows is None else len(self.rows)

    @property
    def modality(self) -> str:
        """The name of the modality."""
        return MODALITY

    @property
    def nbytes(self) -> int:
        """Bytes of all n texts in UTF-8."""
        return int(pc.sum(pc.binary_length(self._of(slice(None)))).as_py() or 0)

    def __getitem__(self, rows: int | Rows) -> Samples:
        """One text, as an array without dimensions, or several (b,); only these are read."""
        if isinstance(rows, (int, np.integer)):
            place = range(len(self))[rows]
            return strings(self.held.columns.texts[place if self.rows is None else int(self.rows[place])].as_py())
        return strings(self._of(rows).to_pylist())

    def take(self, rows: Rows) -> "TextInputs":
        """Some of the texts, in any order; none is copied."""
        return TextInputs(self.held, self._places()[rows], self.shape)

    def let_go(self) -> None:
        """Nothing: Arrow's columns are small beside what networks make of them."""

    def words(self) -> tuple[Ints, Ints]:
        """The numbers of all words, one text after the other, and where each of the n texts begins, (n + 1,)."""
        columns = self.held.columns
        return (
            (columns.words, columns.starts)
            if self.rows is None
            else words.gathered(columns.words, columns.starts, self.rows)
        )

    def tokens(self, mark: Hashable, cut: Callable[[Sequence[str]], tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
        """What a tokenizer makes of the texts, in the form of `words`; of most of a column, all is cut and kept.

        Args:
            mark: what tells this tokenizer from others.
            cut: texts → tokens of one after the other, and where each begins.
        """
        columns = self.held.columns
        if mark not in columns.tokens:
            if self.rows is not None and len(self.rows) < WORTH_ALL * len(columns.texts):
                return cut(self[:].tolist())
            for old in list(columns.tokens)[: 1 - MOST_KEPT or None]:
                del columns.tokens[old]
            parts = [cut(chunk.to_pylist()) for chunk in _chunks(columns.texts)]
            flat = np.concatenate([np.zeros(0, np.int32), *(own for own, _ in parts)])
            lengths = np.concatenate([[0], *(np.diff(starts) for _, starts in parts)])
            columns.tokens[mark] = flat, np.cumsum(lengths).astype(np.int64)
        flat, starts = columns.tokens[mark]
        return (flat, starts) if self.rows is None else words.gathered(flat, starts, self.rows)

    def lengths(self) -> Ints:
        """(n,) how many words each text has."""
        lengths = np.diff(self.held.columns.starts)
        return lengths if self.rows is None else lengths[self.rows]

    def _places(self) -> Ints:
        return np.arange(len(self)) if self.rows is None else self.rows

    def _of(self, rows: Rows) -> pa.ChunkedArray:
        everything = isinstance(rows, slice) and rows == slice(None) and self.rows is None
        return self.held.columns.texts if everything else self.held.columns.texts.take(pa.array(self._places()[rows]))


def _chunks(texts: pa.ChunkedArray) -> Iterator[pa.ChunkedArray]:
    return (texts.slice(start, TOGETHER) for start in range(0, len(texts), TOGETHER))


def strings(texts: str | Sequence[str]) -> Samples:
    """One text or several as samples."""
    return np.array(texts, STRINGS)


def columns_of(texts: Iterable[str]) -> Columns:
    """Columns of these texts, in memory."""
    listed = [words.sound(str(text)) for text in texts]
    return Columns(pa.chunked_array([pa.array(listed, pa.large_string())]), *words.numbers(listed))


def text_inputs(texts: Iterable[str]) -> TextInputs:
    """Inputs of these texts, in memory."""
    return TextInputs(Held(columns_of(texts)))
