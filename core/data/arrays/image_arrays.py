"""Whole arrays of images, as NumPy and PyTorch files hold them: checked once, read one image at a time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.collection import Read
from core.errors import UserError
from core.types import Images

MAX_SIDE = 16_384  # pixels: a longer one is an array of something else
_CHUNK_BYTES = 32 * 2**20  # of an array looked at in one go; as float64 they are eight times as many
_SHAPES = "It has to be (n, h, w), (n, h, w, 1) or (n, h, w, 3)."


def image_reader(array: NDArray[Any], name: str, *, lossy: bool = False) -> tuple[Read, str]:
    """Index → uint8 (h, w, c), and what is done to the pixels in words; "" when they stay as they are.

    Args:
        array: (n, h, w), (n, h, w, 1 or 3) or, as PyTorch has it, (n, 1 or 3, h, w). Numbers of any type that are
            whole and lie in 0 to 255, or floats in [0, 1] that are 255ths: both become uint8 without loss.
        name: what the array is called in messages.
        lossy: round floats in [0, 1] that are no 255ths, too.

    Raises:
        UserError: another shape, or values that would have to be changed; it says how.
    """
    order = _channels(array, name)
    scale = _scale(array, name, lossy) if array.dtype != np.uint8 else 1

    def read(index: int) -> Images:
        image = np.asarray(array[index]).transpose(order) if order else np.asarray(array[index])
        image = image[..., None] if image.ndim == 2 else image
        return image if image.dtype == np.uint8 else np.rint(image.astype(np.float64) * scale).astype(np.uint8)

    words = f"{name} is {array.dtype} in [0, 1]; times 255 it is stored as uint8" if scale == 255 else ""
    return read, words


def _channels(array: NDArray[Any], name: str) -> tuple[int, int, int] | None:
    """How to bring the channels of one image last; None where they are."""
    shape = array.shape[:1] + (array.shape[2:] + array.shape[1:2] if _channels_first(array) else array.shape[1:])
    if array.ndim not in (3, 4) or 0 in shape or (array.ndim == 4 and shape[3] not in (1, 3)):
        raise UserError(f"{name} has the shape {array.shape}.", _SHAPES)
    if max(shape[1:3]) > MAX_SIDE:
        raise UserError(f"{name} has images of {shape[1]:,}×{shape[2]:,} pixels.", f"A side has at most {MAX_SIDE:,}.")
    return (1, 2, 0) if _channels_first(array) else None


def _channels_first(array: NDArray[Any]) -> bool:
    return array.ndim == 4 and array.shape[3] not in (1, 3) and array.shape[1] in (1, 3)


def _scale(array: NDArray[Any], name: str, lossy: bool) -> int:
    """What the pixels have to be multiplied by, 1 or 255, after a look at every one of them."""
    if array.dtype.kind not in "iuf":
        raise UserError(f"{name} is {array.dtype}.", "Images have to be uint8, 0 to 255.", "Convert them first.")
    step = max(1, _CHUNK_BYTES // max(1, array[:1].nbytes))
    low, high, whole, eighths = np.inf, -np.inf, True, True
    rounding = 0.01 + (255 * float(np.finfo(array.dtype).eps) / 2 if array.dtype.kind == "f" else 0)
    for start in range(0, len(array), step):
        part = np.asarray(array[start : start + step]).astype(np.float64)
        _refuse_nan(part, start, name)
        low, high = min(low, part.min()), max(high, part.max())
        whole = whole and bool((part == np.rint(part)).all())
        eighths = eighths and bool((np.abs(255 * part - np.rint(255 * part)) <= rounding).all())
        if low < 0 or high > 255 or not (whole or (high <= 1 and (eighths or lossy))):
            raise _unusable(array, name, low, high)
    return 255 if array.dtype.kind == "f" and high <= 1 else 1


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
    title = f"{name} is {array.dtype}, with values from {low:.3g} to {high:.3g}."
    if low >= 0 and high <= 1:
        how = "numpy.rint(255 * images).astype(numpy.uint8)"
        detail = "Images have to be uint8, 0 to 255, and these are no 255ths: rounding would change them."
        return UserError(title, detail, f"If that does no harm, save {how}.")
    hint = "Undo a normalisation (mean, standard deviation) and scale to 0 … 255 first."
    return UserError(title, "Images have to be uint8, 0 to 255.", hint)
