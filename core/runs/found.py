"""What stages left in a run's directory: arrays, detections, history, outcome."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.files import write_array, write_file, write_json
from core.runs.run import Run
from core.types import Detection, Outcome

_PART = "part: "


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
