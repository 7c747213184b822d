"""NumPy arrays: the plainest exchange format for images and labels."""

import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.data.arrays.image_arrays import image_reader
from core.data.arrays.numpy_files import Arrays, members
from core.data.collection import Collection, Part, Problem, Read, abridged, empty_part, require_count
from core.data.labels import MAX_CLASSES, MAX_LABEL_CHARACTERS, classes, labelled
from core.data.levels import Values
from core.errors import UserError
from core.json_files import LARGEST
from core.types import Ints

Labels = NDArray[Any]


class Names(NamedTuple):
    """How the arrays of one convention are called: images and labels of each split."""

    x: str
    y: str
    x_test: str
    y_test: str
    x_val: str
    y_val: str


PAIRS = (
    Names("x_train", "y_train", "x_test", "y_test", "x_val", "y_val"),
    Names("X_train", "y_train", "X_test", "y_test", "X_val", "y_val"),
    Names("train_images", "train_labels", "test_images", "test_labels", "val_images", "val_labels"),
    Names("images", "labels", "test_images", "test_labels", "val_images", "val_labels"),
    Names("x", "y", "x_test", "y_test", "x_val", "y_val"),
    Names("X", "y", "X_test", "y_test", "X_val", "y_val"),
    Names("data", "labels", "test_data", "test_labels", "val_data", "val_labels"),
)


def recognises(path: Path) -> bool:
    """Whether this is a file, or a folder with `.npy` files of images and of labels."""
    return path.is_file() or any(all((path / f"{name}.npy").exists() for name in pair[:2]) for pair in PAIRS)


def npz(path: Path, *, values: Values = "auto") -> Collection:
    """The data set in an `.npz` file, or in `.npy` files of one folder, memory-mapped where that is possible.

    Args:
        path: an archive, a folder, or one of its `.npy` files, with x_train, y_train and optionally x_test, y_test,
            class_names (or train_images, train_labels …, as MedMNIST has it). Images (n, h, w), (n, h, w, 1) or
            (n, h, w, 3) in numbers of any type. Labels (n,) or (n, 1): whole numbers, or text. A validation split is
            the test set of a file without one.
        values: the range of the pixels, from black to white; auto looks at all images.

    Raises:
        UserError: naming the array that is missing or wrong, and what it has to be.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "pets.npz"
        ...     np.savez(path, x_train=np.zeros((2, 8, 8, 3), np.uint8), y_train=np.array(["dog", "cat"]))
        ...     pets = npz(path)
        ...     print(pets.class_names, pets.train.labels.tolist(), pets.train.read(0).shape)
        ('cat', 'dog') [1, 0] (8, 8, 3)
    """
    arrays = members(path)
    names = next((pair for pair in PAIRS if pair.x in arrays and pair.y in arrays), PAIRS[0])
    images, given = _take(arrays, names.x), _checked(_take(arrays, names.y), names.y)
    read, words = image_reader(images, names.x, values=values)
    _same_length(images, given, names.x, names.y)
    x_test, y_test, problems = _held_out(arrays, names)
    test_images, test_given = images[:0], given[:0]
    if y_test:
        test_images, test_given = _take(arrays, x_test), _checked(_take(arrays, y_test), y_test)
        _same_length(test_images, test_given, x_test, y_test)
        _same_shape(images, test_images)
    labels, class_names = _classes(arrays, given, test_given, names.y)
    train, more = _part(read, labels[: len(given)], given, "row")
    test, others = empty_part(), list[Problem]()
    if len(test_given):
        test_read, test_words = image_reader(test_images, x_test, values=values)
        test, others = _part(test_read, labels[len(given) :], test_given, "test row")
        words = "; ".join(filter(None, (words, test_words)))
    name = path.stem if path.suffix.lower() == ".npz" or path.is_dir() else path.resolve().parent.name
    about = {"pixels": words} if words else {}
    return Collection(name, class_names, train, test, abridged([*problems, *more, *others]), about=about)


def _same_length(images: NDArray[Any], labels: Labels, x: str, y: str) -> None:
    if len(images) != len(labels):
        raise UserError(
            f"{x} has {len(images)} images, {y} {len(labels)} labels.",
            "There must be one label each.",
            "Save the file again with as many labels as images.",
        )


def _held_out(arrays: Arrays, names: Names) -> tuple[str, str, list[Problem]]:
    """What the arrays of the test set are called, "" without one, and what is said of a validation split."""
    has_test = names.x_test in arrays or names.y_test in arrays
    if names.x_val not in arrays or names.y_val not in arrays:
        return (names.x_test, names.y_test, []) if has_test else ("", "", [])
    if not has_test:
        return names.x_val, names.y_val, []
    detail = "It is the validation split, and is left out: the test split is used."
    return names.x_test, names.y_test, [Problem("left out", names.x_val, detail)]


