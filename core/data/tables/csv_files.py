"""Tables in CSV, read record by record; images are paths, or base64 text.

Where each record begins is remembered, so that a large cell is read again only when it is needed.
"""

import base64
import binascii
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from core.data.collection import Problem, Problems, require_count
from core.data.decoding import MAX_BYTES
from core.data.folders.layout import ENDINGS as IMAGES
from core.data.labels import MAX_LABEL_CHARACTERS
from core.data.paths import content, named
from core.data.tables.rows import Columns, Rows, found_columns, split_in
from core.errors import UserError

MAX_LINE_BYTES = 24 * 2**20  # an image of 18 MB in base64; Python's own reader takes ten times as much for a line
MAX_RECORD_LINES = 100_000  # of a cell with line breaks in it
MAX_COLUMNS = 10_000  # a table of pixels has some thousand; each cell of a row is held in memory
MAX_LEFT_OUT = 100_000  # rows: a table with more of them is no table of images, and each takes memory
MAX_PATH = 4096  # characters: Linux opens no longer path
DATA = "read as data, not as the names of the columns"  # what is said of a first row
DELIMITERS = ",;\t|"
# How base64 of PNG, JPEG, GIF, BMP, TIFF and WebP begins.
_IMAGES = ("iVBORw0KGgo", "/9j/", "R0lGOD", "Qk", "SUkq", "TU0A", "UklGR")


def csv_rows(
    path: Path,
    image_column: str,
    label_column: str,
    split_column: str,
    links_within: str = "",
    *,
    max_line_bytes: int = MAX_LINE_BYTES,
) -> Rows:
    """The rows of a CSV file; its first line names the columns, or is a row where an image stands in it.

    Raises:
        UserError: no columns of images and labels; see `records`.
    """
    delimiter, folder = delimiter_of(path), path.resolve().parent
    every = records(path, delimiter, max_line_bytes=max_line_bytes)
    first = next(every, (0, 0, []))
    header, columns = header_of(path, first[2], image_column, label_column, split_column)
    every = chain([first], every) if is_row(first[2]) else every
    names, labels, splits, offsets, problems = [], [], [], [], Problems()
    left_out: dict[int, tuple[str, str]] = {}
    for place, (offset, number, cells) in enumerate(every):
        problem = _problem(cells, columns, len(header), folder)
        if problem:
            problems.add(Problem("row", f"line {number}", problem))
            known = columns.split is not None and columns.split < len(cells)
            left_out[place] = (f"line {number}", _split(header, columns, cells) if known else "")
            if len(left_out) > MAX_LEFT_OUT:
                title = f"More than {MAX_LEFT_OUT:,} rows of {path.name} cannot be used."
                raise UserError(title, f"The first is {next(iter(left_out.values()))[0]}.", "Correct the table.")
            continue
        cell = cells[columns.image].strip()
        encoded = is_encoded(cell)
        names.append(f"line {number}" if encoded else cell)
        offsets.append(offset if encoded else -1)
        labels.append(cells[columns.label][: MAX_LABEL_CHARACTERS + 1])
        splits.append(_split(header, columns, cells) if columns.split is not None else "")
        require_count(len(names), "rows")

    def read(row: int) -> bytes:
        if offsets[row] < 0:
            return content(folder, names[row], links_within=links_within)
        return from_base64(record_at(path, delimiter, offsets[row])[columns.image])

    known_splits = None if columns.split is None else splits
    return Rows(names, labels, read, known_splits, None, problems.listed(), left_out)


def is_row(first: Sequence[str]) -> bool:
    """Whether the first record of a table is a row: no column is called like the file of an image.

    >>> is_row(["cat/1.png", "cat"]), is_row(["png", "label"])
    (True, False)
    """
    return any(cell.strip().lower().endswith(IMAGES) or is_encoded(cell.strip()) for cell in first)


def header_of(
    path: Path, first: Sequence[str], image_column: str, label_column: str, split_column: str
) -> tuple[list[str], Columns]:
    """The names of the columns, by their number where the first record is a row, and which of them are read."""
    if len(first) > MAX_COLUMNS:
        raise UserError(
            f"{path.name} has {len(first):,} columns.", f"At most {MAX_COLUMNS:,} are read.", "Leave out the others."
        )
    if not is_row(first):
        header = [name.strip() for name in first]
        return header, found_columns(header, image_column, label_column, split_column)
    header = numbered(len(first))
    image_column = image_column or next(name for name, cell in zip(header, first, strict=True) if is_row([cell]))
    others = [name for name in header if name not in (image_column, split_column)]
    label_column = label_column or (others[0] if len(others) == 1 else "")
    return header, found_columns(header, image_column, label_column, split_column)


