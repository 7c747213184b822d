"""Tables in Parquet: images are bytes, the `datasets` library's struct, base64 text, or paths."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from core.datasets.collection import Problem
from core.datasets.columns import found_columns
from core.datasets.image_cells import class_names_of, holds_images, image_bytes, is_text
from core.datasets.parquet_rows import Cells, damage_said, features_of, schema_of, values_of
from core.datasets.paths import named
from core.datasets.rows import Rows
from core.errors import UserError


def parquet_rows(files: Sequence[Path], image_column: str, label_column: str, split_column: str) -> Rows:
    """The rows of one or several Parquet files of the same columns; paths are relative to the first file's folder.

    Raises:
        UserError: a damaged file, or no columns of images and labels.
    """
    with damage_said(files[0].name):  # even a column's name may be no text
        return _rows(files, schema_of(files[0]), (image_column, label_column, split_column))


def _rows(files: Sequence[Path], schema: pa.Schema, told: tuple[str, str, str]) -> Rows:
    columns = found_columns(schema.names, *told)
    image, label = schema.names[columns.image], schema.names[columns.label]
    kind = schema.field(columns.image).type
    if not holds_images(kind):
        raise UserError(
            f"The column {image!r} holds {kind}.", "Bytes, text or a struct of bytes and path is needed.",
            "Say which column holds the images with image_column.",
        )  # fmt: skip
    for path in files[1:]:
        if not {image, label} <= set(schema_of(path).names):
            raise UserError(f"{path.name} lacks the columns {image!r} and {label!r}.", f"{files[0].name} has them.")
    cells, folder = Cells(files, image), files[0].resolve().parent
    labels = [value for path in files for value in values_of(path, label)]
    splits = None
    if columns.split is not None:
        splits = [str(value)[:100] for path in files for value in values_of(path, schema.names[columns.split])]
    names, bad = _names(files, image, is_text(kind), len(cells))
    rows = [row for row in range(len(cells)) if row not in bad]
    return Rows(
        [names[row] for row in rows],
        [labels[row] for row in rows],
        lambda row: image_bytes(cells.cell(rows[row]), folder),
        None if splits is None else [splits[row] for row in rows],
        class_names_of(features_of(schema).get(label)),
        list(bad.values()),
    )


def _names(files: Sequence[Path], image: str, text: bool, n: int) -> tuple[list[str], dict[int, Problem]]:
    """What to call each row, and the rows whose path is refused. Bytes have no name but their row's number."""
    names, bad = [f"row {row}" for row in range(n)], dict[int, Problem]()
    if not text:
        return names, bad
    for row, value in enumerate(value for path in files for value in values_of(path, image)):
        if not isinstance(value, str) or len(value) > 4096:  # empty, or base64
            continue
        try:
            named(value)
            names[row] = value
        except UserError as error:
            bad[row] = Problem("row", f"row {row}", str(error))
    return names, bad
