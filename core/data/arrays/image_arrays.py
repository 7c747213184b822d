"""Whole arrays of images, as NumPy and PyTorch files hold them: checked once, read one image at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.collection import Read, require_count
from core.data.decoding import MAX_PIXELS
from core.data.levels import DARK, Levels, levels_of
from core.data.threads import pieces
from core.errors import UserError
from core.types import Images

MAX_SIDE = 16_384  # pixels: a longer one is an array of something else
_CHUNK_NUMBERS = 2**22  # of an array looked at in one go; as float64 they take 32 MB, several times over
_LARGEST = f"A side has at most {MAX_SIDE:,}, and an image {MAX_PIXELS:,}."
_SHAPES = "It has to be (n, h, w), (n, h, w, 1) or (n, h, w, 3)."


def image_reader(array: NDArray[Any], name: str, *, values: str = "auto") -> tuple[Read, str]:
    """Index → uint8 (h, w, c), and what is done to the pixels in words; "" when they stay as they are.

    Args:
        array: (n, h, w), (n, h, w, 1 or 3) or, as PyTorch has it, (n, 1 or 3, h, w), numbers of any type.
        name: what the array is called in messages.
        values: which range they have; "auto" looks at all images. See `core.data.levels`.

    Raises:
        UserError: another shape, or a range that says nothing about black and white.
    """
    order = _channels(array, name)
    low, high, whole = _range(array, name)
    levels = levels_of(low, high, whole, values)
    if levels is None:
        raise _unusable(array, name, low, high)
    as_they_are = whole and levels == Levels(0, 255)

    def read(index: int) -> Images:
        image = np.asarray(array[index]).transpose(order) if order else np.asarray(array[index])
        image = image[..., None] if image.ndim == 2 else image
        if as_they_are:
            return image if image.dtype == np.uint8 else image.astype(np.uint8)
        return levels.shown(image)

    if as_they_are:
        return read, f"{name} has no value above {high:.0f} of 255: it is shown almost black" if high <= DARK else ""
    shown = f"{levels.black:g} is shown as black and {levels.white:g} as white"
    return read, f"{name} is {array.dtype} with values from {low:.4g} to {high:.4g}; {shown}"


def _channels(array: NDArray[Any], name: str) -> tuple[int, int, int] | None:
    """How to bring the channels of one image last; None where they are."""
    shape = array.shape[:1] + (array.shape[2:] + array.shape[1:2] if _channels_first(array) else array.shape[1:])
    if array.ndim not in (3, 4) or 0 in shape or (array.ndim == 4 and shape[3] not in (1, 3)):
        raise UserError(f"{name} has the shape {array.shape}.", _SHAPES, "Reshape the array and save the file again.")
    require_count(len(array))
    if max(shape[1:3]) > MAX_SIDE or shape[1] * shape[2] > MAX_PIXELS:
        raise UserError(
            f"{name} has images of {shape[1]:,}×{shape[2]:,} pixels.", _LARGEST, "Resize them and save the file again."
        )
    return (1, 2, 0) if _channels_first(array) else None


def _channels_first(array: NDArray[Any]) -> bool:
    return array.ndim == 4 and array.shape[3] not in (1, 3) and array.shape[1] in (1, 3)


def _range(array: NDArray[Any], name: str) -> tuple[float, float, bool]:
    """The smallest and the largest value of all images, and whether all values are whole numbers.

    Bytes are looked at only until one is bright: any other range of theirs is the ordinary one.
    """
    if array.dtype.kind not in "biuf":
        raise UserError(f"{name} is {array.dtype}.", "Images have to be numbers.", "Convert them first.")
    low, high, whole = np.inf, -np.inf, True
    for row, part in _parts(array):
        if array.dtype == np.uint8:
            low, high = 0.0, max(high, float(part.max()))
            if high > DARK:
                return 0.0, 255.0, True
            continue
        numbers = part.astype(np.float64)
        _refuse_nan(numbers, row, name)
        low, high = min(low, float(numbers.min())), max(high, float(numbers.max()))
        whole = whole and bool((numbers == np.rint(numbers)).all())
    return low, high, whole


def _parts(array: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
    """The array in parts of a bounded size, each with the row that it begins in: some images, or some lines of one."""
    for rows in pieces(len(array), max(1, _CHUNK_NUMBERS // array[:1].size)):
        for lines in pieces(array.shape[1], max(1, _CHUNK_NUMBERS // (len(rows) * array[:1, :1].size))):
            yield rows.start, np.asarray(array[rows.start : rows.stop, lines.start : lines.stop])


def _refuse_nan(part: NDArray[np.float64], start: int, name: str) -> None:
    bad = ~np.isfinite(part).reshape(len(part), -1).all(1)
    if bad.any():
        first = start + int(np.argmax(bad))
        raise UserError(
            f"{name} holds NaN or infinity, first in row {first}.",
            "Every pixel has to be a number.",
            "Repair it first.",
        )


def _unusable(array: NDArray[Any], name: str, low: float, high: float) -> UserError:
    return UserError(
        f"{name} is {array.dtype}, with values from {low:.3g} to {high:.3g}.",
        "Nothing says which value is black and which is white.",
        "Undo a normalisation (mean, standard deviation) first, or declare the range with values.",
    )
