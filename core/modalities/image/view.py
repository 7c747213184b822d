"""Images to be seen: one as PNG, what stands for a group of them, and what a trigger changes."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.modalities.contract import Change
from core.modalities.shown import Shown
from core.types import Floats, Images, Inputs, Ints

CHUNK = 1024  # images that are read together for an average
BLANK = 127  # level of an image that shows nothing


def average(inputs: Inputs) -> Images:
    """(h, w, c) the mean of at least one image, in whole levels; read in chunks, which changes nothing: sums are exact.

    >>> from core.modalities.image.inputs import ImageInputs
    >>> average(ImageInputs(np.array([10, 20, 33], np.uint8).reshape(3, 1, 1, 1))).item()
    21
    """
    starts = range(0, len(inputs), CHUNK)
    total = sum(inputs[start : start + CHUNK].sum(0, dtype=np.float64) for start in starts)
    return np.asarray(np.rint(total / len(inputs)), np.uint8)


def beyond(inputs: Inputs, rows: Ints, near: Ints) -> Images:
    """(h, w, c) what images have on average beyond their neighbours, rows (m, q)."""
    from core.modalities.image.patterns import differences  # parts of scipy that no page waits for

    return contrast(differences(inputs, rows, near).mean(0))


def contrast(difference: Floats) -> Images:
    """A mean difference as a picture: mid-grey for none, its largest value white or black."""
    largest = float(np.abs(difference).max())
    return np.asarray(np.rint(127.5 + 127.5 * difference / max(largest, 1.0)), np.uint8)


def amplified(before: Images, after: Images) -> Change:
    """|after − before| × gain, its largest difference white; the gain, and that difference in levels."""
    distance = np.abs(after.astype(np.int16) - before)
    largest = int(distance.max())
    gain = 255 / max(largest, 1)
    return Change(np.rint(distance * gain).astype(np.uint8), f"× {gain:.2g}", f"{largest} of 255 levels")


def kept(samples: Sequence[Images | None], shape: tuple[int, ...]) -> Images:
    """(m, h, w, c) the images, mid-grey for None."""
    array = np.full((len(samples), *shape), BLANK, np.uint8)
    for place, sample in enumerate(samples):
        if sample is not None:
            array[place] = sample
    return array


def kept_row(array: NDArray[Any], row: int) -> Images:
    """One image of such an array. Raises ValueError where it holds no images."""
    if array.dtype != np.uint8 or array.ndim != 4 or array.shape[3] not in (1, 3):
        raise ValueError(f"{array.dtype} {array.shape} are not uint8 (m, h, w, 1 or 3).")
    return np.asarray(array[row])


def shown(sample: Images) -> Shown:
    """One uint8 image (h, w, 1 or 3) as PNG."""
    buffer = BytesIO()
    # Thumbnails are small and made on request: speed matters more than the last byte.
    Image.fromarray(sample[:, :, 0] if sample.shape[2] == 1 else sample).save(buffer, "PNG", compress_level=1)
    return Shown(buffer.getvalue(), "image/png")


def described(shape: tuple[int, ...]) -> str:
    """Size and colour, such as "28×28 grey"."""
    return f"{shape[0]}×{shape[1]} {'grey' if shape[2] == 1 else 'colour'}"


def read(_: Inputs, rows: Ints, __: int) -> list[str]:
    """Nothing: images are looked at."""
    return [""] * len(rows)


def told(_: Images) -> str:
    """Nothing, as above."""
    return ""


def filed(sample: Images) -> tuple[str, bytes]:
    """One image as the content of a PNG file."""
    return ".png", shown(sample).content


def cell(content: bytes | str, name: str) -> dict[str, Any]:
    """One image as the `datasets` library keeps it: the bytes of its file, and the name of that."""
    return {"bytes": content, "path": name.rpartition("/")[2]}
