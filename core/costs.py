"""What a detector will cost on a run, known before it runs and without importing torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from core import runs
from core.datasets import store
from core.detectors import DETECTORS, DetectorEntry
from core.errors import UserError
from core.registry import checked, find
from core.runs import Run
from core.types import Scalar

TRAINING_PASSES, ARRAYS = 3, {"activations": "activations", "trajectories": "losses"}


@dataclass(frozen=True)
class Cost:
    """What one detector will cost.

    Attributes:
        forward_passes: of the trained model over the whole data set; a backward pass counts as two.
        seconds: wall time, roughly.
    """

    forward_passes: int
    seconds: float


def estimate(run: Run, name: str, settings: Mapping[str, Any]) -> Cost:
    """The cost of one detector with these settings on this run.

    Where the detector ran here before, its measured seconds count, scaled by the forward passes if there are any.
    Otherwise a pass over the n training samples costs what the run's own epochs did: an epoch is a training pass, as
    much as 3 forward passes, and one forward pass over training and test set; the median epoch counts. A detector
    without passes costs n · d times a constant of its own, d the values that it reads of one sample (activations,
    epochs or pixels), beside what it costs whatever the size; both were measured on one core, with the processor's
    own clock.

    Raises:
        UserError: no such detector or setting, or the run has not got far enough to tell.
    """
    entry = find(DETECTORS, name, "detector")
    passes = _passes(entry, checked(entry.load(), settings, name))
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
    return median(epochs) * n / (TRAINING_PASSES * n + n + info.n_test)


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
        height, width, channels = store.describe(run.workspace, run.dataset).shape
        return _samples(run) * height * width * channels
    return int(run.array(ARRAYS[entry.reads]).size)


def _samples(run: Run) -> int:
    """n, what a repair excludes left out."""
    return store.describe(run.workspace, run.dataset).n - len(runs.read_changes(run).excluded)
