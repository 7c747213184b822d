"""Arrow streams as the `datasets` library saves them: mapped, so that images are read from disk when asked for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.data.collection import require_count
from core.data.tables.arrow_sizes import unpacked_bytes
from core.data.tables.cells import class_names_of, holds_images, image_bytes, plain_values, shares_cells
from core.data.tables.parquet_files import damage_said, features_of
from core.data.tables.rows import Rows, found_columns
from core.errors import UserError

MAX_UNPACKED = 2**30  # bytes: streams that are not compressed are mapped and take none
MAX_RATIO = 200  # unpacked bytes for each packed one
_SLACK = 16 * 2**20  # bytes that a small file may unpack to whatever it packs
_MAGIC = b"ARROW1"
_FILE_HEAD = 8  # bytes before the first message of a file that is no bare stream
_HINT = "Save it as Parquet."


def arrow_rows(
    files: Sequence[Path],
    features: dict[str, Any],
    image_column: str,
    label_column: str,
    *,
    max_unpacked: int = MAX_UNPACKED,
) -> Rows:
    """The rows of one or several `.arrow` files of the same columns.

    Args:
        files: in their order, at least one.
        features: what is noted about the columns elsewhere; {} looks into the first file.
        image_column, label_column: their names; "" guesses them.
        max_unpacked: bytes that a compressed stream may take in memory.

    Raises:
        UserError: a damaged file, or no columns of images and labels.
    """
    with damage_said(files[0].name):  # even a column's name may be no text
        return _rows(files, features, image_column, label_column, max_unpacked)


def _rows(files: Sequence[Path], features: dict[str, Any], image: str, label: str, most: int) -> Rows:
    first, schema = files[0], _opened(files[0]).schema
    columns = found_columns(schema.names, image, label)
    kind = schema.field(columns.image).type
    if not holds_images(kind):
        name = schema.names[columns.image]
        raise UserError(
            f"The column {name!r} holds {kind}.",
            "Bytes, text or a struct of bytes and path is needed.",
            "Save the images as bytes.",
        )
    tables = [_mapped(path, schema, [columns.image, columns.label], most) for path in files]
    cells = pa.chunked_array([chunk for table in tables for chunk in table.column(0).chunks], kind)
    require_count(len(cells))
    once: dict[Any, Any] = {}
    labels = [value for table in tables for chunk in table.column(1).chunks for value in plain_values(chunk, once)]
    folder = first.resolve().parent
    class_names = class_names_of((features or features_of(schema)).get(schema.names[columns.label]))

    def read(row: int) -> bytes:
        with damage_said(first.name):
            cell = cells[row].as_py()
        return image_bytes(cell, folder)

    return Rows([f"row {row}" for row in range(len(cells))], labels, read, class_names=class_names)


def _mapped(path: Path, schema: pa.Schema, columns: list[int], max_unpacked: int) -> pa.Table:
    """Two columns of all batches without copying them, checked: a damaged one would make Arrow read elsewhere."""
    with damage_said(path.name):
        with pa.memory_map(str(path)) as source:
            most = min(max_unpacked, MAX_RATIO * source.size() + _SLACK)
            _skip_head(source)
            if unpacked_bytes(source) > most:
                raise UserError(f"{path.name} is compressed and unpacks to more than {most:,} bytes.", "", _HINT)
        stream = _opened(path)
        if stream.schema.names != schema.names:
            raise UserError(f"{path.name} has other columns than the file before it.", "", "Save them together.")
        if any(shares_cells(stream.schema.field(column).type) for column in columns):
            why = "Its cells may all be one and the same gigabyte."
            raise UserError(f"{path.name} holds a column of views.", why, "Cast it to string or binary.")
        batches = list[pa.RecordBatch]()
        for batch in stream:
            batches.append(batch.select(columns))
            batches[-1].validate(full=True)
        return pa.Table.from_batches(batches, pa.schema([stream.schema.field(column) for column in columns]))


def _opened(path: Path) -> pa.RecordBatchStreamReader:
    with damage_said(path.name):
        source = pa.memory_map(str(path))
        _skip_head(source)
        options = pa.ipc.IpcReadOptions(use_threads=False)
        return pa.ipc.open_stream(source, options=options, memory_pool=pa.system_memory_pool())


def _skip_head(source: pa.NativeFile) -> None:
    """A file is a stream with something before it, and a list of its messages after it."""
    source.seek(_FILE_HEAD if source.read(len(_MAGIC)) == _MAGIC else 0)
