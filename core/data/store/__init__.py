"""The data sets of a workspace: plain arrays on disk, memory-mapped when opened, checked by a fingerprint.

They lie in `<workspace>/datasets/<id>/`. A data set exists once its `dataset.json` does.
"""

import hashlib
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.data.collection import Problem, abridged
from core.errors import UserError
from core.files import write_array, write_json
from core.json_files import Damaged, fitted, read_json, sorted_out
from core.modalities import MODALITIES, modality_of
from core.types import Dataset, GroundTruth, Inputs, PlantedAttack

SCHEMA = 1
_HINT = "Restore it from a backup, or import the data again."
T = TypeVar("T")
SETTLED_SECONDS = 2.0  # younger files may change without another time of change: some disks count whole seconds
_ARRAYS = ("ids", "labels", "test_labels", "bona_fide")
_intact: dict[Path, tuple[str, str]] = {}  # folder → fingerprint and state of the files it was found with
_TRUTH = ("is_poison", "attack_index", "original_labels", "is_cover")


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a stored data set without opening its arrays.

    `specification` is what its poison was asked for with: planted again in the data set `parent`, it gives this one.
    `n_skipped` images of the source could not be read; `about` holds what else the source says, heading → words.
    """

    id: str
    name: str
    created: str
    source: str
    n: int
    n_test: int
    n_bona_fide: int
    class_names: tuple[str, ...]
    shape: tuple[int, int, int]
    fingerprint: str
    parent: str | None = None
    attacks: tuple[dict[str, Any], ...] = ()
    specification: dict[str, Any] | None = None
    n_skipped: int = 0
    about: dict[str, str] | None = None
    modality: str = "image"  # data sets of before there were others say nothing
    schema: int = SCHEMA


@dataclass(frozen=True)
class _Names:
    """What the samples are called in their source."""

    train: tuple[str, ...] = ()
    test: tuple[str, ...] = ()


def fingerprint(dataset: Dataset) -> str:
    """A SHA-256 over shape, ids, labels and a bounded part of the inputs: cheap enough to check at each opening."""
    digest = hashlib.sha256(repr((_shape(dataset.inputs), _shape(dataset.test_inputs))).encode())
    labels, tests = (np.ascontiguousarray(array).tobytes() for array in (dataset.labels, dataset.test_labels))
    digest.update(np.ascontiguousarray(dataset.ids).tobytes() + labels)
    for part in modality_of(dataset.inputs).sampled(dataset.inputs):
        digest.update(part)
    digest.update(tests)
    return digest.hexdigest()


def save(
    workspace: Path,
    dataset: Dataset,
    *,
    source: str,
    truth: GroundTruth | None = None,
    parent: str | None = None,
    specification: dict[str, Any] | None = None,
) -> DatasetInfo:
    """Write `dataset` (and, for planted attacks, its truth) below `workspace` and return its description."""
    info = described(dataset, source=source, truth=truth, parent=parent, specification=specification)
    folder = workspace / "datasets" / info.id
    folder.mkdir(parents=True, exist_ok=True)
    for name in _ARRAYS:
        write_array(folder / f"{name}.npy", getattr(dataset, name))
    modality = modality_of(dataset.inputs)
    for file, inputs in zip(modality.files, (dataset.inputs, dataset.test_inputs), strict=True):
        modality.write_inputs(folder / file, inputs)
    if truth:
        write_truth(folder, truth)
    write_info(folder, info)
    return info


def described(
    dataset: Dataset,
    *,
    source: str,
    truth: GroundTruth | None = None,
    parent: str | None = None,
    specification: dict[str, Any] | None = None,
) -> DatasetInfo:
    """What there is to say of `dataset` once it is stored; its id names it and its content."""
    print_ = fingerprint(dataset)
    slug = re.sub(r"[^a-z0-9]+", "-", dataset.name.lower()).strip("-")[:40] or "data"
    return DatasetInfo(
        id=f"{slug}-{print_[:6]}",
        name=dataset.name,
        created=datetime.now(UTC).isoformat(timespec="microseconds"),
        source=source,
        n=len(dataset),
        n_test=len(dataset.test_labels),
        n_bona_fide=int(dataset.bona_fide.sum()),
        class_names=dataset.class_names,
        shape=dataset.shape,
        fingerprint=print_,
        parent=parent,
        attacks=tuple(asdict(attack) for attack in truth.attacks) if truth else (),
        specification=specification,
        modality=dataset.inputs.modality,
    )


def write_truth(folder: Path, truth: GroundTruth) -> None:
    """Put what is known of the poison beside the arrays of a data set."""
    for name in _TRUTH:
        write_array(folder / f"truth-{name}.npy", getattr(truth, name))
    for name, pattern in truth.patterns.items():
        write_array(folder / f"pattern-{name}.npy", pattern)


def write_info(folder: Path, info: DatasetInfo) -> None:
    """Put the description into the folder of a data set: from here on it is one."""
    write_json(folder / "dataset.json", asdict(info))


def move_in(workspace: Path, made: Path, info: DatasetInfo) -> DatasetInfo:
    """The description of the data set that a folder of finished files on the same disk became.

    The description comes last, so that nobody sees half a data set. One of the same name and content stays, and this
    becomes its next version, with an id and a name of its own.
    """
    version, plain = 1, info
    while True:
        folder = workspace / "datasets" / info.id
        try:
            folder.mkdir()
            break
        except FileExistsError:
            version += 1
            info = replace(plain, id=f"{plain.id}-{version}", name=f"{plain.name} (version {version})")
    for path in sorted(made.iterdir()):
        path.replace(folder / path.name)
    write_info(folder, info)
    return info


def write_origin(folder: Path, names: dict[str, list[str]], problems: Sequence[Problem]) -> None:
    """Keep what the samples of each split are called in their source, and what was wrong there."""
    write_json(folder / "names.json", names)
    write_json(folder / "problems.json", [asdict(problem) for problem in abridged(problems)])


def names(workspace: Path, dataset_id: str, split: Literal["train", "test"] = "train") -> tuple[str, ...]:
    """What the samples are called where they come from, n names; none where that is not known. Escape what is shown."""
    kept = _kept(workspace, dataset_id, "names.json", _Names, _Names())
    return kept.train if split == "train" else kept.test


def problems(workspace: Path, dataset_id: str) -> tuple[Problem, ...]:
    """What was found wrong with the source when it was imported; none for data that was made here."""
    return _kept(workspace, dataset_id, "problems.json", tuple[Problem, ...], ())


def describe(workspace: Path, dataset_id: str) -> DatasetInfo:
    """The description of a stored data set. Raises UserError naming those that exist."""
    path = workspace / "datasets" / dataset_id / "dataset.json"
    if not re.fullmatch(r"[a-z0-9-]+", dataset_id) or not path.exists():
        known = ", ".join(info.id for info in describe_all(workspace)) or "none yet"
        raise UserError(f"There is no data set {dataset_id!r}.", f"Known: {known}.", "Import one first.")
    return _info(path)


def describe_all(workspace: Path) -> list[DatasetInfo]:
    """All readable data sets, newest first; `damaged_datasets` are the others."""
    found, _ = sorted_out((workspace / "datasets").glob("*/dataset.json"), _info)
    return sorted(found, key=lambda info: (info.created, info.id), reverse=True)


def damaged_datasets(workspace: Path) -> list[Damaged]:
    """The data sets whose description cannot be read, by name."""
    return sorted_out(sorted((workspace / "datasets").glob("*/dataset.json")), _info)[1]


def load(workspace: Path, dataset_id: str) -> Dataset:
    """The stored data set, memory-mapped. Raises UserError when its files changed since it was imported.

    >>> import tempfile
    >>> from core.data.store.demo import demo
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     opened = load(Path(folder), save(Path(folder), demo(), source="an example").id)
    ...     len(opened), opened.inputs[:2].shape, opened.class_names[int(opened.labels[0])]
    (6000, (2, 28, 28, 1), ...)

    The fingerprint is computed once in a process for each state of the files (size, time of change, inode).
    """
    info = describe(workspace, dataset_id)
    folder = workspace / "datasets" / dataset_id
    state = _state(folder, info.modality)
    arrays = {name: open_array(folder / f"{name}.npy") for name in _ARRAYS}
    inputs, test_inputs = open_inputs(folder, info.modality)
    dataset = Dataset(
        name=info.name,
        inputs=inputs,
        test_inputs=test_inputs,
        class_names=info.class_names,
        **arrays,
    )
    if _intact.get(folder.absolute()) != (info.fingerprint, state) and fingerprint(dataset) != info.fingerprint:
        raise UserError(
            f"The data set {dataset_id} was changed on disk after it was imported.",
            "Results computed on the earlier data would no longer fit.",
            f"Import the data again, or restore {folder} from a backup.",
        )
    if state:
        _intact[folder.absolute()] = info.fingerprint, state
    return dataset


def load_truth(workspace: Path, dataset_id: str) -> GroundTruth | None:
    """What was planted in the stored data set, None when nothing is known."""
    info = describe(workspace, dataset_id)
    if not info.attacks:
        return None
    folder = workspace / "datasets" / dataset_id
    is_poison, index, original = (open_array(folder / f"truth-{name}.npy") for name in _TRUTH[:3])
    attacks = planted_attacks(info)
    cover = folder / "truth-is_cover.npy"  # data sets of before there were cover samples have none
    is_cover = open_array(cover) if cover.exists() else np.zeros(info.n, np.bool_)
    patterns = {one.name: path for one in attacks if (path := folder / f"pattern-{one.name}.npy").exists()}
    return GroundTruth(
        is_poison, index, original, attacks, is_cover, {name: open_array(path) for name, path in patterns.items()}
    )


def planted_attacks(info: DatasetInfo) -> tuple[PlantedAttack, ...]:
    """The attacks that were planted in a stored data set; none when nothing is known."""
    return tuple(
        fitted(attack, PlantedAttack, f"The truth of the data set {info.id}", _HINT) for attack in info.attacks
    )


def _shape(inputs: Inputs) -> tuple[int, ...]:
    """Of all samples together."""
    return len(inputs), *inputs.shape


def _info(path: Path) -> DatasetInfo:
    return read_json(path, DatasetInfo, f"The data set {path.parent.name}", _HINT, sound=_sound)


def _state(folder: Path, modality: str) -> str:
    """What changes whenever somebody writes to the arrays of a data set; "" where that cannot be told."""
    names = (*(f"{name}.npy" for name in _ARRAYS), *MODALITIES[modality].files)
    try:
        files = [(folder / name).stat() for name in names]
    except OSError:  # what is missing is said when it is opened
        return ""
    if time.time() - max(file.st_mtime for file in files) < SETTLED_SECONDS:
        return ""
    return repr([(file.st_size, file.st_mtime_ns, file.st_ino) for file in files])


def _sound(info: DatasetInfo) -> bool:
    known = info.modality in MODALITIES
    return known and min(info.n, info.n_test, info.n_bona_fide, *info.shape) >= 0 and len(planted_attacks(info)) >= 0


def _kept(workspace: Path, dataset_id: str, name: str, shape: type[T], otherwise: T) -> T:
    path = workspace / "datasets" / describe(workspace, dataset_id).id / name
    return read_json(path, shape, f"{name} of the data set {dataset_id}", _HINT, otherwise=otherwise)


def open_inputs(folder: Path, modality: str = "image") -> tuple[Inputs, Inputs]:
    """The training and the test inputs in the folder of a data set, read when they are asked for."""
    known = MODALITIES[modality]
    train, test = (_opened(folder / file, known.open_inputs) for file in known.files)
    return train, test


def open_array(path: Path) -> NDArray[Any]:
    """One array of a data set, memory-mapped unless it is empty (an empty file cannot be mapped)."""
    return _opened(path, _mapped)


def _mapped(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:
        array = np.load(path, allow_pickle=False)
    return array


def _opened(path: Path, reader: Callable[[Path], T]) -> T:
    try:
        return reader(path)
    except OSError as error:
        raise UserError(
            f"{path.name} of the data set {path.parent.name} is missing.", "", "Import the data again."
        ) from error
