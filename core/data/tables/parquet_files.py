"""Tables in Parquet, read a few rows at a time; images are bytes, base64 text, paths, or a struct of bytes and path.

Images are never all in memory, and any thread may ask for any row.
"""

import bisect
import json
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from core.data.collection import Problem, require_count
from core.data.decoding import MAX_BYTES
from core.data.paths import named
from core.data.tables.cells import MAX_TEXT, class_names_of, holds_images, image_bytes, is_bytes, is_text, plain_values
from core.data.tables.rows import Rows, found_columns, split_in
from core.errors import UserError

HELD_BYTES = 64 * 2**20  # of batches in memory; threads that ask out of order find their rows among them
BATCH_ROWS = 16  # rows read at once: even of 4 MB photographs they fit into HELD_BYTES
MAX_CELL_BYTES = MAX_BYTES * 4 // 3 + 2**20  # an image in base64, and its path
MAX_RATIO = 200  # unpacked bytes for each packed one
_SLACK = 16 * 2**20  # bytes that a small file may unpack to whatever it packs
_LARGE_GROUP = 16 * 2**20  # unpacked bytes of a row group, which one cell alone may be, and be repeated in every row
MAX_FEATURES_BYTES = 4 * 2**20  # of JSON, which takes twenty times as much in memory
_DAMAGE = (pa.ArrowException, OSError, ValueError, KeyError, TypeError, MemoryError, OverflowError, RecursionError)


def parquet_rows(
    files: Sequence[Path], image_column: str, label_column: str, split_column: str, links_within: str = ""
) -> Rows:
    """The rows of one or several Parquet files of the same columns; paths are relative to the first file's folder.

    Raises:
        UserError: a damaged file, or no columns of images and labels.
    """
    with damage_said(files[0].name):  # even a column's name may be no text
        return _rows(files, schema_of(files[0]), (image_column, label_column, split_column), links_within)


class Cells:
    """One column of several Parquet files, read row by row in about the order of the rows."""

    def __init__(self, files: Sequence[Path], column: str, *, held_bytes: int = HELD_BYTES) -> None:
        """Looks only at the files' footers. Raises UserError for a damaged one."""
        self._column, self._lock, self._held_bytes = column, Lock(), held_bytes
        self.n_openings = 0  # how often a group of rows was read from its beginning
        self._groups: list[tuple[Path, int]] = []
        self._starts = [0]
        self._rows = BATCH_ROWS
        for path in files:
            with damage_said(path.name), parquet.ParquetFile(path) as file:
                groups = [file.metadata.row_group(index) for index in range(file.metadata.num_row_groups)]
                require_count(self._starts[-1] + file.metadata.num_rows, "rows")
                require_honest(path, groups)
            counts = [group.num_rows for group in groups]
            self._rows = 1 if any(group.total_byte_size > _LARGE_GROUP for group in groups) else self._rows
            self._groups += [(path, index) for index in range(len(counts))]
            for count in counts:
                self._starts.append(self._starts[-1] + count)
        self._held: OrderedDict[int, pa.Array] = OrderedDict()
        self._size = 0  # bytes of these
        self._stream: Iterator[pa.RecordBatch] = iter(())
        self._group, self._next = -1, 0

    def __len__(self) -> int:
        return self._starts[-1]

    @property
    def n_held(self) -> int:
        """How many batches are in memory."""
        return len(self._held)

    def cell(self, row: int) -> Any:
        """The value in a row. Raises UserError when the file is damaged there."""
        with self._lock:
            return self._cell(row)

    def _cell(self, row: int) -> Any:
        group = bisect.bisect_right(self._starts, row) - 1
        start = self._starts[group] + (row - self._starts[group]) // self._rows * self._rows
        if start not in self._held:
            self._hold(group, start)
        self._held.move_to_end(start)
        cell = self._held[start].slice(row - start, 1)
        if cell.nbytes > MAX_CELL_BYTES:
            raise UserError("The cell is too large for an image.", f"At most {MAX_BYTES // 2**20} MB are read.")
        return cell[0].as_py()

    def _hold(self, group: int, start: int) -> None:
        """Read on to the batch that begins at row `start`, from the group's beginning if it lies behind."""
        path, number = self._groups[group]
        with damage_said(path.name):
            if group != self._group or start < self._next:
                self._group, self._next = -1, self._starts[group]  # no group, should opening fail
                self._stream, self._group = self._opened(path, number), group
            while self._next <= start:
                batch = next(self._stream, None)
                if batch is None:
                    raise ValueError("The file has fewer rows than it says.")
                self._held[self._next] = batch.column(0)
                self._size += batch.column(0).nbytes
                self._next += self._rows
        while len(self._held) > 1 and self._size > self._held_bytes:
            self._size -= self._held.popitem(last=False)[1].nbytes

    def _opened(self, path: Path, number: int) -> Iterator[pa.RecordBatch]:
        self.n_openings += 1
        file = parquet.ParquetFile(path, pre_buffer=False)
        return iter(file.iter_batches(self._rows, [number], [self._column], use_threads=False))


