"""The detectors' table: one row each, with what it needs, whether it ran, what it flags and who agrees.

What a detector will cost on a run, known before it runs and without importing torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from core import runs
from core.analysis.opened_run import LEADING, OpenedRun
from core.analysis.rule_words import rule_words
from core.data import store
from core.detectors import DETECTORS, DetectorEntry, lacking
from core.detectors.parts.calibration import FOLDS, compares
from core.errors import UserError
from core.modalities import modality_of
from core.registry import checked, find
from core.runs import Run
from core.types import Bools, Detection, Scalar

TRAINING_PASSES = 3  # forward passes that one epoch of training takes as long as: a backward pass counts as two
ARRAYS = {"activations": "activations", "trajectories": "losses"}  # what a detector reads → the file of the run


@dataclass(frozen=True)
class Cost:
    """What one detector will cost.

    Attributes:
        forward_passes: of the trained model over the whole data set; a backward pass counts as two.
        seconds: wall time, roughly.
    """

    forward_passes: int
    seconds: float


def unmet(opened: OpenedRun, entry: DetectorEntry) -> list[str]:
    """What a detector needs and the run does not have (yet), in words."""
    present = {
        "activations": opened.run.has_activations,
        "trajectories": opened.run.traced,
        "bona_fide": bool(opened.bona_fide.any()),
        "model": opened.run.has_model,
    }
    offered = modality_of(opened.data.inputs).offers
    return lacking(entry, [*(need for need in present if present[need]), *offered], gradients=opened.run.trainable)


def detector_table(opened: OpenedRun) -> pd.DataFrame:
    """One row per detector: those that ran first, the leading one on top.

    Columns: name, title, state ("ran", "can run" or "needs …"), ready (no need is unmet), needs, cost in words. Then
    flagged by the rule in force (NA), rule, and agreement with the leading detector in [0, 1] (NaN).
    """
    first = leader(opened.detections)
    rows = [_row(opened, name, entry, first) for name, entry in DETECTORS.items()]
    rows.sort(key=lambda row: (row["name"] != first, row["name"] not in opened.detections, not row["ready"]))
    return pd.DataFrame(rows).astype({"flagged": "Int64"})


def leader(detections: Mapping[str, Detection]) -> str:
    """The detector that the others are compared with: the consensus, else the first that ran; "" before any did."""
    return LEADING if LEADING in detections else next(iter(detections), "")


def agreement(first: Bools, second: Bools) -> float:
    """|A ∩ B| / |A ∪ B| in [0, 1], the fraction of what either flags that both flag; NaN when neither flags."""
    either = int((first | second).sum())
    return int((first & second).sum()) / either if either else float("nan")


def cost_in_words(run: Run, name: str, settings: Mapping[str, Any], *, ran: bool) -> str:
    """About how long a detector takes with these settings, and its forward passes; the folds of p-values included."""
    try:
        cost = estimate(run, name, settings)
    except UserError:
        return "unknown"
    seconds = cost.seconds * (1 if ran or not compares(DETECTORS[name].needs) else FOLDS + 1)
    time = f"{seconds / 60:.0f} min" if seconds >= 90 else f"{max(seconds, 1):.0f} s"
    return f"about {time}" + (f", {cost.forward_passes:,} passes" if cost.forward_passes else "")


def _row(opened: OpenedRun, name: str, entry: DetectorEntry, first: str) -> dict[str, object]:
    absent, detection = unmet(opened, entry), opened.detections.get(name)
    planned = opened.run.detector_settings.get(name, {})
    known = [need.partition(" (")[0] for need in absent]
    row: dict[str, object] = {
        "name": name,
        "title": entry.title,
        "state": "ran" if detection else f"needs {', '.join(known)}" if known else "can run",
        "ready": not absent,
        "needs": ", ".join(need.replace("_", " ") for need in entry.needs),
        "cost": "" if detection or absent else cost_in_words(opened.run, name, planned, ran=False),
        "flagged": pd.NA,
        "rule": "",
        "agreement": np.nan,
    }
    if detection:
        about = runs.about_detection(opened.run, name)
        row |= {"cost": f"{about['seconds']:.1f} s", "flagged": int(detection.flagged.sum())}
        row["rule"] = rule_words(opened, name)
        row["agreement"] = agreement(detection.flagged, opened.detections[first].flagged) if name != first else np.nan
    return row


def estimate(run: Run, name: str, settings: Mapping[str, Any]) -> Cost:
    """The cost of one detector with these settings on this run.

    Where the detector ran here before, its measured seconds count, scaled by the forward passes if there are any.
    Otherwise a pass over the n training samples costs what the run's own epochs did. An epoch is a training pass, as
    much as 3 forward passes, and one forward pass over training and test set. The median epoch counts. A detector
    without passes costs n · d times a constant of its own, beside what it costs whatever the size. Here d is the number
    of values that it reads of one sample: activations, epochs or pixels. Both were measured on one core, with the
    processor's own clock.

    Raises:
        UserError: no such detector or setting, or the run has not got far enough to tell.
    """
    entry = find(DETECTORS, name, "detector")
    # Loading all detectors took the first drawing of a table 1.5 s. What asks for no pass is loaded to check settings.
    passes = _passes(entry, checked(entry.load(), settings, name)) if entry.passes or settings else 0.0
    before = _measured(run, entry, passes)
    if before is not None:
        return Cost(round(passes), before)
    forward = passes * seconds_per_pass(run) if passes else 0.0
    return Cost(round(passes), entry.fixed_seconds + _values(run, entry) * entry.nanoseconds * 1e-9 + forward)


def seconds_per_pass(run: Run) -> float:
    """The seconds of one forward pass over the training samples; of a loaded model those of reading its activations.

    Raises:
        UserError: before the first epoch.
    """
    epochs = [float(entry["seconds"]) for entry in runs.history(run)]
    if not epochs and not run.traced and run.done("activations"):
        return run.stages["activations"]
    if not epochs:
        raise UserError("The cost is not known yet.", "It follows from the run's epochs.", "Train first.")
    info = store.describe(run.workspace, run.dataset)
    n = _samples(run)
    training = TRAINING_PASSES * (2 if run.config.get("sharpness") else 1)
    return median(epochs) * n / (training * n + n + info.n_test)


def _passes(entry: DetectorEntry, settings: Mapping[str, Scalar]) -> float:
    return entry.passes * (float(settings[entry.passes_per]) if entry.passes_per else 1.0)


def _measured(run: Run, entry: DetectorEntry, passes: float) -> float | None:
    """The seconds that the detector took on this run, for as many passes; None where it never ran."""
    if not (run.path / "detections" / f"{entry.name}.json").exists():
        return None
    about = runs.about_detection(run, entry.name)
    then = _passes(entry, about["settings"])
    return float(about["seconds"]) * (passes / then if then else 1.0)


def _values(run: Run, entry: DetectorEntry) -> int:
    """How many numbers of evidence the detector reads."""
    if entry.reads == "images":
        return _samples(run) * prod(store.describe(run.workspace, run.dataset).shape)
    return int(run.array(ARRAYS[entry.reads]).size)


def _samples(run: Run) -> int:
    """n, what a repair excludes left out."""
    return store.describe(run.workspace, run.dataset).n - len(runs.read_changes(run).excluded)
