"""A table given back: the same columns, the rows that stay, new labels where so decided."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from core.data.tables.csv_files import delimiter_of, header_of, is_row, records
from core.data.tables.parquet_files import schema_of
from core.data.tables.rows import found_columns

BATCH_ROWS = 64  # rows with their images in memory at once


@dataclass(frozen=True)
class TableChanges:
    """What becomes of the rows of a table, each by its place in it.

    Attributes:
        stays: rows that stay.
        relabelled: row → a row that has the new label: it is written as it is written there.
    """

    stays: frozenset[int]
    relabelled: Mapping[int, int]


def write_table(path: Path, target: Path, settings: Mapping[str, Any], changes: TableChanges) -> None:
    """Write the rows of a table that stay, in their order, to `target`, a file of the same kind.

    Args:
        path: the table, `.csv`, `.tsv` or `.parquet`.
        target: to write.
        settings: with which it was opened: the names of its columns.
        changes: which rows stay, and which labels change.
    """
    names = [str(settings.get(f"{kind}_column", "")) for kind in ("image", "label", "split")]
    (_parquet if path.suffix.lower() == ".parquet" else _csv)(path, target, names, changes)


def _csv(path: Path, target: Path, names: list[str], changes: TableChanges) -> None:
    delimiter = delimiter_of(path)
    _, _, first = next(records(path, delimiter))
    column = header_of(path, first, *names)[1].label
    examples = set(changes.relabelled.values())
    labels = {row: cells[column] for row, cells in _records(path, delimiter) if row in examples}
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
        if not is_row(first):
            writer.writerow(first)
        for row, cells in _records(path, delimiter):
            if row in changes.relabelled:
                cells[column] = labels[changes.relabelled[row]]
            if row in changes.stays:
                writer.writerow(cells)


def _records(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    every = (cells for _, _, cells in records(path, delimiter))
    return enumerate(cells for number, cells in enumerate(every) if number or is_row(cells))


def _parquet(path: Path, target: Path, names: list[str], changes: TableChanges) -> None:
    schema = schema_of(path)
    column = found_columns(schema.names, *names).label
    label = schema.field(column)
    cells = [value for batch in _batches(path, [label.name]) for value in batch.column(0).to_pylist()]
    labels = {row: cells[other] for row, other in changes.relabelled.items()}
    start = 0
    with parquet.ParquetWriter(target, schema) as writer:
        for batch in _batches(path):
            writer.write_batch(kept_rows(batch, start, column, changes.stays, labels))
            start += len(batch)


def kept_rows(
    batch: pa.RecordBatch, start: int, column: int, stays: frozenset[int], labels: Mapping[int, Any]
) -> pa.RecordBatch:
    """What stays of a batch whose first row has the number `start`, with new labels in a column."""
    rows, label = range(start, start + len(batch)), batch.schema.field(column)
    if any(row in labels for row in rows):
        cells = [labels.get(row, cell) for row, cell in zip(rows, batch.column(column).to_pylist(), strict=True)]
        batch = batch.set_column(column, label, pa.array(cells, label.type))
    return batch.filter(pa.array([row in stays for row in rows], pa.bool_()))


def _batches(path: Path, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    with parquet.ParquetFile(path) as file:
        yield from file.iter_batches(BATCH_ROWS, columns=columns, use_threads=False)
