"""Image cells of Parquet and Arrow tables: bytes, base64 text, a path, or the struct of the `datasets` library."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.data.paths import content
from core.data.tables.csv_files import from_base64, is_encoded
from core.errors import UserError

MAX_TEXT = 4097  # characters of a label or a path, one more than either may have


def image_bytes(cell: Any, folder: Path, links_within: str = "") -> bytes:
    """The encoded image that a cell holds or names below `folder`. Raises UserError when it does neither."""
    if isinstance(cell, dict):  # {"bytes": …, "path": …}
        cell = cell.get("bytes") or cell.get("path")
    if isinstance(cell, bytes):
        return cell
    if isinstance(cell, str):
        return from_base64(cell) if is_encoded(cell) else content(folder, cell, links_within=links_within)
    raise UserError("The cell holds no image.", f"It holds {type(cell).__name__}.")


def holds_images(kind: pa.DataType) -> bool:
    """Whether a column of this type may hold images or their paths."""
    if pa.types.is_struct(kind):
        return any(kind.field(index).name in ("bytes", "path") for index in range(kind.num_fields))
    return is_bytes(kind) or is_text(kind)


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_bytes(kind: pa.DataType) -> bool:
    """Whether a column of this type holds bytes."""
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def shares_cells(kind: pa.DataType) -> bool:
    """Whether the cells of such a column may lie over each other, so that a short file holds any amount of text."""
    return bool(pa.types.is_string_view(kind) or pa.types.is_binary_view(kind))


def plain_values(array: pa.Array, once: dict[Any, Any]) -> Iterator[Any]:
    """Numbers, text and bytes one after the other; None for anything else.

    A label or a path is short, and tables keep one that occurs a million times only once. So text is cut to
    `MAX_TEXT`, and two cells that say the same are one object.

    Args:
        array: a column or a piece of one.
        once: what was seen so far, to be handed in again with the next piece.
    """
    kind = array.type
    if pa.types.is_dictionary(kind):
        places = array.indices.to_pylist()
        used = sorted({place for place in places if place is not None})
        values = dict(zip(used, plain_values(array.dictionary.take(pa.array(used, pa.int64())), once), strict=True))
        yield from (values.get(place) for place in places)
    elif is_text(kind) or is_bytes(kind):
        for cell in array:
            value = cell.as_py()
            cut = value if value is None else value[:MAX_TEXT]
            yield once.setdefault(cut, cut)
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        yield from array.to_pylist()
    else:
        yield from (None for _ in range(len(array)))


def class_names_of(feature: Any) -> Sequence[str] | None:
    """The class names that the `datasets` library noted for a column; None where it noted none."""
    names = feature.get("names") if isinstance(feature, dict) else None
    if isinstance(names, dict):  # older versions: {"0": "cat", "1": "dog"}
        names = [names[key] for key in sorted(names, key=int)] if all(map(str.isdecimal, names)) else None
    return names if isinstance(names, list) and names and all(isinstance(name, str) for name in names) else None
