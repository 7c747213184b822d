"""Images to be seen: one as PNG, what stands for a group of them, and what a trigger changes."""

from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from core.types import Floats, Images, Inputs

CHUNK = 1024  # images that are read together for an average


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


def average(inputs: Inputs) -> Images:
    """(h, w, c) the mean of at least one image, in whole levels; read in chunks, which changes nothing: sums are exact.

    >>> from core.modalities.image.inputs import ImageInputs
    >>> average(ImageInputs(np.array([10, 20, 33], np.uint8).reshape(3, 1, 1, 1))).item()
    21
    """
    starts = range(0, len(inputs), CHUNK)
    total = sum(inputs[start : start + CHUNK].sum(0, dtype=np.float64) for start in starts)
    return np.asarray(np.rint(total / len(inputs)), np.uint8)


def contrast(difference: Floats) -> Images:
    """A mean difference as a picture: mid-grey for none, its largest value white or black."""
    largest = float(np.abs(difference).max())
    return np.asarray(np.rint(127.5 + 127.5 * difference / max(largest, 1.0)), np.uint8)


def amplified(before: Images, after: Images) -> tuple[Images, float, int]:
    """|after − before| × gain with the largest difference white, the gain, and that difference in levels."""
    distance = np.abs(after.astype(np.int16) - before)
    largest = int(distance.max())
    gain = 255 / max(largest, 1)
    return np.rint(distance * gain).astype(np.uint8), gain, largest


@lru_cache(maxsize=32)
def _images(path: Path, _modified: int) -> Images:
    """The memory-mapped array; a file written anew has another modification time and is opened anew."""
    images = np.load(path, mmap_mode="r", allow_pickle=False)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
        raise ValueError(f"{path.name} is {images.dtype} {images.shape}, not uint8 (m, h, w, 1 or 3).")
    mapped: Images = images
    return mapped


def png_of(image: Images) -> bytes:
    """PNG bytes of one uint8 image (h, w, 1 or 3)."""
    buffer = BytesIO()
    # Thumbnails are small and made on request: speed matters more than the last byte.
    Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
