"""Run directories: the only channel between a worker and the screen.

`run.json` says what the run is and which stages are done; everything else in the directory can be made again. Files are
written under a temporary name and renamed, and a stage counts only once `run.json` says so.
"""

import json
import platform
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.datasets.store import DatasetInfo, describe
from core.errors import UserError
from core.files import write_array, write_file, write_json
from core.models import GRAPH
from core.types import Changes, Detection, Outcome

SCHEMA = 1
_PART = "part: "
_PACKAGES = ("torch", "torchvision", "timm", "onnxruntime", "accelerate", "scikit-learn", "umap-learn", "numpy")


@dataclass(frozen=True)
class Run:
    """One run as `run.json` describes it, and where it lies.

    Attributes:
        path: its directory.
        id: also the directory's name, `<yyyymmdd-hhmmss>-<data set>-<4 hex>`.
        dataset: id of the stored data set; `fingerprint` is what it was when the run began.
        config: fields of `TrainConfig`.
        plan: stages to go through, in order; `stages` holds those that are done and the seconds they took.
        detector_settings: detector → settings that the plan uses.
        parent: for a repair, the run that it repairs.
        how: of a repair, "retrain" (afresh) or "continue" (from the parent's weights); empty for any other run.
        layer: the layer whose input is taken as the activation; None takes the classifier head.
    """

    path: Path
    id: str
    created: str
    name: str
    dataset: str
    fingerprint: str
    config: Mapping[str, Any]
    plan: tuple[str, ...]
    stages: Mapping[str, float] = field(default_factory=dict)
    detector_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    parent: str | None = None
    how: str = ""
    layer: str | None = None
    device: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    schema: int = SCHEMA

    @property
    def workspace(self) -> Path:
        """The workspace that the run lies in."""
        return self.path.parent.parent

    @property
    def model_stage(self) -> str:
        """The stage that its model comes from: "train", or "load" where a model is inspected as it is."""
        return "load" if "load" in self.plan and "train" not in self.plan else "train"

    @property
    def has_model(self) -> bool:
        """Whether there is a model, trained here or loaded."""
        return self.done(self.model_stage)

    @property
    def traced(self) -> bool:
        """Whether the losses of all samples were recorded while the model was trained."""
        return self.done("train")

    @property
    def trainable(self) -> bool:
        """Whether such a model can be trained; an ONNX graph cannot."""
        return self.config.get("model") != GRAPH

    def done(self, stage: str) -> bool:
        """Whether `stage` is finished and its files can be read."""
        return stage in self.stages

    def array(self, name: str) -> NDArray[Any]:
        """The array `<name>.npy`, memory-mapped. Raises UserError when no stage has written it yet."""
        try:
            array: NDArray[Any] = np.load(self.path / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        except FileNotFoundError:
            raise UserError(f"This run has no {name} yet.", "", "Let its stages finish first.") from None
        return array


def create(
    workspace: Path,
    dataset: DatasetInfo,
    config: Mapping[str, Any],
    plan: Sequence[str],
    *,
    name: str | None = None,
    parent: str | None = None,
    how: str = "",
    changes: Changes | None = None,
    revision: int | None = None,
    detector_settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> Run:
    """A new run directory in which nothing is done yet."""
    now = datetime.now(UTC)
    run_id = f"{now:%Y%m%d-%H%M%S}-{dataset.id[:40]}-{secrets.token_hex(2)}"
    path = workspace / "runs" / run_id
    path.mkdir(parents=True)
    run = Run(
        path=path,
        id=run_id,
        created=now.isoformat(timespec="microseconds"),
        name=name or dataset.name,
        dataset=dataset.id,
        fingerprint=dataset.fingerprint,
        config=dict(config),
        plan=tuple(plan),
        detector_settings=dict(detector_settings or {}),
        parent=parent,
        how=how,
        versions={"python": platform.python_version()} | {package: version(package) for package in _PACKAGES},
    )
    if changes:
        relabelled = {str(key): value for key, value in sorted(changes.relabelled.items())}
        content = {"excluded": sorted(changes.excluded), "relabelled": relabelled, "revision": revision}
        write_json(path / "changes.json", content)
    _write(run)
    return run


def open_run(workspace: Path, run_id: str) -> Run:
    """The run called `run_id`, its data set checked to be the one it was made with.

    Raises:
        UserError: no such run, a damaged `run.json`, a newer schema, or data that changed.
    """
    path = workspace / "runs" / run_id / "run.json"
    if not re.fullmatch(r"[a-z0-9-]+", run_id) or not path.exists():
        known = ", ".join(run.id for run in all_runs(workspace)) or "none yet"
        raise UserError(f"There is no run {run_id!r}.", f"Known: {known}.", "Train one first.")
    run = _read(path)
    if describe(workspace, run.dataset).fingerprint != run.fingerprint:
        raise UserError(
            f"The data set {run.dataset} is no longer the one this run was made with.",
            "Its fingerprint differs.",
            "Restore the data set, or train a new run on it.",
        )
    return run


def all_runs(workspace: Path) -> list[Run]:
    """All readable runs, newest first; a directory that is none is passed over."""
    found = []
    for path in (workspace / "runs").glob("*/run.json"):
        try:
            found.append(_read(path))
        except UserError:
            continue
    return sorted(found, key=lambda run: (run.created, run.id), reverse=True)


def update(run: Run, **fields: Any) -> Run:
    """The run with some fields changed, on disk too."""
    changed = replace(_read(run.path / "run.json"), **fields)
    _write(changed)
    return changed


def finish_stage(run: Run, stage: str, seconds: float) -> Run:
    """The run with `stage` recorded as done."""
    current = _read(run.path / "run.json")
    return update(run, stages={**current.stages, stage: round(seconds, 2)})


def read_changes(run: Run) -> Changes:
    """What a repair run leaves out or relabels; empty for a first run."""
    path = run.path / "changes.json"
    if not path.exists():
        return Changes()
    content = json.loads(path.read_text("utf-8"))
    return Changes(frozenset(content["excluded"]), {int(key): value for key, value in content["relabelled"].items()})


def revision_of(run: Run) -> int | None:
    """The number of the data set's revision that a repair trains on; None for a first run, and for older repairs."""
    path = run.path / "changes.json"
    number: int | None = json.loads(path.read_text("utf-8")).get("revision") if path.exists() else None
    return number


def save_array(run: Run, name: str, array: NDArray[Any]) -> None:
    """Write `<name>.npy`."""
    write_array(run.path / f"{name}.npy", array)


def save_detection(run: Run, name: str, detection: Detection, settings: Mapping[str, Any], seconds: float) -> None:
    """Write a detector's arrays and, beside them, its settings and notes."""
    folder = run.path / "detections"
    folder.mkdir(exist_ok=True)
    arrays = {"suspicion": detection.suspicion, "flagged": detection.flagged}
    if detection.groups is not None:
        arrays["groups"] = detection.groups
    if detection.p_values is not None:
        arrays["p_values"] = detection.p_values
    arrays |= {f"{_PART}{name}": values for name, values in detection.parts.items()}
    write_file(folder / f"{name}.npz", lambda stream: np.savez(stream, allow_pickle=False, **arrays))
    about = {"settings": settings, "seconds": seconds, "notes": detection.notes, "class_notes": detection.class_notes}
    write_json(folder / f"{name}.json", about)


def detections(run: Run) -> dict[str, Detection]:
    """All detections of the run, by detector, in the order in which they were made."""
    paths = sorted((run.path / "detections").glob("*.json"), key=lambda path: path.stat().st_mtime)
    return {path.stem: _detection(path) for path in paths}


def about_detection(run: Run, name: str) -> dict[str, Any]:
    """The settings that a detection was made with and the seconds it took."""
    about: dict[str, Any] = json.loads((run.path / "detections" / f"{name}.json").read_text("utf-8"))
    return {"settings": about["settings"], "seconds": about["seconds"]}


def rules(run: Run) -> dict[str, dict[str, Any]]:
    """Detector → kind and value of the rule that was chosen for it; those that are judged by their own are left out."""
    path = run.path / "rules.json"
    chosen: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return chosen


def save_rule(run: Run, name: str, rule: Mapping[str, Any] | None) -> None:
    """Keep the rule chosen for a detector; None goes back to its own."""
    others = {other: kept for other, kept in rules(run).items() if other != name}
    write_json(run.path / "rules.json", others if rule is None else {**others, name: dict(rule)})


def history(run: Run) -> list[dict[str, Any]]:
    """One entry per finished epoch: losses, accuracies, seconds."""
    path = run.path / "history.json"
    entries: list[dict[str, Any]] = json.loads(path.read_text("utf-8")) if path.exists() else []
    return entries


def layers(run: Run) -> list[dict[str, Any]]:
    """The layers of the run's model in the order of a forward pass: name, kind, features, is_head; empty before."""
    path = run.path / "layers.json"
    found: list[dict[str, Any]] = json.loads(path.read_text("utf-8")) if path.exists() else []
    return found


def loaded(run: Run) -> dict[str, Any]:
    """Of a loaded model: file, bytes, sha256, parameters, notes in words, fresh_head; empty where none was loaded."""
    path = run.path / "loaded.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def outcome(run: Run) -> Outcome | None:
    """How good the run's model is, None before it was evaluated."""
    path = run.path / "outcome.json"
    if not path.exists():
        return None
    content = json.loads(path.read_text("utf-8"))["outcome"]
    accuracy = tuple(float("nan") if value is None else float(value) for value in content["class_accuracy"])
    doubled = content.get("doubled_attack_success_rate", {})
    return Outcome(content["clean_accuracy"], accuracy, content["attack_success_rate"], doubled)


def trials(run: Run) -> list[dict[str, Any]]:
    """What the model was tried on, in the order of `trial-classes.npy`: attack (None: nothing) and strength."""
    path = run.path / "outcome.json"
    found: list[dict[str, Any]] = json.loads(path.read_text("utf-8")).get("trials", []) if path.exists() else []
    return found


def from_scratch(run: Run) -> Run:
    """The run whose configuration trains such a model from nothing: itself, or what a continued repair goes back to."""
    while run.how == "continue" and run.parent:
        run = open_run(run.workspace, run.parent)
    return run


def first_of(run: Run) -> Run:
    """The run that a chain of repairs began with: itself, where it is no repair."""
    while run.parent:
        run = open_run(run.workspace, run.parent)
    return run


def children(run: Run) -> list[Run]:
    """The repairs of this run, newest first."""
    return [other for other in all_runs(run.workspace) if other.parent == run.id]


def _detection(path: Path) -> Detection:
    about = json.loads(path.read_text("utf-8"))
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
        groups = arrays.get("groups")
        class_notes = {int(index): notes for index, notes in about["class_notes"].items()}
        return Detection(
            arrays["suspicion"],
            arrays["flagged"],
            groups,
            about["notes"],
            class_notes,
            p_values=arrays.get("p_values"),
            parts={key.removeprefix(_PART): arrays[key] for key in arrays if key.startswith(_PART)},
        )


def _read(path: Path) -> Run:
    try:
        content = json.loads(path.read_text("utf-8"))
        if content["schema"] > SCHEMA:
            raise UserError(f"The run {path.parent.name} was made by a newer Assay.", "", "Update Assay to open it.")
        content["plan"] = tuple(content["plan"])
        return Run(path=path.parent, **content)
    except (json.JSONDecodeError, KeyError, TypeError, OSError) as error:
        raise UserError(
            f"The run {path.parent.name} is damaged.", f"{path} cannot be read.", "Train it again."
        ) from error


def _write(run: Run) -> None:
    content = asdict(run)
    del content["path"]
    write_json(run.path / "run.json", content)
