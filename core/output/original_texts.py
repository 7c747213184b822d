"""Tables of texts given back: the same columns, and the same bytes of every row that stays as it was."""

import codecs
import csv
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import pyarrow as pa
from pyarrow import parquet

from core.data.paths import named
from core.data.tables.hugging_face import snapshot
from core.data.texts.columns import Chosen
from core.data.texts.encodings import encoding_of
from core.data.texts.records import LINES, MAX_LINE, TOGETHER, arrow_reader, first_record, flat
from core.data.texts.text_table import columns_in, files_of, is_headless
from core.output.original_tables import TableChanges, kept_rows

# What the `datasets` library writes beside its files.
NOTES = ("dataset_dict.json", "dataset_info.json", "state.json")
_BY_COLUMN = (".parquet", ".arrow")
_SETTINGS = ("text_column", "label_column", "split_column")


class Line(NamedTuple):
    """A record as it is written.

    Attributes:
        raw: its bytes, with the end of its last line.
        counts: whether it is a row; a head and a blank line are none.
        label: as it is written, bytes of a cell or a value.
        labelled: from another label, written in that way, to its bytes.
    """

    raw: bytes
    counts: bool = False
    label: Any = None
    labelled: Callable[[Any], bytes] = lambda label: b""


class Kept(NamedTuple):
    """What stays of a table: its rows by their numbers, new labels by row, their column, and whether it has no head."""

    stays: frozenset[int]
    labels: Mapping[int, Any]
    column: str
    headless: bool


def write_text_tables(path: Path, target: Path, settings: Mapping[str, Any], changes: TableChanges) -> list[str]:
    """Write the rows that stay to files of the same names in `target`; returns these names.

    A row that stays keeps its bytes. One with a new label keeps those of its other cells; in JSON lines, their values.

    Args:
        path: the table, or a folder of the `datasets` library.
        target: a folder.
        settings: with which it was opened: the names of its columns.
        changes: the rows that stay and new labels; the rows of several files are counted on.
    """
    files = tables_of(path)
    headless = is_headless(files[0], settings.get("first_row", "guess"))
    given = Chosen(*(str(settings.get(name, "")) for name in _SETTINGS))
    label = columns_in(files[0], given, headless=headless).label
    root = path.parent if path.is_file() else snapshot(path)
    kept = Kept(changes.stays, _labels(files, label, changes, headless), label, headless)
    names, start = [], 0
    for file in files:
        place = _place(target, root, file)
        write = _write_columns if file.suffix.lower() in _BY_COLUMN else _write_lines
        start = write(file, place, kept, start)
        names.append(place.relative_to(target).as_posix())
    for note in {folder / name for file in files for folder in (root, file.parent) for name in NOTES}:
        if not path.is_file() and note.is_file():
            shutil.copyfile(note, _place(target, root, note))
    return names


def tables_of(path: Path) -> list[Path]:
    """The files of a table of texts, in the order in which their rows are counted."""
    return [file for several in files_of(path).values() for file in several]


def _place(target: Path, root: Path, file: Path) -> Path:
    place = target / named(Path(os.path.relpath(file, root)).as_posix(), root)
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _labels(files: Sequence[Path], label: str, changes: TableChanges, headless: bool) -> dict[int, Any]:
    """Row → its new label, as another row has it."""
    if not changes.relabelled:
        return {}
    wanted, found, row = set(changes.relabelled.values()), dict[int, Any](), 0
    for file in files:
        for value in _values(file, label, headless):
            if row in wanted:
                found[row] = value
            row += 1
    return {row: found[other] for row, other in changes.relabelled.items()}


def _values(file: Path, label: str, headless: bool) -> Iterator[Any]:
    if file.suffix.lower() in _BY_COLUMN:
        with _batches(file) as (_, batches):
            yield from (value for batch in batches for value in batch.column(label).to_pylist())
    else:
        yield from (line.label for line in _lines(file, label, headless) if line.counts)


def _write_lines(file: Path, place: Path, kept: Kept, start: int) -> int:
    """Write what stays of a file whose first row has the number `start`; returns the number of the next file's."""
    with place.open("wb") as written:
        for line in _lines(file, kept.column, kept.headless):
            if not line.counts:
                written.write(line.raw)
                continue
            if start in kept.stays:
                written.write(line.labelled(kept.labels[start]) if start in kept.labels else line.raw)
            start += 1
    return start


def _write_columns(file: Path, place: Path, kept: Kept, start: int) -> int:
    with _batches(file) as (schema, batches), _writer(file, place, schema) as write:
        for batch in batches:
            write(kept_rows(batch, start, schema.names.index(kept.column), kept.stays, kept.labels))
            start += len(batch)
    return start


def _lines(file: Path, label: str, headless: bool) -> Iterator[Line]:
    return _json_lines(file, label) if file.suffix.lower() in LINES else _csv_lines(file, label, headless)


@contextmanager
def _opened(file: Path) -> Iterator["_Encoded"]:
    """The file as characters of which each says which bytes it stands for."""
    codec = encoding_of(file)
    with file.open("rb") as stream:
        big = stream.read(2) == codecs.BOM_UTF16_BE
        bare = ("utf-16-be" if big else "utf-16-le") if codec == "utf-16" else "latin-1"
        stream.seek(0)
        text = TextIOWrapper(stream, bare, errors="strict" if bare == "latin-1" else "surrogatepass", newline="")
        yield _Encoded(text, bare, {"utf-8-sig": "utf-8", "utf-16": bare}.get(codec, codec))


