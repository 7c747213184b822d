"""Tables in CSV: images are paths, or base64 text."""

import base64
import binascii
from pathlib import Path

from core.datasets.collection import Problem
from core.datasets.columns import Columns, found_columns
from core.datasets.csv_rows import delimiter_of, record_at, records
from core.datasets.decoding import MAX_BYTES
from core.datasets.labels import MAX_LABEL_CHARACTERS
from core.datasets.paths import content, named
from core.datasets.rows import Rows
from core.errors import UserError

MAX_PATH = 4096
# How base64 of PNG, JPEG, GIF, BMP, TIFF and WebP begins.
_IMAGES = ("iVBORw0KGgo", "/9j/", "R0lGOD", "Qk", "SUkq", "TU0A", "UklGR")


def csv_rows(path: Path, image_column: str, label_column: str, split_column: str) -> Rows:
    """The rows of a CSV file whose first line names the columns.

    Raises:
        UserError: no columns of images and labels; see `csv_rows.records`.
    """
    delimiter = delimiter_of(path)
    found = records(path, delimiter)
    _, _, header = next(found, (0, 0, []))
    columns = found_columns([name.strip() for name in header], image_column, label_column, split_column)
    names, labels, splits, offsets, problems = [], [], [], [], list[Problem]()
    for offset, number, cells in found:
        problem = _problem(cells, columns, len(header))
        if problem:
            problems.append(Problem("row", f"line {number}", problem))
            continue
        cell = cells[columns.image].strip()
        encoded = is_encoded(cell)
        names.append(f"line {number}" if encoded else cell)
        offsets.append(offset if encoded else -1)
        labels.append(cells[columns.label][: MAX_LABEL_CHARACTERS + 1])
        splits.append(cells[columns.split][:100] if columns.split is not None else "")
    folder = path.resolve().parent

    def read(row: int) -> bytes:
        if offsets[row] < 0:
            return content(folder, names[row])
        return from_base64(record_at(path, delimiter, offsets[row])[columns.image])

    return Rows(names, labels, read, None if columns.split is None else splits, problems=problems)


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


def _problem(cells: list[str], columns: Columns, n_columns: int) -> str:
    """What is wrong with a record, "" when nothing is."""
    if len(cells) != n_columns:
        return f"It has {len(cells)} cells instead of {n_columns}."
    cell = cells[columns.image].strip()
    if is_encoded(cell):
        return ""
    try:
        named(cell[: MAX_PATH + 1])
    except UserError as error:
        return str(error)
    return f"The path has more than {MAX_PATH:,} characters." if len(cell) > MAX_PATH else ""
