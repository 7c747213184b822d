"""Image cells of Parquet and Arrow tables: bytes, base64 text, a path, or the struct of the `datasets` library."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.data.paths import content
from core.data.tables.csv_files import from_base64, is_encoded
from core.errors import UserError


def image_bytes(cell: Any, folder: Path) -> bytes:
    """The encoded image that a cell holds or names below `folder`. Raises UserError when it does neither."""
    if isinstance(cell, dict):  # {"bytes": …, "path": …}
        cell = cell.get("bytes") or cell.get("path")
    if isinstance(cell, bytes):
        return cell
    if isinstance(cell, str):
        return from_base64(cell) if is_encoded(cell) else content(folder, cell)
    raise UserError("The cell holds no image.", f"It holds {type(cell).__name__}.")


def holds_images(kind: pa.DataType) -> bool:
    """Whether a column of this type may hold images or their paths."""
    if pa.types.is_struct(kind):
        return any(kind.field(index).name in ("bytes", "path") for index in range(kind.num_fields))
    return _is_bytes(kind) or is_text(kind)


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def class_names_of(feature: Any) -> Sequence[str] | None:
    """The class names that the `datasets` library noted for a column; None where it noted none."""
    names = feature.get("names") if isinstance(feature, dict) else None
    if isinstance(names, dict):  # older versions: {"0": "cat", "1": "dog"}
        names = [names[key] for key in sorted(names, key=int)] if all(map(str.isdecimal, names)) else None
    return names if isinstance(names, list) and names and all(isinstance(name, str) for name in names) else None


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )
