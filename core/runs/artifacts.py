"""What stages left in a run's directory: arrays, detections, history, outcome."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import checksums
from core.data.store import describe
from core.errors import UserError
from core.files import locked, write_array, write_file, write_json, writing
from core.json_files import Damaged, fitted
from core.runs.directory import read_changes
from core.runs.run import Run, require_numbers
from core.types import ClassFinding, Criterion, Detection, Notes, Outcome

_SCORE = "score: "
_SCORE_BEFORE = "part: "  # how scores were kept until 2026-11, and what one of them was called
_NAMES_BEFORE = {"class lesson": "class likeness"}


@dataclass(frozen=True)
class _About:
    """What lies beside the arrays of a detection."""

    settings: Mapping[str, Any]
    seconds: float
    notes: dict[str, Any]
    classes: dict[int, ClassFinding] = field(default_factory=dict)
    class_notes: dict[int, dict[str, Any]] = field(default_factory=dict)  # how findings were kept until 2026-11


@dataclass(frozen=True)
class _Rates:
    """An outcome as it is kept: null where nothing could be measured."""

    clean_accuracy: float | None
    class_accuracy: tuple[float | None, ...]
    attack_success_rate: dict[str, float | None]
    doubled_attack_success_rate: dict[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class _Evaluated:
    outcome: _Rates | None = None
    trials: list[dict[str, Any]] = field(default_factory=list)
    examples: Any = None  # of before all test images were tried


def save_array(run: Run, name: str, array: NDArray[Any]) -> None:
    """Write `<name>.npy`."""
    with checksums.rewriting(run.path, f"{name}.npy"):
        write_array(run.path / f"{name}.npy", array)


def save_json(run: Run, file: str, content: Any) -> None:
    """Write a JSON file of a run."""
    with checksums.rewriting(run.path, file):
        write_json(run.path / file, content)


def save_detection(run: Run, name: str, detection: Detection, settings: Mapping[str, Any], seconds: float) -> None:
    """Write a detector's arrays and, beside them, its settings and notes."""
    folder = run.path / "detections"
    with writing(folder):
        folder.mkdir(exist_ok=True)
    arrays = {"suspicion": detection.suspicion, "flagged": detection.flagged}
    if detection.groups is not None:
        arrays["groups"] = detection.groups
    if detection.p_values is not None:
        arrays["p_values"] = detection.p_values
    arrays |= {f"{_SCORE}{name}": values for name, values in detection.scores.items()}
    classes = {index: asdict(finding) for index, finding in detection.classes.items()}
    about = {"settings": settings, "seconds": seconds, "notes": _flat(detection.notes), "classes": classes}
    with checksums.rewriting(run.path, f"detections/{name}.npz", f"detections/{name}.json"):
        write_file(folder / f"{name}.npz", lambda stream: np.savez(stream, allow_pickle=False, **arrays))
        write_json(folder / f"{name}.json", about)


def detections(run: Run) -> dict[str, Detection]:
    """All readable detections of the run, by detector, in the order in which they were made."""
    return sorted_detections(run)[0]


def sorted_detections(run: Run) -> tuple[dict[str, Detection], list[Damaged]]:
    """The detections that can be read, in the order in which they were made, and the others, with the detector as id.

    Two detectors do not rest on each other, so a damaged file stops one of them.
    """
    folder, readable, damaged, n = run.path / "detections", {}, [], _n_samples(run)
    there = {path.stem: path.lstat().st_mtime for path in folder.glob("*.json")}
    gone = {Path(file).stem for file in checksums.recorded(run.path) if file.startswith("detections/")}
    for name in [*sorted(there, key=lambda name: there[name]), *sorted(gone - set(there))]:
        try:
            readable[name] = _detection(run, folder / f"{name}.json", n)
        except UserError as error:
            damaged.append(Damaged(folder, name, error))
    return readable, damaged


def about_detection(run: Run, name: str) -> dict[str, Any]:
    """The settings that a detection was made with and the seconds it took."""
    about = run.kept(f"detections/{name}.json", _About)
    return {"settings": about.settings, "seconds": about.seconds}


def rules(run: Run) -> dict[str, dict[str, Any]]:
    """Detector → kind and value of the rule that was chosen for it; those that flag by their own are left out."""
    return run.kept("rules.json", dict[str, dict[str, Any]], {})


def save_rule(run: Run, name: str, rule: Mapping[str, Any] | None) -> None:
    """Keep the rule chosen for a detector; None goes back to its own. Two that are saved at once are both kept."""
    with locked(run.path / "rules.lock"):
        others = {other: kept for other, kept in rules(run).items() if other != name}
        save_json(run, "rules.json", others if rule is None else {**others, name: dict(rule)})


def history(run: Run) -> list[dict[str, Any]]:
    """One entry per finished epoch: losses, accuracies, seconds."""
    return run.kept("history.json", list[dict[str, Any]], [])


