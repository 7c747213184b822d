"""Tables that are small and ask for much."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.hostile.archives import png, written


def csv_columns(path: Path) -> Path:
    """A million columns."""
    return written(path, ".csv", b"image,label" + b",x" * 10**6 + b"\na.png,1" + b",1" * 10**6 + b"\n")


def csv_quote(path: Path) -> Path:
    """One cell of eight million lines."""
    return written(path, ".csv", b'image,label\n"' + b"x\n" * 8_000_000)


def csv_line(path: Path) -> Path:
    """One line of 90 MB in one cell."""
    return written(path, ".csv", b"image,label\n" + b"x" * 90 * 2**20 + b",1\n")


def csv_short(path: Path) -> Path:
    """Three million rows that lack a cell."""
    return written(path, ".csv", b"image,label\na.png,1\nb.png,2\n" + b"a\n" * 3_000_000)


def parquet_labels(path: Path) -> Path:
    """400 labels that are one text of a megabyte."""
    import pyarrow as pa

    labels = pa.array(["x" * 2**20] * 400, pa.large_string())
    return _parquet(path, {"image": pa.array([png()] * 400), "label": labels})


def parquet_images(path: Path) -> Path:
    """Four images of 100 MB of zeros."""
    import pyarrow as pa

    return _parquet(path, {"image": pa.array([bytes(100 * 2**20)] * 4, pa.large_binary()), "label": [0, 1] * 2})


def parquet_deep(path: Path) -> Path:
    """A column of structs in structs."""
    import pyarrow as pa

    kind = pa.int8()
    for _ in range(400):
        kind = pa.struct([("a", kind)])
    return _parquet(path, {"image": [png()] * 2, "label": [1, 0], "z": pa.array([None, None], kind)})


def parquet_columns(path: Path) -> Path:
    """20,000 columns."""
    return _parquet(path, {"image": [png()], "label": [1], **{f"c{index}": [1] for index in range(20_000)}})


def parquet_rows(path: Path) -> Path:
    """Ten million rows of the same image and label."""
    import pyarrow as pa

    n = 10_000_000
    return _parquet(path, {"image": pa.array(["a.png"] * n), "label": pa.array(np.arange(n, dtype=np.int8) % 2)})


def arrow_packed(path: Path) -> Path:
    """A column of zeros that was half a gigabyte before it was packed."""
    import pyarrow as pa

    cells = pa.array([bytes(128 * 2**20)] * 4, pa.large_binary())
    return arrow(path, {"image": cells, "label": [0, 1, 0, 1]}, pa.ipc.IpcWriteOptions(compression="zstd"))


def arrow_dictionary(path: Path) -> Path:
    """3,000 labels that are one text of a megabyte, kept once."""
    import pyarrow as pa

    labels = pa.DictionaryArray.from_arrays(pa.array([0, 1] * 1500, pa.int32()), pa.array(["x" * 2**20, "y"]))
    return arrow(path, {"image": pa.array([png()] * 3000), "label": labels})


def arrow_views(path: Path) -> Path:
    """100,000 labels that all look at the same megabyte."""
    import pyarrow as pa

    text, n = b"x" * 2**20, 100_000
    views = pa.py_buffer(struct.pack("<i4sii", len(text), text[:4], 0, 0) * n)
    labels = pa.Array.from_buffers(pa.string_view(), n, [None, views, pa.py_buffer(text)])
    return arrow(path, {"image": pa.array([png()] * n), "label": labels})


def hugging_face_json(path: Path) -> Path:
    """A description of 20 million empty lists."""
    import pyarrow as pa

    arrow(path, {"image": pa.array([png()] * 4), "label": [0, 1, 0, 1]})
    (path / "dataset_info.json").write_bytes(b'{"features": [' + b"[]," * 20_000_000 + b"[]]}")
    return path


def arrow(path: Path, columns: dict[str, Any], options: Any = None) -> Path:
    """A folder as the `datasets` library saves one."""
    import pyarrow as pa

    path.mkdir()
    made = pa.table(columns)
    name = str(path / "data-00000-of-00001.arrow")
    with pa.OSFile(name, "wb") as file, pa.ipc.new_stream(file, made.schema, options=options) as stream:
        stream.write_table(made)
    (path / "state.json").write_text(json.dumps({"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}))
    (path / "dataset_info.json").write_text("{}")
    return path


def _parquet(path: Path, columns: dict[str, Any]) -> Path:
    import pyarrow as pa
    from pyarrow import parquet

    file = path.with_suffix(".parquet")
    parquet.write_table(pa.table(columns), file, compression="zstd")
    return file


DATA = (
    *(csv_columns, csv_quote, csv_line, csv_short, parquet_labels),
    *(parquet_images, parquet_deep, parquet_columns, parquet_rows, arrow_packed),
    *(arrow_dictionary, arrow_views, hugging_face_json),
)