def _take(arrays: Arrays, name: str) -> NDArray[Any]:
    if name not in arrays:
        raise UserError(
            f"The file has no array {name}.",
            f"It holds: {', '.join(arrays) or 'nothing'}.",
            "Needed: x_train, y_train; optional: x_test, y_test, class_names.",
        )
    return arrays[name]()


def _checked(labels: Labels, name: str) -> Labels:
    """Labels that are whole numbers or text, (n,)."""
    require_count(len(labels) if labels.ndim else 0, "labels")
    if labels.dtype.itemsize > 4 * MAX_LABEL_CHARACTERS:
        why = f"A label has at most {MAX_LABEL_CHARACTERS:,} characters."
        raise UserError(f"{name} holds text that is too long.", why, "Shorten the labels.")
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if labels.ndim == 1 and labels.dtype.kind == "f":
        bad = np.flatnonzero(~np.isfinite(labels))
        if len(bad):
            raise UserError(
                f"{name} misses {len(bad):,} labels, the first in row {bad[0]}.",
                "Every image needs a label.",
                "Add them, or leave these images out.",
            )
        labels = (
            labels.astype(np.int64) if (labels == np.rint(labels)).all() and (abs(labels) < 2**53).all() else labels
        )
    if labels.dtype.kind == "U" and (np.ascontiguousarray(labels).view(np.uint32) > sys.maxunicode).any():
        raise UserError(f"{name} holds text that is no Unicode.", "It is damaged.", "Save it again.")
    if labels.ndim != 1 or labels.dtype.kind not in "iuUS":
        hint = "Save numpy.argmax(labels, 1) instead." if labels.ndim == 2 and labels.shape[1] > 1 else ""
        title = f"{name} is {labels.dtype} with the shape {labels.shape}."
        raise UserError(title, "Labels have to be whole numbers of the shape (n,) or (n, 1), or text.", hint)
    if labels.dtype.kind == "u" and len(labels) and labels.max() > LARGEST:
        raise UserError(f"{name} holds {labels.max():,}.", f"A label is at most {LARGEST:,}.", "Renumber the classes.")
    if labels.dtype.kind in "iu" and len(labels) and labels.min() < 0 and set(np.unique(labels)) != {-1, 1}:
        raise UserError(
            f"{name} runs from {labels.min()} to {labels.max()}.",
            "A class index is 0 or more; −1 stands for a class only beside 1.",
            "Renumber the classes 0, 1, 2, …",
        )
    return labels


def _same_shape(images: NDArray[Any], test_images: NDArray[Any]) -> None:
    shape, other = (array.shape[1:] + (1,) * (array.ndim == 3) for array in (images, test_images))
    if shape != other:
        raise UserError(
            f"Training images are {shape}, test images {other}.",
            "Both have to have the same height, width and channels.",
            "Resize one of them and save the file again.",
        )


def _classes(arrays: Arrays, given: Labels, test_given: Labels, y: str) -> tuple[Ints, tuple[str, ...]]:
    """Class indices of both splits, one after the other, and the class names."""
    if {given.dtype.kind in "US", test_given.dtype.kind in "US"} == {True, False}:
        raise UserError(
            "The training labels are text and the test labels numbers, or the reverse.",
            "Use one kind.",
            "Convert one of them and save the file again.",
        )
    if given.dtype.kind in "US":
        return classes([*given.tolist(), *test_given.tolist()])
    both = np.concatenate([given, test_given]).astype(np.int64)
    if "class_names" in arrays:
        return both, _class_names(arrays, int(both.max(initial=0)) + 1)
    distinct = np.unique(both)
    if len(distinct) < 2:
        raise UserError(
            f"All labels in {y} are {distinct[0]}.",
            "At least two classes are needed to train.",
            "Check that these are the labels.",
        )
    if len(distinct) > MAX_CLASSES:
        title = f"{y} holds {len(distinct):,} different labels."
        raise UserError(title, f"At most {MAX_CLASSES:,} classes can be handled.", "Choose a part of the classes.")
    return np.searchsorted(distinct, both), tuple(map(str, distinct.tolist()))


def _class_names(arrays: Arrays, n_classes: int) -> tuple[str, ...]:
    names = arrays["class_names"]()
    if names.ndim != 1 or names.dtype.kind != "U" or not n_classes <= len(names) <= MAX_CLASSES:
        raise UserError(
            "class_names cannot be used.",
            f"It has to be text of the shape ({n_classes},).",
            "Correct it, or leave it out.",
        )
    return tuple(str(name) for name in names)


def _part(read: Read, labels: Ints, given: Labels, what: str) -> tuple[Part, list[Problem]]:
    """The rows that have a label."""
    names = tuple(f"{what} {row}" for row in range(len(labels)))
    rows, problems = labelled(names, labels, given.tolist())
    kept = names if len(rows) == len(names) else tuple(names[row] for row in rows.tolist())
    left_out = {row: names[row] for row in np.flatnonzero(labels < 0).tolist()}
    return Part(kept, labels[rows], lambda index: read(int(rows[index])), left_out), problems