def layers(run: Run) -> list[dict[str, Any]]:
    """The layers of the run's model in the order of a forward pass: name, kind, features, is_head; empty before."""
    return run.kept("layers.json", list[dict[str, Any]], [])


def loaded(run: Run) -> dict[str, Any]:
    """Of a loaded model: file, bytes, sha256, parameters, notes in words, fresh_head; empty where none was loaded."""
    return run.kept("loaded.json", dict[str, Any], {})


def recorded(run: Run) -> dict[str, Any]:
    """Of a training that was recorded elsewhere: sources, samples, notes in words; empty for any other run."""
    return run.kept("recorded.json", dict[str, Any], {})


def outcome(run: Run) -> Outcome | None:
    """How good the run's model is, None before it was evaluated."""
    content = run.kept("outcome.json", _Evaluated, _Evaluated()).outcome
    if content is None:
        return None
    accuracy = tuple(float("nan") if value is None else float(value) for value in content.class_accuracy)
    rates = content.attack_success_rate, content.doubled_attack_success_rate
    return Outcome(content.clean_accuracy, accuracy, *rates)


def trials(run: Run) -> list[dict[str, Any]]:
    """What the model was tried on, in the order of `trial-classes.npy`: attack (None: nothing) and strength."""
    return run.kept("outcome.json", _Evaluated, _Evaluated()).trials


def _n_samples(run: Run) -> int | None:
    """How many samples the run trains on; None where the data set or the list of changes cannot be read."""
    try:
        return describe(run.workspace, run.dataset).n - len(read_changes(run).excluded)
    except UserError:
        return None


def _detection(run: Run, path: Path, n: int | None) -> Detection:
    about, file = run.kept(f"detections/{path.name}", _About), f"detections/{path.stem}.npz"
    again = f"Run the detector again: python -m core detect {run.id} {path.stem}"
    notes = fitted(_sorted_notes(about.notes), Notes, f"{path.name} of the run {run.id}", again)
    run.require_intact(file)
    try:
        found = _with_arrays(run.path / file, about, notes)
        several = found.suspicion, found.flagged, found.groups, found.p_values, *found.scores.values()
        for array in several:
            if array is not None:
                require_numbers(array, (n,))
        if found.flagged.dtype != np.bool_ or not np.isfinite(found.suspicion).all():
            raise ValueError("its values make no sense")
        return found
    except Exception as error:  # damaged bytes can break a reader in any way there is
        why = "it is missing" if isinstance(error, FileNotFoundError) else checksums.why(error)
        raise run.damaged(file, why) from error


def _with_arrays(path: Path, about: _About, notes: Notes) -> Detection:
    with np.load(path, allow_pickle=False) as arrays:
        groups = arrays.get("groups")
        return Detection(
            arrays["suspicion"],
            arrays["flagged"],
            groups,
            notes,
            about.classes | {index: _finding_of_notes(notes) for index, notes in about.class_notes.items()},
            p_values=arrays.get("p_values"),
            scores={_score_name(key): arrays[key] for key in arrays if key.startswith((_SCORE, _SCORE_BEFORE))},
        )


def _score_name(key: str) -> str:
    name = key.removeprefix(_SCORE).removeprefix(_SCORE_BEFORE)
    return _NAMES_BEFORE.get(name, name)


def _flat(notes: Notes) -> dict[str, Any]:
    """The notes that say something, one beside the other."""
    own = {field.name: getattr(notes, field.name) for field in fields(Notes) if field.name != "figures"}
    return {name: value for name, value in own.items() if value not in (None, "", 0)} | dict(notes.figures)


def _sorted_notes(flat: dict[str, Any]) -> dict[str, Any]:
    """The flat notes with all that is no field of `Notes` among the figures."""
    own = {field.name for field in fields(Notes)} - {"figures"}
    figures = {name: value for name, value in flat.items() if name not in own and value is not None}
    return {name: value for name, value in flat.items() if name in own} | {"figures": figures}


def _finding_of_notes(notes: dict[str, Any]) -> ClassFinding:
    """What was found of a class, from the flat notes of before: there a class too small to judge was called clean."""
    figures = {"size": "size_fraction", "silhouette": "silhouette", "distance": "distance_ratio"}
    criteria = {
        kind: Criterion(
            bool(notes.get(f"{kind}_poisoned", notes.get("poisoned"))),
            str(notes.get(f"{kind}_reason", "")),
            notes.get(figure),
            notes.get("distance_class") if kind == "distance" else None,
        )
        for kind, figure in figures.items()
        if f"{kind}_poisoned" in notes or figure in notes
    }
    poisoned = bool(notes.get("poisoned")) if criteria or notes.get("poisoned") else None
    known = {"poisoned", "reason", "unstable", "distance_class", *figures.values()}
    known |= {f"{kind}_{what}" for kind in figures for what in ("poisoned", "reason")}
    rest = {name: value for name, value in notes.items() if name not in known}
    return ClassFinding(
        poisoned, str(notes.get("reason", "")), **criteria, unstable=notes.get("unstable"), figures=rest
    )
