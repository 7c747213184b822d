"""CIFAR-10 and CIFAR-100, from the binary version or from the Python version without unpickling it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.arrays.binary_records import checked, lines, mapped, part_of
from core.data.arrays.plain_pickle import plain_data
from core.data.collection import Collection, Part
from core.errors import UserError
from core.types import Images

_PIXELS = 3 * 32 * 32  # bytes of one image, channels first


def cifar10(folder: Path) -> Collection:
    """CIFAR-10 in `cifar-10-batches-bin` or `cifar-10-batches-py`. Raises UserError when files lack or are damaged."""
    batches = [f"data_batch_{number}" for number in range(1, 6)]
    if (folder / "data_batch_1.bin").exists():
        train, test = _binary(folder, [f"{batch}.bin" for batch in batches], 1), _binary(folder, ["test_batch.bin"], 1)
        return checked("CIFAR-10", lines(folder / "batches.meta.txt"), train, test)
    names = _texts(plain_data(_file(folder, "batches.meta")), "label_names")
    train, test = _pickled(folder, batches, "labels"), _pickled(folder, ["test_batch"], "labels")
    return checked("CIFAR-10", names, train, test)


def cifar100(folder: Path) -> Collection:
    """CIFAR-100, fine labels, in `cifar-100-binary` or `cifar-100-python`. Raises UserError as `cifar10` does."""
    if (folder / "train.bin").exists():
        train, test = _binary(folder, ["train.bin"], 2), _binary(folder, ["test.bin"], 2)
        return checked("CIFAR-100", lines(folder / "fine_label_names.txt"), train, test)
    names = _texts(plain_data(_file(folder, "meta")), "fine_label_names")
    train, test = _pickled(folder, ["train"], "fine_labels"), _pickled(folder, ["test"], "fine_labels")
    return checked("CIFAR-100", names, train, test)


def _shown(flat: NDArray[Any]) -> Images:
    return np.asarray(flat, np.uint8).reshape(3, 32, 32).transpose(1, 2, 0)


def _file(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise UserError(f"{folder.name} lacks {name}.", "All files of the data set are needed.", "Copy them all.")
    return path


def _binary(folder: Path, names: Sequence[str], n_labels: int) -> Part:
    """Records of labels, the finest last, and pixels, channel by channel."""
    records = [mapped(_file(folder, name), n_labels + _PIXELS) for name in names]
    labels = np.concatenate([np.asarray(array[:, n_labels - 1]) for array in records])
    return part_of([array[:, n_labels:] for array in records], labels, _shown)


def _pickled(folder: Path, names: Sequence[str], field: str) -> Part:
    images, labels = [], list[int]()
    for name in names:
        batch = plain_data(_file(folder, name))
        pixels = batch.get("data") if isinstance(batch, dict) else None
        given = batch.get(field) if isinstance(batch, dict) else None
        if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.shape[1:] != (_PIXELS,):
            raise UserError(
                f"{name} holds no images of CIFAR.", f"{_PIXELS:,} bytes each are expected.", "Copy the data set again."
            )
        if not isinstance(given, list) or not all(isinstance(label, int) and 0 <= label < 100 for label in given):
            raise UserError(
                f"{name} holds no labels of CIFAR.", "Whole numbers are expected.", "Copy the data set again."
            )
        images.append(pixels)
        labels += given
    return part_of(images, np.array(labels, np.int64), _shown)


def _texts(content: Any, field: str) -> tuple[str, ...]:
    names = content.get(field) if isinstance(content, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str | bytes) for name in names):
        raise UserError("The names of the classes are missing.", f"{field} should hold them.", "Copy all files.")
    return tuple(name.decode("utf-8", "replace") if isinstance(name, bytes) else name for name in names)
