"""The data sets of a workspace: plain arrays on disk, memory-mapped when opened, checked by a fingerprint."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError
from core.files import write_array, write_json
from core.types import Dataset, GroundTruth, PlantedAttack

SCHEMA = 1
FINGERPRINT_IMAGES = 4096
_ARRAYS = ("ids", "images", "labels", "test_images", "test_labels", "bona_fide")
_TRUTH = ("is_poison", "attack_index", "original_labels", "is_cover")


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a stored data set without opening its arrays.

    `specification` is what its poison was asked for with: planted again in the data set `parent`, it gives this one.
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
    schema: int = SCHEMA


def fingerprint(dataset: Dataset) -> str:
    """A SHA-256 over shape, ids, labels and up to 4,096 evenly spaced images: cheap enough to check at each opening."""
    digest = hashlib.sha256(repr((dataset.images.shape, dataset.test_images.shape)).encode())
    rows = np.unique(np.linspace(0, len(dataset) - 1, FINGERPRINT_IMAGES).astype(int))
    for array in (dataset.ids, dataset.labels, dataset.images[rows], dataset.test_labels):
        digest.update(np.ascontiguousarray(array).tobytes())
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
    print_ = fingerprint(dataset)
    slug = re.sub(r"[^a-z0-9]+", "-", dataset.name.lower()).strip("-")[:40] or "data"
    info = DatasetInfo(
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
    )
    folder = workspace / "datasets" / info.id
    folder.mkdir(parents=True, exist_ok=True)
    for name in _ARRAYS:
        write_array(folder / f"{name}.npy", getattr(dataset, name))
    if truth:
        for name in _TRUTH:
            write_array(folder / f"truth-{name}.npy", getattr(truth, name))
        for name, pattern in truth.patterns.items():
            write_array(folder / f"pattern-{name}.npy", pattern)
    write_json(folder / "dataset.json", asdict(info))
    return info


def describe(workspace: Path, dataset_id: str) -> DatasetInfo:
    """The description of a stored data set. Raises UserError naming those that exist."""
    path = workspace / "datasets" / dataset_id / "dataset.json"
    if not re.fullmatch(r"[a-z0-9-]+", dataset_id) or not path.exists():
        known = ", ".join(info.id for info in describe_all(workspace)) or "none yet"
        raise UserError(f"There is no data set {dataset_id!r}.", f"Known: {known}.", "Import one first.")
    return _info(path)


def describe_all(workspace: Path) -> list[DatasetInfo]:
    """All stored data sets, newest first."""
    found = [_info(path) for path in (workspace / "datasets").glob("*/dataset.json")]
    return sorted(found, key=lambda info: (info.created, info.id), reverse=True)


def load(workspace: Path, dataset_id: str) -> Dataset:
    """The stored data set, memory-mapped. Raises UserError when its files changed since it was imported."""
    info = describe(workspace, dataset_id)
    folder = workspace / "datasets" / dataset_id
    arrays = {name: _open(folder / f"{name}.npy") for name in _ARRAYS}
    dataset = Dataset(name=info.name, class_names=info.class_names, **arrays)
    if fingerprint(dataset) != info.fingerprint:
        raise UserError(
            f"The data set {dataset_id} was changed on disk after it was imported.",
            "Results computed on the earlier data would no longer fit.",
            f"Import the data again, or restore {folder} from a backup.",
        )
    return dataset


def load_truth(workspace: Path, dataset_id: str) -> GroundTruth | None:
    """What was planted in the stored data set, None when nothing is known."""
    info = describe(workspace, dataset_id)
    if not info.attacks:
        return None
    folder = workspace / "datasets" / dataset_id
    is_poison, index, original = (_open(folder / f"truth-{name}.npy") for name in _TRUTH[:3])
    attacks = planted_attacks(info)
    cover = folder / "truth-is_cover.npy"  # data sets of before there were cover samples have none
    is_cover = _open(cover) if cover.exists() else np.zeros(info.n, np.bool_)
    patterns = {one.name: path for one in attacks if (path := folder / f"pattern-{one.name}.npy").exists()}
    return GroundTruth(
        is_poison, index, original, attacks, is_cover, {name: _open(path) for name, path in patterns.items()}
    )


def planted_attacks(info: DatasetInfo) -> tuple[PlantedAttack, ...]:
    """The attacks that were planted in a stored data set; none when nothing is known."""
    return tuple(PlantedAttack(**attack) for attack in info.attacks)


def _info(path: Path) -> DatasetInfo:
    content = json.loads(path.read_text("utf-8"))
    for name in ("class_names", "shape", "attacks"):
        content[name] = tuple(content[name])
    return DatasetInfo(**content)


def _open(path: Path) -> NDArray[Any]:
    """One array, memory-mapped unless it is empty (an empty file cannot be mapped)."""
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:
        array = np.load(path, allow_pickle=False)
    except OSError as error:
        raise UserError(
            f"{path.name} of the data set {path.parent.name} is missing.", "", "Import the data again."
        ) from error
    return array
