"""Pixels in files of fixed layout, memory-mapped: the binary data sets of the field."""

import gzip
import math
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.collection import Collection, Part, empty_part, require_count
from core.data.labels import MAX_CLASSES
from core.data.paths import own
from core.errors import UserError
from core.types import Images, Ints

MAX_UNPACKED = 2**30  # bytes: twenty times MNIST
MAX_RATIO = 200  # unpacked bytes for each packed one; drawn digits unpack to five times their size
_SLACK = 16 * 2**20  # bytes that a small file may unpack to whatever it packs
_LINES_BYTES = 2**20  # of a file of class names


def mapped(path: Path, record: int) -> Images:
    """(n, record) bytes of a file of records. Raises UserError when their length does not fit, or there are none."""
    try:
        path = own(path)
        size = path.stat().st_size
        if not size or size % record:
            raise UserError(
                f"{path.name} has {size:,} bytes.", f"Records of {record:,} bytes are expected.", "Copy it again."
            )
        require_count(size // record, "records")
        return np.memmap(path, np.uint8, "r", shape=(size // record, record))
    except OSError as error:
        raise UserError(f"{path.name} cannot be read.", error.strerror or "", "Copy it again.") from error


def idx(path: Path) -> Images:
    """The array in an IDX file of MNIST, plain or as `.gz`. Raises UserError when it is damaged or not of bytes."""
    try:
        path = own(path)
        if path.suffix == ".gz":
            with gzip.open(path) as stream:
                most = min(MAX_UNPACKED, MAX_RATIO * path.stat().st_size + _SLACK)
                content = stream.read(most + 1)
            if len(content) > most:
                raise ValueError(f"It unpacks to more than {most:,} bytes")
            flat: NDArray[np.uint8] = np.frombuffer(content, np.uint8)
        else:
            flat = np.memmap(path, np.uint8, "r")
        if flat[:3].tolist() != [0, 0, 8] or not 1 <= flat[3] <= 3:
            raise ValueError("It does not begin as an IDX file of bytes.")
        shape = [int(side) for side in np.frombuffer(flat[4 : 4 + 4 * int(flat[3])].tobytes(), ">u4")]
        return flat[4 + 4 * len(shape) :].reshape(shape) if math.prod(shape) else np.zeros(shape, np.uint8)
    except (OSError, EOFError, ValueError, IndexError, zlib.error) as error:
        raise UserError(f"{path.name} is no IDX file.", f"{error}".rstrip(".") + ".", "Copy it again.") from error


def lines(path: Path) -> tuple[str, ...]:
    """The lines of a small text file that are not empty."""
    try:
        with own(path).open("rb") as stream:
            text = stream.read(_LINES_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise UserError(f"{path.name} cannot be read.", error.strerror or "", "Copy it again.") from error
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def part_of(images: Sequence[NDArray[Any]], labels: NDArray[Any], shown: Callable[[NDArray[Any]], Images]) -> Part:
    """A part of images that lie one after the other in several arrays.

    Args:
        images: each n-first.
        labels: (n,) of all of them.
        shown: one image as it is stored → uint8 (h, w) or (h, w, c).

    Raises:
        UserError: another number of labels.
    """
    ends = np.cumsum([len(array) for array in images])
    n = int(ends[-1]) if len(ends) else 0
    require_count(n)
    if n != len(labels) or not n:
        raise UserError(
            f"There are {n:,} images and {len(labels):,} labels.",
            "There must be one label each.",
            "Copy the files again.",
        )

    def read(index: int) -> Images:
        array = int(np.searchsorted(ends, index, "right"))
        return shown(images[array][index - int(ends[array])])

    return Part(tuple(f"row {row}" for row in range(n)), np.asarray(labels).astype(np.int64), read)


def checked(name: str, class_names: Sequence[str], train: Part, test: Part | None) -> Collection:
    """The collection of these parts. Raises UserError for labels that are no indices of `class_names`."""
    for part in (train, test or empty_part()):
        _check_labels(part.labels, len(class_names))
    return Collection(name, tuple(class_names), train, test or empty_part())


def _check_labels(labels: Ints, n_classes: int) -> None:
    if not 2 <= n_classes <= MAX_CLASSES:
        raise UserError(
            f"There are {n_classes} class names.",
            f"There have to be 2 to {MAX_CLASSES}.",
            "Correct the file of class names.",
        )
    if len(labels) and not (labels.min() >= 0 and labels.max() < n_classes):
        raise UserError(
            f"Labels run from {labels.min()} to {labels.max()}.",
            f"There are {n_classes} classes, counted from 0.",
            "Copy the files again.",
        )
