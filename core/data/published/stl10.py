"""STL-10 in its binary version; the unlabelled images are left alone."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.arrays.binary_records import checked, lines, mapped, part_of
from core.data.collection import Collection, Part
from core.types import Images

_SIDE = 96  # pixels of an image
_NAMES = ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck")


def stl10(folder: Path) -> Collection:
    """STL-10 in `train_X.bin`, `train_y.bin` … Raises UserError when files lack or are damaged."""
    names = lines(folder / "class_names.txt") if (folder / "class_names.txt").is_file() else _NAMES
    test = _part(folder, "test") if (folder / "test_X.bin").is_file() else None
    return checked("STL-10", names, _part(folder, "train"), test)


def _part(folder: Path, split: str) -> Part:
    labels = mapped(folder / f"{split}_y.bin", 1)[:, 0].astype(np.int64) - 1
    return part_of([mapped(folder / f"{split}_X.bin", 3 * _SIDE * _SIDE)], labels, _shown)


def _shown(flat: NDArray[Any]) -> Images:
    """Channels first, and column by column."""
    return np.asarray(flat, np.uint8).reshape(3, _SIDE, _SIDE).transpose(2, 1, 0)
