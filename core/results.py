"""What came of a run, in figures: read by the command line, the pages and the report. Ground truth ends here."""

from typing import Any

import numpy as np

from core import runs
from core.datasets import store
from core.errors import UserError
from core.metrics import detection_quality
from core.runs import Run
from core.samples import training_data
from core.types import Outcome


def outcome_figures(run: Run) -> dict[str, Any]:
    """Clean accuracy and the success rate of each known attack; empty before the run was evaluated."""
    outcome = runs.outcome(run)
    return _figures(outcome) if outcome else {"clean_accuracy": None, "attack_success_rate": {}}


def detector_figures(run: Run) -> dict[str, dict[str, Any]]:
    """Per detector that ran: how many it flagged, in how many seconds, and its quality where the truth is known."""
    truth = store.load_truth(run.workspace, run.dataset)
    rows = np.isin(store.load(run.workspace, run.dataset).ids, training_data(run).ids) if truth else None
    figures: dict[str, dict[str, Any]] = {}
    for name, detection in runs.detections(run).items():
        figures[name] = {"flagged": int(detection.flagged.sum()), "seconds": runs.about_detection(run, name)["seconds"]}
        if truth and rows is not None:
            figures[name] |= detection_quality(detection.suspicion, detection.flagged, truth.is_poison[rows])
    return figures


def comparison(child: Run) -> dict[str, Any]:
    """Before and after of a finished repair: the outcome of its parent, its own, and how many samples went."""
    if child.parent is None:
        raise UserError(f"{child.id} is not a repair.", "", "Repair a run first.")
    parent = runs.open_run(child.workspace, child.parent)
    before, after = runs.outcome(parent), runs.outcome(child)
    if before is None or after is None:
        raise UserError("The repair is not finished.", "", "Let it finish first.")
    gone = len(runs.read_changes(child).excluded) - len(runs.read_changes(parent).excluded)
    return {"run": child.id, "before": _figures(before), "after": _figures(after), "removed": gone}


def _figures(outcome: Outcome) -> dict[str, Any]:
    return {"clean_accuracy": outcome.clean_accuracy, "attack_success_rate": dict(outcome.attack_success_rate)}