@dataclass(frozen=True)
class _Encoded:
    """A file in which commas, quotes and ends of lines can be told, and every byte is kept.

    Attributes:
        stream: of its characters; those of UTF-8 and Windows-1252 stand for one byte each.
        bare: the codec of these.
        codec: that of the texts.
    """

    stream: TextIO
    bare: str
    codec: str

    def bytes_of(self, raw: str) -> bytes:
        """The bytes of some characters."""
        return raw.encode(self.bare, "surrogatepass")

    def read(self, raw: str) -> str:
        """The text that they are."""
        return self.bytes_of(raw).decode(self.codec, "replace").removeprefix("\ufeff")

    def recorded(self, taken: list[str]) -> Iterator[str]:
        """The lines, as the import reads them; `taken` gets each as it is."""
        while line := self.stream.readline():
            taken.append(line)
            yield line.replace("\0", "")


def _csv_lines(file: Path, label: str, headless: bool) -> Iterator[Line]:
    """The records of a CSV file, its head first, where it has one."""
    csv.field_size_limit(MAX_LINE)
    with _opened(file) as encoded:
        first = first_record(encoded.read(line).replace("\0", "") for line in iter(encoded.stream.readline, ""))
        names, delimiter = [name.strip() for name in first.cells], first.delimiter
        encoded.stream.seek(0)
        head = "".join(encoded.stream.readline() for _ in range(first.n_lines))
        column = len(names) - 1 - names[::-1].index(label) if label in names else len(names)
        if headless:
            column = int(label.rpartition(" ")[2]) - 1  # as `numbered` calls it
            encoded.stream.seek(0)
            mark = next((mark for mark in ("\ufeff", "ï»¿") if head.startswith(mark)), "")
            yield Line(encoded.bytes_of(encoded.stream.read(len(mark))))
        else:
            yield Line(encoded.bytes_of(head))
        taken: list[str] = []
        for cells in csv.reader(encoded.recorded(taken), delimiter=delimiter):
            raw = "".join(taken)
            taken.clear()
            before, own, behind = map(encoded.bytes_of, _around(raw, delimiter, column))
            yield Line(encoded.bytes_of(raw), bool(cells), own, partial(_joined, before, behind))


def _json_lines(file: Path, label: str) -> Iterator[Line]:
    """The records of JSON lines."""
    with _opened(file) as encoded:
        while raw := encoded.stream.readline():
            text = encoded.read(raw)
            if not text.strip():
                yield Line(encoded.bytes_of(raw))
                continue
            record = json.loads(text)
            known = dict(flat(record)).get(label)
            yield Line(encoded.bytes_of(raw), True, known, partial(_dumped, record, label, text, encoded))


def _joined(before: bytes, behind: bytes, new: bytes) -> bytes:
    return before + new + behind


def _dumped(record: dict[str, Any], label: str, text: str, encoded: _Encoded, new: Any) -> bytes:
    """The record with another label, written as it was: with or without escapes, with its end of line."""
    end = text[len(text.rstrip("\r\n")) :]
    written = json.dumps(_relabelled(record, label, new), ensure_ascii=text.isascii()) + end
    return written.encode(encoded.codec, "surrogatepass")


def _relabelled(record: dict[str, Any], label: str, new: Any) -> dict[str, Any]:
    """The record with another label, which may be a field within another one."""
    outer = next((name for name in record if isinstance(record[name], dict) and label.startswith(f"{name}.")), None)
    if label in record or outer is None:
        return record | {label: new}
    return record | {outer: _relabelled(record[outer], label[len(outer) + 1 :], new)}


def _around(raw: str, delimiter: str, column: int) -> tuple[str, str, str]:
    """What stands before a cell of a record, in it and behind it; all before where it has no such cell."""
    cell = re.compile(rf'(?:"(?:[^"]|"")*")?[^{re.escape(delimiter)}\r\n]*')
    start = 0
    for place in range(column + 1):
        found = cell.match(raw, start)
        assert found is not None  # it matches nothing, too
        if place == column:
            return raw[:start], found.group(), raw[found.end() :]
        if raw[found.end() : found.end() + 1] != delimiter:
            break
        start = found.end() + 1
    return raw, "", ""


@contextmanager
def _batches(file: Path) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """The columns of a Parquet or Arrow file, and its rows, some at a time."""
    if file.suffix.lower() == ".parquet":
        with parquet.ParquetFile(file, pre_buffer=False) as opened:
            yield opened.schema_arrow, opened.iter_batches(TOGETHER, use_threads=False)
    else:
        with arrow_reader(file) as reader:
            yield reader.schema, iter(reader)


@contextmanager
def _writer(file: Path, place: Path, schema: pa.Schema) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """What is called with each batch to write it as the file is: Parquet, a stream of Arrow or a file of it."""
    if file.suffix.lower() == ".parquet":
        with parquet.ParquetWriter(place, schema) as writer:
            yield writer.write_batch
        return
    with file.open("rb") as stream:
        new = pa.ipc.new_file if stream.read(6) == b"ARROW1" else pa.ipc.new_stream
    with new(str(place), schema) as writer:
        yield writer.write_batch
