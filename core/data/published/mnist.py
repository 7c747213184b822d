"""MNIST and the data sets of its layout, in IDX files."""

from pathlib import Path

import numpy as np

from core.data.arrays.binary_records import checked, idx, part_of
from core.data.collection import Collection, Part
from core.errors import UserError

_DIGITS = tuple(str(digit) for digit in range(10))
_FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


def mnist(folder: Path) -> Collection:
    """The digits of MNIST in `train-images-idx3-ubyte` … (or `.gz`). Raises UserError for files that lack or differ."""
    return checked("MNIST", _DIGITS, _part(folder, "train"), _part(folder, "t10k"))


def fashion_mnist(folder: Path) -> Collection:
    """Fashion-MNIST, in files of the same names. Raises UserError as `mnist` does."""
    return checked("Fashion-MNIST", _FASHION, _part(folder, "train"), _part(folder, "t10k"))


def _part(folder: Path, split: str) -> Part:
    images, labels = _array(folder, f"{split}-images-idx3-ubyte"), _array(folder, f"{split}-labels-idx1-ubyte")
    if images.ndim != 3 or labels.ndim != 1 or 0 in images.shape:
        raise UserError(
            f"The {split} images have the shape {images.shape}.", "It has to be (n, h, w).", "Copy the data set again."
        )
    return part_of([images], labels, np.asarray)


def _array(folder: Path, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    for path in (folder / name, folder / f"{name}.gz", folder / name.replace("-idx", ".idx")):
        if path.is_file():
            return idx(path)
    raise UserError(
        f"{folder.name} lacks {name}.", "Four files are needed: images and labels of train and t10k.", "Copy all four."
    )