def values_of(path: Path, column: str, once: dict[Any, Any]) -> Iterator[Any]:
    """The values of a column as `plain_values` gives them; text that the file holds once is read once."""
    with damage_said(path.name):
        kind = schema_of(path).field(column).type
        repeating = [column] if is_text(kind) or is_bytes(kind) else []
        with parquet.ParquetFile(path, read_dictionary=repeating) as file:
            for batch in file.iter_batches(1024, columns=[column], use_threads=False):
                yield from plain_values(batch.column(0), once)


def require_honest(path: Path, groups: Sequence[parquet.RowGroupMetaData]) -> None:
    """Raise UserError for a file that unpacks to far more than pictures do."""
    size, there = sum(group.total_byte_size for group in groups), path.stat().st_size
    if size > MAX_RATIO * there + _SLACK:
        raise UserError(
            f"{path.name} would unpack to {size:,} bytes from {there:,}.",
            "Tables of pictures never do; this one is made to fill memory.",
            "Do not open it.",
        )


def schema_of(path: Path) -> pa.Schema:
    """The columns of a Parquet file and their types."""
    with damage_said(path.name), parquet.ParquetFile(path) as file:
        return file.schema_arrow


def features_of(schema: pa.Schema) -> dict[str, Any]:
    """What the `datasets` library noted about the columns, {} for nothing: {"label": {"names": [...], ...}}."""
    try:
        noted = (schema.metadata or {})[b"huggingface"]
        features = json.loads(noted)["info"]["features"] if len(noted) <= MAX_FEATURES_BYTES else {}
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return features if isinstance(features, dict) else {}


@contextmanager
def damage_said(name: str) -> Iterator[None]:
    """Turns what PyArrow raises on damaged files into words. What is a UserError already stays."""
    try:
        yield
    except _DAMAGE as error:
        raise UserError(
            f"{name} cannot be read.", "It is damaged, or not what its name says.", "Write it again."
        ) from error


def _rows(files: Sequence[Path], schema: pa.Schema, given: tuple[str, str, str], links_within: str) -> Rows:
    columns = found_columns(schema.names, *given)
    image, label = schema.names[columns.image], schema.names[columns.label]
    kind = schema.field(columns.image).type
    if not holds_images(kind):
        raise UserError(
            f"The column {image!r} holds {kind}.",
            "Bytes, text or a struct of bytes and path is needed.",
            "Say which column holds the images with image_column.",
        )
    for path in files[1:]:
        if not {image, label} <= set(schema_of(path).names):
            raise UserError(
                f"{path.name} lacks the columns {image!r} and {label!r}.",
                f"{files[0].name} has them.",
                "Write all files with the same columns.",
            )
    cells, folder = Cells(files, image), files[0].resolve().parent
    once: dict[Any, Any] = {}
    labels = [value for path in files for value in values_of(path, label, once)]
    splits = None
    if columns.split is not None:
        column = schema.names[columns.split]
        splits = [split_in(column, str(value)[:100]) for path in files for value in values_of(path, column, once)]
    if len(labels) != len(cells) or (splits is not None and len(splits) != len(cells)):
        raise ValueError("The columns are not as long as the file says.")
    names, bad = _names(files, image, is_text(kind), len(cells))
    rows = [row for row in range(len(cells)) if row not in bad]
    return Rows(
        [names[row] for row in rows],
        [labels[row] for row in rows],
        lambda row: image_bytes(cells.cell(rows[row]), folder, links_within),
        None if splits is None else [splits[row] for row in rows],
        class_names_of(features_of(schema).get(label)),
        list(bad.values()),
        {row: (problem.what, "" if splits is None else splits[row]) for row, problem in bad.items()},
    )


def _names(files: Sequence[Path], image: str, text: bool, n: int) -> tuple[list[str], dict[int, Problem]]:
    """What to call each row, and the rows whose path is refused. Bytes have no name but their row's number."""
    names, bad = [f"row {row}" for row in range(n)], dict[int, Problem]()
    if not text:
        return names, bad
    for row, value in enumerate(value for path in files for value in values_of(path, image, {})):
        if not isinstance(value, str) or len(value) >= MAX_TEXT:  # empty, or base64
            continue
        try:
            named(value, files[0].resolve().parent)
            names[row] = value
        except UserError as error:
            bad[row] = Problem("row", f"row {row}", str(error))
    return names, bad
