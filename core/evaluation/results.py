"""What came of a run, in figures: read by the command line, the pages and the report. Ground truth ends here."""

from collections.abc import Mapping
from math import isnan
from typing import Any

from core import runs
from core.analysis.opened_run import OpenedRun
from core.data import store
from core.errors import UserError
from core.evaluation.metrics import detection_curves, detection_quality
from core.runs import Run
from core.types import Outcome

# Attack success rate beyond what the model takes for the attacker's class without any trigger, in [0, 1]. A backdoor
# that adds no more counts as gone.
GONE = 0.10


def outcome_figures(run: Run) -> dict[str, Any]:
    """Clean accuracy and the success rate of each known attack; empty before the run was evaluated."""
    outcome = runs.outcome(run)
    return _figures(outcome or Outcome(None, (), {}))


def measured(rates: Mapping[str, float | None]) -> list[float]:
    """The attack success rates that could be measured: a test set may hold no image to show some trigger on."""
    return [rate for rate in rates.values() if rate is not None and not isnan(rate)]


def detector_figures(opened: OpenedRun) -> dict[str, dict[str, Any]]:
    """Per detector that ran: how many it flagged, in how many seconds, and its quality where the truth is known."""
    truth = store.load_truth(opened.run.workspace, opened.run.dataset)
    figures: dict[str, dict[str, Any]] = {}
    for name, detection in opened.detections.items():
        figures[name] = {
            "flagged": int(detection.flagged.sum()),
            "seconds": runs.about_detection(opened.run, name)["seconds"],
        }
        if truth:
            figures[name] |= detection_quality(detection.suspicion, detection.flagged, truth.is_poison[opened.rows])
    return figures


def detector_curves(opened: OpenedRun, name: str) -> dict[str, Any]:
    """ROC and precision over recall of one detector, and its quality as flagged now; empty without known poison."""
    truth, detection = store.load_truth(opened.run.workspace, opened.run.dataset), opened.detections.get(name)
    if truth is None or detection is None:
        return {}
    poison = truth.is_poison[opened.rows]
    if poison.all() or not poison.any():
        return {}
    quality = detection_quality(detection.suspicion, detection.flagged, poison)
    wrongly = float(detection.flagged[~poison].mean())
    return {**quality, "flagged_clean": wrongly, **detection_curves(detection.suspicion, poison)}


def comparison(child: Run) -> dict[str, Any]:
    """Before and after of a finished repair: the outcome of its parent, its own, and how many samples it changed."""
    if child.parent is None:
        raise UserError(f"{child.id} is not a repair.", "", "Repair a run first.")
    parent = runs.open_run(child.workspace, child.parent)
    before, after = runs.outcome(parent), runs.outcome(child)
    if before is None or after is None:
        raise UserError("The repair is not finished.", "", (parent if before is None else child).to_be_finished)
    was, now = runs.read_changes(parent), runs.read_changes(child)
    moved = sum(was.relabelled.get(sample) != label for sample, label in now.relabelled.items())
    changed = {"removed": len(now.excluded) - len(was.excluded), "relabelled": moved}
    return {"run": child.id, "how": child.how, "before": _figures(before), "after": _figures(after), **changed}


def _figures(outcome: Outcome) -> dict[str, Any]:
    return {
        "clean_accuracy": outcome.clean_accuracy,
        "attack_success_rate": dict(outcome.attack_success_rate),
        "doubled_attack_success_rate": dict(outcome.doubled_attack_success_rate),
    }
