"""Results of BackdoorBench (github.com/SCLBD/BackdoorBench): clean data of the field with their poisoned images."""

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.data.arrays.plain_pickle import described
from core.data.collection import Collection, Part, Problem, legible, pixels
from core.data.paths import content, own
from core.data.published.poison_truth import truth_of
from core.data.published.torchvision_datasets import torchvision_datasets
from core.errors import UserError
from core.types import Images, Ints

_POISONED = "bd_train_dataset"
_RESULT = "attack_result.pt"
_MAX_BYTES = 64 * 2**20  # of a record's structure: of 50,000 images it has 10 MB
_HINT = "Name the clean data with clean=FOLDER, and the target class with target_class=NUMBER."


def recognises(path: Path) -> bool:
    """Whether the folder has the poisoned training images of an attack."""
    return (path / _POISONED).is_dir()


def backdoorbench(path: Path, *, clean: str = "", target_class: int = -1) -> Collection:
    """The clean training set with the record's poisoned images in their places, and the truth about them.

    A record holds poisoned images only (`bd_train_dataset/<true class>/<row>.png`); their labels are in
    `attack_result.pt`, a full pickle, of which only the plain data are read and nothing is called.

    Args:
        path: a folder of `record/`.
        clean: the folder of the clean data set, as `torchvision_datasets` reads it; empty looks for the folder `data`
            beside `record`.
        target_class: the label of all poisoned images, should `attack_result.pt` not tell; −1 does not know.

    Raises:
        UserError: the clean data are not found or do not fit, or the labels are not known.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as root:
        ...     (clean := Path(root) / "stl10").mkdir()
        ...     _ = (clean / "train_X.bin").write_bytes(bytes(2 * 3 * 96 * 96))  # two black images
        ...     _ = (clean / "train_y.bin").write_bytes(bytes([1, 7]))
        ...     (record := Path(root) / "badnet" / "bd_train_dataset" / "6").mkdir(parents=True)
        ...     (record / "1.png").touch()  # row 1, truly of class 6
        ...     poisoned = backdoorbench(Path(root) / "badnet", clean=str(clean), target_class=0)
        >>> poisoned.name, poisoned.train.names[1], poisoned.train.labels.tolist()
        ('STL-10 badnet', 'bd_train_dataset/6/1.png', [0, 0])
    """
    result, problems = _result(path)
    base = torchvision_datasets(_clean_folder(path, clean, result))
    rows, names, true = _images(path / _POISONED, len(base.train), problems)
    original = base.train.labels.copy()
    if not (original[rows] == true).all():
        raise UserError(
            f"The record does not fit the clean data {base.name}.", "Images have other true classes there.", _HINT
        )
    labels = original.copy()
    labels[rows] = _labels_of(rows, result, target_class, len(base.class_names))
    truth = truth_of(
        path.resolve().name,
        "BackdoorBench",
        labels,
        original,
        poison=rows,
        cover=np.zeros(0, np.int64),
        n_classes=len(base.class_names),
    )
    train = _replaced(path / _POISONED, base.train, labels, dict(zip(rows.tolist(), names, strict=True)))
    name = f"{base.name} {path.resolve().name}"
    about = {"attack": f"{path.resolve().name}, from BackdoorBench", "clean data": base.name}
    return replace(base, name=name, train=train, truth=truth, problems=(*base.problems, *problems), about=about)


def _result(path: Path) -> tuple[Mapping[str, Any], list[Problem]]:
    """The plain data of `attack_result.pt`; {} and a problem when there are none that can be read."""
    try:
        with zipfile.ZipFile(own(path / _RESULT)) as archive:
            member = next(info for info in archive.infolist() if info.filename.endswith("/data.pkl"))
            if member.file_size > _MAX_BYTES:
                raise UserError(
                    f"{_RESULT} holds more than {_MAX_BYTES // 2**20} MB of structure.",
                    "",
                    "Open the record without it, with target_class=NUMBER.",
                )
            content = described(archive.read(member), _RESULT)
        return (content, []) if isinstance(content, dict) else ({}, [Problem("record", _RESULT, "It holds no table.")])
    except UserError as error:
        return {}, [Problem("record", _RESULT, str(error))]
    except (OSError, StopIteration, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error):
        return {}, [Problem("record", _RESULT, "It is damaged, or was not saved by torch 1.6 or later.")]


def _clean_folder(path: Path, clean: str, result: Mapping[str, Any]) -> Path:
    if clean:
        return Path(clean)
    name = result.get("clean_data")
    plain = name if isinstance(name, str) and name.isalnum() else "none"
    folder = next((above.parent / "data" / plain for above in path.resolve().parents if above.name == "record"), None)
    if folder is None or not folder.is_dir():
        raise UserError(
            f"{path.name} holds poisoned images only; the clean data {plain!r} were not found.",
            "They are looked for in the folder `data` beside `record`.",
            _HINT,
        )
    return folder


def _images(folder: Path, n: int, problems: list[Problem]) -> tuple[Ints, list[str], Ints]:
    """Rows of the poisoned images in order, their files, and their true classes."""
    places: dict[int, tuple[str, int]] = {}
    for file in sorted(folder.glob("*/*.png")):
        row, folder_name = file.stem, file.parent.name
        if _is_number(row) and _is_number(folder_name) and int(row) < n:
            places[int(row)] = (f"{folder_name}/{file.name}", int(folder_name))
        else:
            name = legible(f"{folder_name}/{file.name}")
            problems.append(Problem("left out", name, "Its name is no row of the training set."))
    if not places:
        raise UserError(
            f"{_POISONED} holds no poisoned images.",
            "They are called <true class>/<row>.png there.",
            "Choose the folder of a record.",
        )
    rows = sorted(places)
    names, true = [places[row][0] for row in rows], [places[row][1] for row in rows]
    return np.array(rows, np.int64), names, np.array(true, np.int64)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _labels_of(rows: Ints, result: Mapping[str, Any], target_class: int, n_classes: int) -> Ints:
    """The poisoned labels: those of the record, else all `target_class`."""
    if target_class >= n_classes:
        raise UserError(f"There is no class {target_class}.", f"There are {n_classes}, counted from 0.", _HINT)
    if target_class >= 0:
        return np.full(len(rows), target_class, np.int64)
    state: Any = result
    for key in ("bd_train", "bd_data_container", "data_dict"):
        state = state.get(key) if isinstance(state, Mapping) else None
    labels = [_label(state.get(row)) if isinstance(state, Mapping) else -1 for row in rows.tolist()]
    if any(not 0 <= label < n_classes for label in labels):
        raise UserError(f"{_RESULT} does not tell the labels of the poisoned images.", "", _HINT)
    return np.array(labels, np.int64)


def _label(entry: Any) -> int:
    """The poisoned label in an entry {"path": …, "other_info": [label, true class]}, −1 for none."""
    about = entry.get("other_info") if isinstance(entry, Mapping) else None
    label = about[0] if isinstance(about, list | tuple) and about else -1
    return label if type(label) is int else -1


def _replaced(folder: Path, clean: Part, labels: Ints, files: Mapping[int, str]) -> Part:
    def read(index: int) -> bytes | Images:
        return content(folder, files[index]) if index in files else pixels(clean.read(index))

    names = tuple(f"{_POISONED}/{files[row]}" if row in files else name for row, name in enumerate(clean.names))
    return Part(names, labels, read)
