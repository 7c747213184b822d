"""Arrow streams as the `datasets` library saves them: mapped, so that images are read from disk when asked for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.data.tables.cells import class_names_of, holds_images, image_bytes
from core.data.tables.parquet_files import damage_said, features_of
from core.data.tables.rows import Rows, found_columns
from core.errors import UserError

MAX_UNPACKED = 2**30  # bytes: streams that are not compressed are mapped and take none


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
        return _rows([_mapped(path, max_unpacked) for path in files], files[0], features, image_column, label_column)


def _rows(tables: Sequence[pa.Table], first: Path, features: dict[str, Any], image: str, label: str) -> Rows:
    names = tables[0].schema.names
    columns = found_columns(names, image, label)
    image, label = names[columns.image], names[columns.label]
    kind = tables[0].schema.field(columns.image).type
    if not holds_images(kind) or any(table.schema.names != names for table in tables):
        raise UserError(f"The column {image!r} holds {kind}.", "Bytes, text or a struct of bytes and path is needed.")
    cells = pa.chunked_array([chunk for table in tables for chunk in table.column(image).chunks], kind)
    labels = [value for table in tables for value in table.column(label).to_pylist()]
    folder = first.resolve().parent
    class_names = class_names_of((features or features_of(tables[0].schema)).get(label))

    def read(row: int) -> bytes:
        with damage_said(first.name):
            cell = cells[row].as_py()
        return image_bytes(cell, folder)

    return Rows([f"row {row}" for row in range(len(cells))], labels, read, class_names=class_names)


def _mapped(path: Path, max_unpacked: int) -> pa.Table:
    """All batches of a file without copying them; each is checked, as a damaged one would make Arrow read elsewhere."""
    pool = pa.system_memory_pool()
    before, batches = pool.bytes_allocated(), list[pa.RecordBatch]()
    with damage_said(path.name):
        source = pa.memory_map(str(path))
        options = pa.ipc.IpcReadOptions(use_threads=False)
        if source.read(6) == b"ARROW1":
            file = pa.ipc.open_file(source, options=options, memory_pool=pool)
            stream, schema = (file.get_batch(index) for index in range(file.num_record_batches)), file.schema
        else:
            source.seek(0)
            stream = pa.ipc.open_stream(source, options=options, memory_pool=pool)
            schema = stream.schema
        for batch in stream:
            if pool.bytes_allocated() - before > max_unpacked:
                raise UserError(f"{path.name} is compressed and unpacks to more than 1 GB.", "", "Save it as Parquet.")
            batch.validate(full=True)
            batches.append(batch)
        return pa.Table.from_batches(batches, schema)
