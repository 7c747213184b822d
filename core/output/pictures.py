"""One image of a stored array, as PNG: what a thumbnail address answers with."""

import base64
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from core.types import Images


def png_of_row(path: Path, row: int) -> bytes:
    """PNG bytes of one row of a uint8 (m, h, w, 1 or 3) array on disk; only that row is read.

    Raises:
        LookupError: there is no such file, no such row, or the file holds no images.
    """
    try:
        images = _images(path, path.stat().st_mtime_ns)
    except (OSError, ValueError) as error:
        raise LookupError(f"{path.name} holds no images.") from error
    if not 0 <= row < len(images):
        raise LookupError(f"{path.name} has {len(images)} rows; {row} is not one of them.")
    return png_of(np.asarray(images[row]))


@lru_cache(maxsize=32)
def _images(path: Path, _modified: int) -> Images:
    """The memory-mapped array; a file written anew has another modification time and is opened anew."""
    images = np.load(path, mmap_mode="r", allow_pickle=False)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
        raise ValueError(f"{path.name} is {images.dtype} {images.shape}, not uint8 (m, h, w, 1 or 3).")
    mapped: Images = images
    return mapped


def data_url(image: Images) -> str:
    """The address that holds one uint8 image (h, w, 1 or 3) itself, for pictures that are in no file."""
    return "data:image/png;base64," + base64.b64encode(png_of(image)).decode()


def png_of(image: Images) -> bytes:
    """PNG bytes of one uint8 image (h, w, 1 or 3)."""
    buffer = BytesIO()
    # Thumbnails are small and made on request: speed matters more than the last byte.
    Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
