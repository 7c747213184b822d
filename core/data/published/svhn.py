"""The Street View House Numbers, cropped digits, in MATLAB files."""

import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.arrays.binary_records import checked, part_of
from core.data.collection import Collection, Part
from core.data.paths import own
from core.errors import UserError

MAX_BYTES = 4 * 2**30  # of an array: SVHN's extra images have 1.6 GB
MAX_RATIO = 200  # unpacked bytes for each packed one
_SLACK = 16 * 2**20  # bytes that a small file may unpack to whatever it packs
_DAMAGE = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    NotImplementedError,
    EOFError,
    MemoryError,
    OverflowError,
    AttributeError,
    AssertionError,
    RuntimeError,
    zlib.error,
)


def svhn(folder: Path) -> Collection:
    """SVHN in `train_32x32.mat` and `test_32x32.mat`. Raises UserError when one is damaged or holds other things."""
    test = _part(folder / "test_32x32.mat") if (folder / "test_32x32.mat").is_file() else None
    return checked("SVHN", tuple(str(digit) for digit in range(10)), _part(folder / "train_32x32.mat"), test)


def _part(path: Path) -> Part:
    pixels, given = _arrays(path)
    if pixels.shape[:3] != (32, 32, 3) or given.shape[0] != pixels.shape[3] or given.size != given.shape[0]:
        raise UserError(
            f"{path.name} holds X {pixels.shape} and y {given.shape}.",
            "They have to be (32, 32, 3, n) and (n, 1).",
            "Copy the data set again.",
        )
    return part_of([pixels.transpose(3, 0, 1, 2)], given.reshape(-1) % 10, np.asarray)  # the digit 0 is written 10


def _arrays(path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """X and y; the file's own list of contents is looked at first, so that nothing else is ever read."""
    from scipy.io import loadmat, whosmat
    from scipy.io.matlab import MatReadError

    try:
        path = own(path)
        kinds = {name: (shape, kind) for name, shape, kind in whosmat(str(path))}
        if {"X", "y"} - kinds.keys() or kinds["X"][1] != "uint8" or kinds["y"][1] not in ("uint8", "double"):
            raise UserError(
                f"{path.name} holds no X and y of SVHN.",
                "Bytes and their labels are expected.",
                "Copy the data set again.",
            )
        most = min(MAX_BYTES, MAX_RATIO * path.stat().st_size + _SLACK)
        if math.prod(kinds["X"][0]) > most or math.prod(kinds["y"][0]) > most // 3072:
            raise UserError(f"{path.name} unpacks to more than {most:,} bytes.", "SVHN does not.", "Do not open it.")
        arrays = loadmat(str(path), variable_names=["X", "y"])
        pixels, given = np.asarray(arrays["X"]), np.asarray(arrays["y"])
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or given.ndim != 2 or not (given == np.rint(given)).all():
            raise ValueError("The arrays are not what the list of contents says.")
        return pixels, given.astype(np.int64)
    except (*_DAMAGE, MatReadError) as error:
        raise UserError(
            f"{path.name} cannot be read.", "It is damaged, or no MATLAB file.", "Copy it again."
        ) from error
