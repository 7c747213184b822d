"""A data set packed into one small file: colour images as sheets of JPEG, grey ones as they are.

A sheet holds many images side by side. Its blocks of 8 × 8 pixels lie within one image each, so an image is as if it
were alone, without the 600 bytes of tables that every small JPEG has.
"""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.modalities.image.inputs import ImageInputs
from core.types import Dataset, Images

ACROSS = 40  # images in a row of a sheet, and rows
QUALITIES = (97, 96, 95, 94, 93, 92, 91, 90, 88, 85)
Arrays = Mapping[str, NDArray[Any]]


def packed(arrays: Arrays, most_bytes: int) -> tuple[bytes, str]:
    """The content of an npz file of at most `most_bytes`, and what was done to the images in words.

    Args:
        arrays: x_train, y_train, x_test, y_test; images uint8 (n, h, w[, 3]), sides that 8 divides where in colour.
        most_bytes: that the file may have; the best quality that fits is taken.

    Raises:
        ValueError: not even the least quality fits.
    """
    labels = {name: arrays[name].astype(np.uint8 if arrays[name].max() < 256 else np.int64) for name in _LABELS}
    if arrays["x_train"].ndim < 4:
        content = _npz({**labels, **{name: arrays[name] for name in _IMAGES}}, compressed=True)
        if len(content) <= most_bytes:
            return content, "as they are"
        raise ValueError(f"packed as they are, the images have {len(content):,} bytes")
    for quality in QUALITIES:
        sheets = {name: _sheets(arrays[name], quality) for name in _IMAGES}
        shapes = {f"{name}_shape": np.array(arrays[name].shape) for name in _IMAGES}
        content = _npz({**labels, **shapes, **_streams(sheets)}, compressed=False)
        if len(content) <= most_bytes:
            return content, f"JPEG quality {quality}, colours at full size"
    raise ValueError(f"even at quality {QUALITIES[-1]} the images have {len(content):,} bytes")


def unpacked(path: Path) -> Dataset:
    """The data set in a file that `packed` made, or in any npz with the four arrays; none bona fide."""
    with np.load(path, allow_pickle=False) as content:
        arrays = {name: content[name] for name in content.files}
    images = {name: arrays[name] if name in arrays else _images(arrays, name) for name in _IMAGES}
    n = len(images["x_train"])
    return Dataset(
        name=path.stem,
        ids=np.arange(n),
        inputs=ImageInputs(images["x_train"].reshape(*images["x_train"].shape[:3], -1)),
        labels=arrays["y_train"].astype(np.int64),
        test_inputs=ImageInputs(images["x_test"].reshape(*images["x_test"].shape[:3], -1)),
        test_labels=arrays["y_test"].astype(np.int64),
        class_names=tuple(str(index) for index in range(int(arrays["y_train"].max()) + 1)),
        bona_fide=np.zeros(n, np.bool_),
    )


_IMAGES = ("x_train", "x_test")
_LABELS = ("y_train", "y_test")


def _sheets(images: Images, quality: int) -> list[bytes]:
    _, height, width, channels = images.shape
    sheets = []
    for start in range(0, len(images), ACROSS**2):
        some = images[start : start + ACROSS**2]
        whole = np.zeros((ACROSS**2, height, width, channels), np.uint8)
        whole[: len(some)] = some
        sheet = whole.reshape(ACROSS, ACROSS, height, width, channels).transpose(0, 2, 1, 3, 4)
        stream = io.BytesIO()
        picture = Image.fromarray(np.ascontiguousarray(sheet.reshape(ACROSS * height, ACROSS * width, channels)))
        picture.save(stream, "JPEG", quality=quality, subsampling=0, optimize=True)
        sheets.append(stream.getvalue())
    return sheets


def _images(arrays: Arrays, name: str) -> Images:
    n, height, width, channels = arrays[f"{name}_shape"].tolist()
    content, found = arrays[f"{name}_jpeg"].tobytes(), []
    ends = np.cumsum(arrays[f"{name}_bytes"]).tolist()
    for start, end in zip([0, *ends], ends, strict=False):
        sheet = np.asarray(Image.open(io.BytesIO(content[start:end])))
        tiles = sheet.reshape(ACROSS, height, ACROSS, width, channels).transpose(0, 2, 1, 3, 4)
        found.append(tiles.reshape(-1, height, width, channels))
    return np.concatenate(found)[:n]


def _streams(sheets: Mapping[str, list[bytes]]) -> dict[str, NDArray[Any]]:
    joined = {f"{name}_jpeg": np.frombuffer(b"".join(parts), np.uint8) for name, parts in sheets.items()}
    return {**joined, **{f"{name}_bytes": np.array([len(part) for part in parts]) for name, parts in sheets.items()}}


def _npz(arrays: Arrays, *, compressed: bool) -> bytes:
    stream = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(stream, allow_pickle=False, **arrays)
    return stream.getvalue()
