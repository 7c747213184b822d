"""NumPy archives: the plainest exchange format for images and labels."""

import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError
from core.types import Dataset, Images, Ints

MAX_CLASSES = 1000
# What zipfile and NumPy raise on damaged, encrypted or oddly compressed archives.
_DAMAGE = (OSError, EOFError, KeyError, RuntimeError, SyntaxError, MemoryError, zipfile.BadZipFile, zlib.error)


def npz(path: Path) -> Dataset:
    """The data set in an `.npz` file with `x_train`, `y_train` and optionally `x_test`, `y_test`, `class_names`.

    Args:
        path: images uint8 (n, h, w), (n, h, w, 1) or (n, h, w, 3); labels whole numbers (n,), counted from 0.

    Raises:
        UserError: naming the array that is missing or wrong, and what it has to be.
    """
    arrays = _arrays(path)
    images, labels = _images(arrays, "x_train"), _labels(arrays, "y_train")
    _same_length(images, labels, "train")
    test_images, test_labels = np.zeros((0, *images.shape[1:]), np.uint8), np.zeros(0, np.int64)
    if "x_test" in arrays or "y_test" in arrays:
        test_images, test_labels = _images(arrays, "x_test"), _labels(arrays, "y_test")
        _same_length(test_images, test_labels, "test")
        if test_images.shape[1:] != images.shape[1:]:
            raise UserError(
                f"Training images are {images.shape[1:]}, test images {test_images.shape[1:]}.",
                "Both have to have the same height, width and channels.",
                "Resize one of them and save the file again.",
            )
    return Dataset(
        name=path.stem,
        ids=np.arange(len(labels)),
        images=images,
        labels=labels,
        test_images=test_images,
        test_labels=test_labels,
        class_names=_class_names(arrays, labels, test_labels),
        bona_fide=np.zeros(len(labels), np.bool_),
    )


def _arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    """All arrays; object arrays (pickles) are refused, never read."""
    if path.is_file() and not zipfile.is_zipfile(path):  # text, one bare array, a truncated archive
        raise _unreadable(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            members = {name: archive[name] for name in archive.files}
            return {name: array for name, array in members.items() if isinstance(array, np.ndarray)}
    except ValueError as error:
        if "allow_pickle" in str(error) or "Object arrays" in str(error):
            raise UserError(
                f"{path.name} holds Python objects, and reading those could run code.",
                "Only plain arrays are read.",
                "Save images as uint8 and labels as int64.",
            ) from None
        raise _unreadable(path) from error
    except _DAMAGE as error:
        raise _unreadable(path) from error


def _unreadable(path: Path) -> UserError:
    return UserError(
        f"{path.name} cannot be read.",
        "It is damaged, or not an .npz archive.",
        "Make it again with numpy.savez_compressed.",
    )


def _take(arrays: dict[str, NDArray[np.generic]], name: str) -> NDArray[np.generic]:
    if name not in arrays:
        raise UserError(
            f"The file has no array {name}.",
            f"It holds: {', '.join(arrays) or 'nothing'}.",
            "Needed: x_train, y_train; optional: x_test, y_test, class_names.",
        )
    return arrays[name]


def _images(arrays: dict[str, NDArray[np.generic]], name: str) -> Images:
    images = _take(arrays, name)
    if images.dtype != np.uint8:
        raise UserError(
            f"{name} is {images.dtype}.", "Images have to be uint8, 0 to 255.", "Scale and convert them first."
        )
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[3] not in (1, 3) or 0 in images.shape:
        raise UserError(
            f"{name} has the shape {images.shape}.", "It has to be (n, h, w), (n, h, w, 1) or (n, h, w, 3)."
        )
    return np.ascontiguousarray(images, np.uint8)


def _labels(arrays: dict[str, NDArray[np.generic]], name: str) -> Ints:
    labels = _take(arrays, name)
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise UserError(
            f"{name} is {labels.dtype} with the shape {labels.shape}.",
            "Labels have to be whole numbers of the shape (n,).",
        )
    if len(labels) and (labels.min() < 0 or labels.max() >= MAX_CLASSES):
        raise UserError(
            f"{name} runs from {labels.min()} to {labels.max()}.",
            f"Class indices start at 0 and stay below {MAX_CLASSES}.",
            "Renumber the classes 0, 1, 2, …",
        )
    return labels.astype(np.int64)


def _same_length(images: Images, labels: Ints, split: str) -> None:
    if len(images) != len(labels):
        raise UserError(
            f"x_{split} has {len(images)} images, y_{split} {len(labels)} labels.", "There must be one label each."
        )


def _class_names(arrays: dict[str, NDArray[np.generic]], labels: Ints, test_labels: Ints) -> tuple[str, ...]:
    n_classes = int(max(labels.max(), test_labels.max(initial=0))) + 1
    if n_classes < 2:
        raise UserError("All labels are 0.", "At least two classes are needed to train a classifier.")
    names = arrays.get("class_names")
    if names is None:
        return tuple(str(index) for index in range(n_classes))
    if names.ndim != 1 or names.dtype.kind != "U" or len(names) < n_classes:
        raise UserError("class_names cannot be used.", f"It has to be text of the shape ({n_classes},).")
    return tuple(str(name) for name in names)
