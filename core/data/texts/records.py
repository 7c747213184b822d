"""Records of tables with texts, one after the other: CSV, TSV, JSON lines, Parquet and Arrow."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
from pyarrow import parquet

from core.data.tables.cells import class_names_of
from core.data.tables.csv_files import DELIMITERS, MAX_COLUMNS, delimiter_of_line, numbered
from core.data.tables.parquet_files import damage_said, features_of, require_honest, schema_of
from core.data.texts.encodings import encoding_of
from core.errors import UserError

MAX_LINE = 16 * 2**20  # characters of a line: no text needs more
FIRST_LINES = 200  # lines that the first record may have; of more, a quotation mark is missing
TOGETHER = 512  # rows of a Parquet file that are read at once
SAMPLED = 200  # records that tell which columns hold what
NESTED = 4  # objects within one another in a JSON line whose fields are columns
# The column of what a row of a table by lines has beyond its header; no header has such a name.
BEYOND = "\n"
Record = Mapping[str, Any]
LINES = (".jsonl", ".ndjson", ".json")


def columns_of(path: Path, *, headless: bool = False) -> list[str]:
    """The names of a table's columns, by their number where a CSV has no header. Raises UserError for damage."""
    if path.suffix.lower() == ".parquet":
        return list(schema_of(path).names)
    if path.suffix.lower() == ".arrow":
        with arrow_reader(path) as reader:
            return list(reader.schema.names)
    if path.suffix.lower() in LINES:
        return list(dict.fromkeys(name for _, record in islice(records(path), SAMPLED) for name in record))
    with _text(path) as stream:
        return _head(path, stream, headless=headless)[0]


@dataclass(frozen=True)
class First:
    """The first record of a CSV.

    Attributes:
        cells: of it.
        delimiter: between them: that which makes most of them.
        n_lines: that it takes; a cell in quotes may have several.
    """

    cells: list[str]
    delimiter: str
    n_lines: int


def first_record(source: Iterator[str]) -> First:
    """The first record of these lines; its first line alone where its quotes do not end soon.

    >>> first_record(iter(['"what a film,\\n', 'really"\\tpos\\n', "dull\\tneg\\n"]))
    First(cells=['what a film,\\nreally', 'pos'], delimiter='\\t', n_lines=2)
    """
    csv.field_size_limit(MAX_LINE)
    taken: list[str] = []

    def lines() -> Iterator[str]:
        yield from taken
        while len(taken) < FIRST_LINES and sum(map(len, taken)) < MAX_LINE and (line := next(source, "")):
            taken.append(line)
            yield line

    found = [_parsed(lines(), delimiter) for delimiter in DELIMITERS]
    best = max(found, key=lambda first: len(first.cells))
    whole = best.n_lines < FIRST_LINES and sum(map(len, taken)) < MAX_LINE
    return best if whole or not taken else _parsed(iter(taken[:1]), delimiter_of_line(taken[0]))


def _parsed(lines: Iterator[str], delimiter: str) -> First:
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        return First(next(reader, []), delimiter, reader.line_num)
    except csv.Error as error:
        raise UserError("The first line cannot be read.", f"{error}.", "Correct the table there.") from error


def records(
    path: Path, columns: Sequence[str] | None = None, *, headless: bool = False
) -> Iterator[tuple[str, Record]]:
    """What each record is called, and its cells by their column; of tables by column, only these are read.

    Args:
        path: of the table.
        columns: that are read.
        headless: whether the first row of a CSV is data, too.

    Raises:
        UserError: the file is damaged, or no table.
    """
    ending = path.suffix.lower()
    if ending == ".parquet":
        yield from _of_parquet(path, columns)
    elif ending == ".arrow":
        with damage_said(path.name), arrow_reader(path) as reader:
            yield from _numbered(batch.select(columns or reader.schema.names) for batch in reader)
    elif ending in LINES:
        yield from _of_lines(path)
    else:
        yield from _of_csv(path, headless)


