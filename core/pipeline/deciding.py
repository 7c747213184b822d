"""Decisions of people, recorded."""

from collections.abc import Sequence

import numpy as np

from core import families, review, revisions
from core.datasets import store
from core.errors import UserError
from core.review import Verdict
from core.runs import Run
from core.samples import CLUSTERING, detections, review_table, training_data
from core.suspects import new_labels
from core.types import Changes


def decide(
    run: Run, ids: Sequence[int], decision: str, *, reviewer: str, new_label: int | None = None, **why: str
) -> int:
    """Record one decision on any number of samples; returns how many.

    Raises:
        UserError: no samples, an unknown decision, or a new label that is no class.
    """
    if decision not in review.DECISIONS:
        raise UserError(f"There is no decision named {decision!r}.", f"Known: {', '.join(review.DECISIONS)}.")
    n_classes = len(store.describe(run.workspace, run.dataset).class_names)
    if decision == "relabel" and (new_label is None or not 0 <= new_label < n_classes):
        raise UserError("A new label is needed.", f"Classes run from 0 to {n_classes - 1}.", "Choose one.")
    verdict = Verdict(decision, new_label if decision == "relabel" else None)
    review.record(run.workspace, run.id, {int(sample): verdict for sample in ids}, reviewer=reviewer, **why)
    return len(ids)


def decide_flagged(run: Run, decision: str, detectors: Sequence[str], *, reviewer: str) -> int:
    """Record one decision on everything that any of the detectors flagged; returns how many samples."""
    found = detections(run)
    for name in detectors:
        if name not in found:
            raise UserError(
                f"{name} has not been run on {run.id}.", f"Run so far: {', '.join(found) or 'none'}.", "Run it first."
            )
    flagged = np.logical_or.reduce([found[name].flagged for name in detectors])
    ids = training_data(run).ids[flagged].tolist()
    if not ids:
        raise UserError("Nothing is flagged.", f"{', '.join(detectors)} found nothing to {decision}.")
    return decide(run, ids, decision, reviewer=reviewer, suggested_by=", ".join(detectors), reason="flagged")


def decide_family(run: Run, number: int, decision: str, *, reviewer: str) -> int:
    """Record one decision on all members of a family that are flagged now; returns how many samples.

    Raises:
        UserError: there is no such family, or none of its members is flagged any more.
    """
    family = families.find_family(run, number)
    table = review_table(run)
    ids = table.loc[table["family"] == family.id, "id"].tolist()
    if not ids:
        raise UserError(f"Nothing of family {number} is flagged any more.", "", "Make the families again.")
    return decide(run, ids, decision, reviewer=reviewer, reason=f"family {number}")


def relabel_suspects(run: Run, by: str = "source_class", *, reviewer: str) -> int:
    """Give new labels to the suspect clusters that reclassification calls poison, too; returns to how many samples.

    Args:
        run: reclassified.
        by: see `core.suspects.new_labels`.
        reviewer: who decides.

    Raises:
        UserError: no cluster is called poison, or an unknown way.
    """
    verdicts = {sample: Verdict("relabel", label) for sample, label in new_labels(run, by).items()}
    why = {"suggested_by": CLUSTERING, "reason": "exclusionary reclassification"}
    review.record(run.workspace, run.id, verdicts, reviewer=reviewer, **why)
    return len(verdicts)


def pending_changes(run: Run) -> Changes:
    """What the standing verdicts would change if the run were repaired now, on top of what its parent left out."""
    return revisions.current_changes(run)
