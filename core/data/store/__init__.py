"""The data sets of a workspace: plain arrays on disk, memory-mapped when opened, checked by a fingerprint.

They lie in `<workspace>/datasets/<id>/`. A data set exists once its `dataset.json` does. Each file has a checksum, and
the fingerprint is one of them all. Data sets of schema 1 have a fingerprint of a part of their images, no checksums.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from core import checksums
from core.data.collection import Problem, abridged
from core.data.store import fingerprints
from core.data.store.description import DatasetInfo as DatasetInfo
from core.data.store.description import Opening as Opening
from core.data.store.description import Origin as Origin
from core.data.store.reading import HINT, changed, checked, open_array, open_inputs
from core.data.store.unfinished import unfinished
from core.errors import UserError
from core.files import encoded, write_array, write_file, write_json
from core.json_files import Damaged, fitted, read_json, sorted_out
from core.modalities import MODALITIES, modality_of
from core.types import Dataset, GroundTruth, PlantedAttack

T = TypeVar("T")
SETTLED_SECONDS = 2.0  # younger files may change without another time of change: some disks count whole seconds
_ARRAYS = ("ids", "labels", "test_labels", "bona_fide")
_intact: dict[Path, tuple[str, str]] = {}  # folder → fingerprint, and the state of what it was found of
_TRUTH = ("is_poison", "attack_index", "original_labels", "is_cover")


@dataclass(frozen=True)
class _Names:
    """What the samples are called in their source."""

    train: tuple[str, ...] = ()
    test: tuple[str, ...] = ()


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
    with unfinished(workspace / "datasets") as made:
        for name in _ARRAYS:
            write_array(made / f"{name}.npy", getattr(dataset, name))
        modality = modality_of(dataset.inputs)
        for file, inputs in zip(modality.files, (dataset.inputs, dataset.test_inputs), strict=True):
            modality.write_inputs(made / file, inputs)
        if truth:
            write_truth(made, truth)
        info = described(made, dataset, Origin(source, truth, parent, specification))
        folder = workspace / "datasets" / info.id
        if all(other.fingerprint != info.fingerprint for other in describe_all(workspace) if other.id == info.id):
            return move_in(workspace, made, info)
        _fill(folder, made, info)  # the same content: it takes the place of the files there
    return info


def described(folder: Path, dataset: Dataset, origin: Origin) -> DatasetInfo:
    """What there is to say of `dataset`, whose files in `folder` are finished and get their checksums here.

    Its id names it and its images and labels: data that differ in the rest alone are versions of each other.
    """
    checksums.record(folder, *(path.name for path in folder.iterdir()))
    print_ = fingerprints.complete(dataset.class_names, _digests(folder, dataset.inputs.modality))
    slug = re.sub(r"[^a-z0-9]+", "-", dataset.name.lower()).strip("-")[:40] or "data"
    return DatasetInfo(
        id=f"{slug}-{fingerprints.sampled(dataset)[:6]}",
        name=dataset.name,
        created=datetime.now(UTC).isoformat(timespec="microseconds"),
        source=origin.source,
        n=len(dataset),
        n_test=len(dataset.test_labels),
        n_bona_fide=int(dataset.bona_fide.sum()),
        class_names=dataset.class_names,
        shape=dataset.shape,
        fingerprint=print_,
        parent=origin.parent,
        attacks=tuple(asdict(attack) for attack in origin.truth.attacks) if origin.truth else (),
        specification=origin.specification,
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
    content = encoded(asdict(info))
    if (folder / "dataset.json").exists():
        checksums.forget(folder, "dataset.json")
    checksums.record_content(folder, "dataset.json", content)
    write_file(folder / "dataset.json", lambda stream: stream.write(content))


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
    _fill(folder, made, info)
    return info


def _fill(folder: Path, made: Path, info: DatasetInfo) -> None:
    for path in sorted(made.iterdir()):
        path.replace(folder / path.name)
    write_info(folder, info)


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
        remedy = "Import one first." if known == "none yet" else "Choose one of these."
        raise UserError(f"There is no data set {dataset_id!r}.", f"Known: {known}.", remedy)
    return _info(path)


def describe_all(workspace: Path) -> list[DatasetInfo]:
    """All readable data sets, newest first; `damaged_datasets` are the others."""
    readable, _ = sorted_out((workspace / "datasets").glob("*/dataset.json"), _info)
    return sorted(readable, key=lambda info: (info.created, info.id), reverse=True)


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
    found = info.fingerprint, repr((state, info.class_names))
    if _intact.get(folder.absolute()) != found and _fingerprint(info, dataset, folder) != info.fingerprint:
        raise changed(folder, "Its fingerprint differs")
    if state:
        _intact[folder.absolute()] = found
    return dataset


def _fingerprint(info: DatasetInfo, dataset: Dataset, folder: Path) -> str:
    """What the fingerprint is now, by the rule of the data set's time."""
    if info.schema == 1:
        return fingerprints.sampled(dataset)
    return fingerprints.complete(dataset.class_names, _digests(folder, info.modality))


def _digests(folder: Path, modality: str) -> dict[str, str]:
    """File name → SHA-256 of what a fingerprint covers, as recorded; of what is not, as it is now."""
    known, names = checksums.recorded(folder), (*(f"{name}.npy" for name in _ARRAYS), *MODALITIES[modality].files)
    return {name: known[name].sha256 if name in known else checksums.digest(folder / name) for name in names}


def load_truth(workspace: Path, dataset_id: str) -> GroundTruth | None:
    """What was planted in the stored data set, None when nothing is known."""
    info = describe(workspace, dataset_id)
    if not info.attacks:
        return None
    folder = workspace / "datasets" / dataset_id
    is_poison, index, original = (open_array(folder / f"truth-{name}.npy") for name in _TRUTH[:3])
    attacks = planted_attacks(info)
    known, cover = {path.name for path in folder.iterdir()} | set(checksums.recorded(folder)), "truth-is_cover.npy"
    # Data sets of before there were cover samples have none.
    is_cover = open_array(folder / cover) if cover in known else np.zeros(info.n, np.bool_)
    patterns = {attack.name: folder / name for attack in attacks if (name := f"pattern-{attack.name}.npy") in known}
    return GroundTruth(
        is_poison, index, original, attacks, is_cover, {name: open_array(path) for name, path in patterns.items()}
    )


def planted_attacks(info: DatasetInfo) -> tuple[PlantedAttack, ...]:
    """The attacks that were planted in a stored data set; none when nothing is known."""
    return tuple(fitted(attack, PlantedAttack, f"The truth of the data set {info.id}", HINT) for attack in info.attacks)


def _info(path: Path) -> DatasetInfo:
    owner = f"The data set {path.parent.name}"
    return checked(path, read_json(path, DatasetInfo, owner, HINT, sound=_sound, again=True))


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
    known = info.modality in MODALITIES and len(info.shape) == MODALITIES[info.modality].dimensions
    return known and min(info.n, info.n_test, info.n_bona_fide, *info.shape) >= 0 and len(planted_attacks(info)) >= 0


def _kept(workspace: Path, dataset_id: str, name: str, shape: type[T], otherwise: T) -> T:
    path = workspace / "datasets" / describe(workspace, dataset_id).id / name
    return checked(path, read_json(path, shape, f"{name} of the data set {dataset_id}", HINT, otherwise=otherwise))
