"""Word vectors from a text file of word2vec or GloVe: a word a line and its numbers. Nothing else is read from it."""

from collections.abc import Collection
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import BinaryIO

import numpy as np

from core.errors import UserError
from core.types import Floats, Ints

MOST_BYTES = 8 * 2**30  # of a file: the largest that is published has 5.6 GB
MOST_LINE = 64 * 2**10  # bytes of a line: a thousand numbers take a third of that
FEWEST = 4  # numbers of a word
MOST = 1024  # numbers of a word, as many as an embedding may have
LARGEST = 1e4  # of a number; those that are published stay below 100
_HEAD = 4096  # bytes that say whether the file is text
_HINT = "Give a text file of word2vec or GloVe: on each line a word, then its numbers, with spaces between them."


@dataclass(frozen=True)
class WordVectors:
    """The vectors of the words that were looked for.

    Attributes:
        numbers: (v,) of the words that were found, ascending.
        values: (v, d) their vectors.
        n_lines: how many words the file has.
    """

    numbers: Ints
    values: Floats
    n_lines: int


def require_text(path: Path) -> None:
    """Raise UserError where the file is missing, empty, too large, or no text; only its beginning is read."""
    if not path.is_file():
        raise UserError(f"There is no file {path}.", "Word vectors are read from a file.", _HINT)
    size = path.stat().st_size
    if size == 0 or size > MOST_BYTES:
        raise _refused(path, f"It holds {size:,} bytes; up to {MOST_BYTES:,} are read.")
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if b"\0" in head or head[:2] in (b"\x1f\x8b", b"PK", b"\x80\x02", b"\x80\x04"):
        raise _refused(path, "It is no text: binary, packed and pickled files are not opened.")


def read_vectors(path: Path, wanted: Collection[int], *, most_line: int = MOST_LINE) -> WordVectors:
    """The vectors of the words whose numbers are `wanted`; memory is taken for these alone.

    A word counts as it is in lower case, and otherwise where it comes first. The first line may say how many words
    and numbers there are, as word2vec writes it.

    Args:
        path: of the file.
        wanted: `core.modalities.text.words.number` of each word.
        most_line: bytes of a line at most.

    Raises:
        UserError: it is no such file, lines differ in length, a value is no finite number, or no word is wanted.
    """
    from core.modalities.text.words import number  # a machine that reads no texts may lack what its folder needs

    require_text(path)
    wanted, found, exact = frozenset(wanted), dict[int, list[float]](), set[int]()
    with path.open("rb") as stream:
        announced, width = _beginning(path, stream, most_line)
        line_number, n_lines = int(announced is not None), 0
        while line := stream.readline(most_line):
            line_number += 1
            word, values = _parted(path, line, line_number, width, most_line)
            if not word:
                continue
            n_lines += 1
            place = number(word.lower())
            if place in wanted and place not in exact and (place not in found or word == word.lower()):
                found[place] = _values(path, values, line_number)
                exact |= {place} if word == word.lower() else set()
    if announced is not None and n_lines != announced:
        raise _refused(path, f"Its first line announces {announced:,} words, and {n_lines:,} follow.")
    if not found:
        raise _refused(path, f"None of its {n_lines:,} words occurs in the training data.")
    numbers = np.array(sorted(found), np.int64)
    return WordVectors(numbers, np.array([found[each] for each in numbers.tolist()], np.float32), n_lines)


def _beginning(path: Path, stream: BinaryIO, most_line: int) -> tuple[int | None, int]:
    """How many words the first line announces, None where it is a word itself; and how many numbers each has."""
    first = stream.readline(most_line)
    fields = first.split()
    if len(fields) == 2 and all(field.isdigit() and len(field) < 10 for field in fields):
        announced, width = int(fields[0]), int(fields[1])
    else:
        announced, width = None, len(fields) - 1
        stream.seek(0)
    if not FEWEST <= width <= MOST:
        raise _refused(path, f"A word would have {width:,} numbers; from {FEWEST} to {MOST:,} can be used.")
    return announced, width


def _parted(path: Path, line: bytes, at: int, width: int, most_line: int) -> tuple[str, list[bytes]]:
    """The word of a line, "" of an empty one, and what stands for its numbers; a word may have spaces in it."""
    if len(line) >= most_line and not line.endswith(b"\n"):
        raise _refused(path, f"Line {at:,} is longer than {most_line:,} bytes.")
    fields = line.rstrip().split(b" ") if line.strip() else []
    extra = fields[1 : len(fields) - width]
    if fields and (len(fields) <= width or (extra and all(map(_is_number, extra)))):
        raise _refused(path, f"Line {at:,} has {len(fields) - 1:,} numbers, where the first word has {width:,}.")
    return b" ".join(fields[: len(fields) - width]).decode("utf-8", "replace"), fields[len(fields) - width :]


def _values(path: Path, fields: list[bytes], at: int) -> list[float]:
    values = [float(field) if _is_number(field) else float("nan") for field in fields]
    if not all(isfinite(value) and abs(value) <= LARGEST for value in values):
        raise _refused(path, f"Line {at:,} holds something else than numbers from {-LARGEST:g} to {LARGEST:g}.")
    return values


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _refused(path: Path, detail: str) -> UserError:
    return UserError(f"{path.name} gives no word vectors.", detail, _HINT)