def class_names(path: Path, label: str) -> Sequence[str] | None:
    """The class names that the `datasets` library noted in a table; None where it noted none."""
    if path.suffix.lower() == ".parquet":
        return class_names_of(features_of(schema_of(path)).get(label))
    if path.suffix.lower() == ".arrow":
        with damage_said(path.name), arrow_reader(path) as reader:
            return class_names_of(features_of(reader.schema).get(label))
    return None


def flat(record: Record, before: str = "", deep: int = NESTED) -> Iterator[tuple[str, Any]]:
    """The fields of a JSON object by the names of their columns: a field within another one has both names.

    >>> dict(flat({"id": 7, "data": {"review": "good", "meta": {"stars": 5}}}))
    {'id': 7, 'data.review': 'good', 'data.meta.stars': 5}
    """
    for name, value in record.items():
        if isinstance(value, dict) and deep:
            yield from flat(value, f"{before}{name}.", deep - 1)
        else:
            yield f"{before}{name}", value


def _of_csv(path: Path, headless: bool) -> Iterator[tuple[str, Record]]:
    csv.field_size_limit(MAX_LINE)
    with _text(path) as stream:
        header, delimiter = _head(path, stream, headless=headless)
        before = 0 if headless else 1
        lines = _bounded(path, stream)
        reader = csv.reader(lines, delimiter=delimiter)
        try:
            for cells in reader:
                beyond = {BEYOND: more} if any(more := cells[len(header) :]) else {}
                if cells:
                    yield f"line {reader.line_num + before}", dict(zip(header, cells, strict=False)) | beyond
        except csv.Error as error:
            title = f"Line {reader.line_num + before} of {path.name} cannot be read."
            raise UserError(title, f"{error}.", "Correct the table there.") from error


def _of_lines(path: Path) -> Iterator[tuple[str, Record]]:
    with _text(path) as stream:
        for number, line in enumerate(_bounded(path, stream), 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                hint = "Each line has to be one JSON object."
                raise UserError(f"Line {number} of {path.name} is no JSON.", f"{error}"[:200], hint) from error
            if not isinstance(record, dict):
                raise UserError(f"Line {number} of {path.name} is no JSON object.", "", "Write one object a line.")
            yield f"line {number}", dict(flat(record))


def _of_parquet(path: Path, columns: Sequence[str] | None) -> Iterator[tuple[str, Record]]:
    with damage_said(path.name), parquet.ParquetFile(path, pre_buffer=False) as file:
        require_honest(path, [file.metadata.row_group(index) for index in range(file.metadata.num_row_groups)])
        names = list(columns) if columns else None
        yield from _numbered(file.iter_batches(TOGETHER, columns=names, use_threads=False))


def _numbered(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[str, Record]]:
    number = 0
    for batch in batches:
        for start in range(0, len(batch), TOGETHER):
            for record in batch.slice(start, TOGETHER).to_pylist():
                yield f"row {number}", record
                number += 1


@contextmanager
def arrow_reader(path: Path) -> Iterator[pa.RecordBatchReader]:
    """The batches of a stream, or of a file, which is a stream with something around it."""
    with damage_said(path.name), pa.memory_map(str(path)) as source:
        source.seek(8 if source.read(6) == b"ARROW1" else 0)
        yield pa.ipc.open_stream(source)


@contextmanager
def _text(path: Path) -> Iterator[TextIO]:
    with path.open(encoding=encoding_of(path), errors="replace", newline="") as stream:
        yield stream


def _head(path: Path, stream: TextIO, *, headless: bool) -> tuple[list[str], str]:
    """The names of the columns, by their number where there are none, and what separates them; rows come next."""
    first = first_record(_bounded(path, stream))
    if len(first.cells) > MAX_COLUMNS:
        raise UserError(f"{path.name} has {len(first.cells):,} columns.", f"At most {MAX_COLUMNS:,} are read.")
    stream.seek(0)
    if headless:
        return numbered(len(first.cells)), first.delimiter
    for _ in range(first.n_lines):
        stream.readline()
    return [name.strip() for name in first.cells], first.delimiter


def _bounded(path: Path, stream: TextIO) -> Iterator[str]:
    while line := stream.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise UserError(f"A line of {path.name} is longer than {MAX_LINE:,} characters.", "No text needs so much.")
        yield line.replace("\0", "")
