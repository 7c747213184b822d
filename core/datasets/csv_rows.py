"""CSV read record by record: where each begins is remembered, so that a large cell is read again only when needed."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.errors import UserError

MAX_LINE_BYTES = 96 * 2**20
_DELIMITERS = ",;\t|"


@dataclass
class _Lines:
    """Decoded lines of an open file, and where the next one begins."""

    stream: BinaryIO
    name: str
    offset: int = 0
    number: int = 0

    def __iter__(self) -> Iterator[str]:
        while line := self.stream.readline(MAX_LINE_BYTES + 1):
            self.offset, self.number = self.offset + len(line), self.number + 1
            if len(line) > MAX_LINE_BYTES:
                raise UserError(f"Line {self.number} of {self.name} is longer than {MAX_LINE_BYTES // 2**20} MB.")
            yield self._text(line)

    def _text(self, line: bytes) -> str:
        if self.number == 1 and line.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise self._encoding("It is UTF-16.")
        try:
            return line.decode("utf-8-sig" if self.number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise self._encoding(f"Line {self.number} holds bytes that are no UTF-8.") from None

    def _encoding(self, words: str) -> UserError:
        return UserError(f"{self.name} is not in UTF-8.", words, "Save the table again as UTF-8.")


def delimiter_of(path: Path) -> str:
    """What separates the cells, judged by the first line."""
    with path.open("rb") as stream:
        first = next(iter(_Lines(stream, path.name)), "")
    if "\0" in first:
        raise UserError(f"{path.name} is no text.", "It begins with NUL characters.", "Save the table as UTF-8.")
    return max(_DELIMITERS, key=first.count)


def records(path: Path, delimiter: str) -> Iterator[tuple[int, int, list[str]]]:
    """Each record's offset in bytes, its line number from 1, and its cells; empty lines are passed over.

    Raises:
        UserError: the text is not UTF-8, or is no CSV.
    """
    with path.open("rb") as stream:
        lines = _Lines(stream, path.name)
        while True:
            offset, number = lines.offset, lines.number + 1
            try:
                cells = next(_reader(lines, delimiter), None)
            except csv.Error as error:
                raise UserError(f"Line {number} of {path.name} cannot be read.", f"{error}.") from error
            if cells is None:
                return
            if cells:
                yield offset, number, cells


def record_at(path: Path, delimiter: str, offset: int) -> list[str]:
    """The cells of the record that begins at `offset`."""
    with path.open("rb") as stream:
        stream.seek(offset)
        return next(_reader(_Lines(stream, path.name, offset, 1), delimiter), [])


def _reader(lines: _Lines, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(MAX_LINE_BYTES)
    return csv.reader(iter(lines), delimiter=delimiter)