def numbered(count: int) -> list[str]:
    """The names of columns that have none.

    >>> numbered(2)
    ['column 1', 'column 2']
    """
    return [f"column {number}" for number in range(1, count + 1)]


def records(
    path: Path, delimiter: str, *, max_line_bytes: int = MAX_LINE_BYTES
) -> Iterator[tuple[int, int, list[str]]]:
    """Each record's offset in bytes, its line number from 1, and its cells; empty lines are passed over.

    Raises:
        UserError: the text is not UTF-8, or is no CSV.
    """
    with path.open("rb") as stream:
        lines = _Lines(stream, path.name, max_line_bytes)
        reader = _reader(lines, delimiter)  # it asks for a line only when it needs one, so `lines` knows where it is
        while True:
            offset, number = lines.offset, lines.number + 1
            lines.began, lines.begins = lines.number, lines.offset
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise UserError(
                    f"Line {number} of {path.name} cannot be read.", f"{error}.", "Correct the table there."
                ) from error
            if cells is None:
                return
            if cells:
                yield offset, number, cells


def record_at(path: Path, delimiter: str, offset: int) -> list[str]:
    """The cells of the record that begins at `offset`."""
    with path.open("rb") as stream:
        stream.seek(offset)
        return next(_reader(_Lines(stream, path.name, MAX_LINE_BYTES, offset, 1, 1, offset), delimiter), [])


def delimiter_of(path: Path) -> str:
    """What separates the cells, judged by the first line."""
    with path.open("rb") as stream:
        first = next(iter(_Lines(stream, path.name, MAX_LINE_BYTES)), "")
    if "\0" in first:
        raise UserError(f"{path.name} is no text.", "It begins with NUL characters.", "Save the table as UTF-8.")
    return delimiter_of_line(first)


def delimiter_of_line(first: str) -> str:
    """What separates the cells of a first line."""
    return max(DELIMITERS, key=first.count)


def is_encoded(cell: str) -> bool:
    """Whether a cell holds an image as base64 rather than its path."""
    return cell.startswith("data:image/") or (cell.startswith(_IMAGES) and len(cell) > 60)


def from_base64(cell: str) -> bytes:
    """The image in a cell. Raises UserError when it is no base64."""
    text = cell.strip()
    text = text.partition(",")[2] if text.startswith("data:") else text
    if len(text) > MAX_BYTES * 4 // 3 + 4:
        raise UserError("The cell is too large for an image.", f"At most {MAX_BYTES // 2**20} MB are read.")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UserError("The cell holds no base64.") from error


@dataclass
class _Lines:
    """Decoded lines of an open file, where the next one begins, and where the record began that is being read."""

    stream: BinaryIO
    name: str
    most: int
    offset: int = 0
    number: int = 0
    began: int = 0
    begins: int = 0

    def __iter__(self) -> Iterator[str]:
        while line := self.stream.readline(self.most + 1):
            self.offset, self.number = self.offset + len(line), self.number + 1
            if len(line) > self.most:
                title = f"Line {self.number} of {self.name} is longer than {self.most:,} bytes."
                raise UserError(title, "No image in base64 needs so much.", "Save the images as files.")
            if self.number - self.began > MAX_RECORD_LINES or self.offset - self.begins > 2 * self.most:
                raise UserError(
                    f"The row of {self.name} that begins at line {self.began + 1:,} does not end.",
                    f"A row has at most {MAX_RECORD_LINES:,} lines; a quotation mark may be missing.",
                    "Correct the table there.",
                )
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


def _problem(cells: list[str], columns: Columns, n_columns: int, folder: Path) -> str:
    """What is wrong with a record, "" when nothing is."""
    if len(cells) != n_columns:
        return f"It has {len(cells)} cells instead of {n_columns}."
    cell = cells[columns.image].strip()
    if is_encoded(cell):
        return ""
    try:
        named(cell[: MAX_PATH + 1], folder)
    except UserError as error:
        return str(error)
    return f"The path has more than {MAX_PATH:,} characters." if len(cell) > MAX_PATH else ""


def _reader(lines: _Lines, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(MAX_LINE_BYTES)
    return csv.reader(iter(lines), delimiter=delimiter)


def _split(header: Sequence[str], columns: Columns, cells: Sequence[str]) -> str:
    """What a row says of its split."""
    return split_in(header[columns.split or 0], cells[columns.split or 0][:100])
