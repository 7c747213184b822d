"""Decisions of people, recorded.

What people decided, read from files and written to files.
"""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.analysis import families
from core.analysis.decision import sample_states
from core.analysis.ids import listed_ids, text_of
from core.analysis.opened_run import CLUSTERING, opened
from core.analysis.samples import review_table
from core.analysis.suspect_clusters import new_labels
from core.data import store
from core.data.store.sample_names import sample_names
from core.decision.states import STATES
from core.errors import UserError
from core.files import write_file
from core.journal import review, revisions
from core.journal.review import Verdict
from core.journal.review.notes import tagged
from core.output.export import TABLES, writable
from core.runs import Run
from core.types import Changes


def decide(
    run: Run, ids: Sequence[int], decision: str, *, reviewer: str, new_label: int | None = None, **why: str
) -> int:
    """Record one decision on any number of samples; returns how many.

    Raises:
        UserError: no samples, an unknown decision, or a new label that is no class.
    """
    if decision not in review.DECISIONS:
        raise UserError(
            f"There is no decision named {decision!r}.",
            f"Known: {', '.join(review.DECISIONS)}.",
            "Choose one of these.",
        )
    n_classes = len(store.describe(run.workspace, run.dataset).class_names)
    if decision == "relabel" and (new_label is None or not 0 <= new_label < n_classes):
        raise UserError("A new label is needed.", f"Classes run from 0 to {n_classes - 1}.", "Choose one.")
    verdict = Verdict(decision, new_label if decision == "relabel" else None)
    review.record(run.workspace, run.id, {int(sample): verdict for sample in ids}, reviewer=reviewer, **why)
    return len(ids)


def decide_flagged(run: Run, decision: str, detectors: Sequence[str], *, reviewer: str) -> int:
    """Record one decision on everything that any of the detectors flagged; returns how many samples."""
    subject = opened(run)
    detections = subject.detections
    for name in detectors:
        if name not in detections:
            raise UserError(
                f"{name} has not been run on {run.id}.",
                f"Run so far: {', '.join(detections) or 'none'}.",
                "Run it first.",
            )
    flagged = np.logical_or.reduce([detections[name].flagged for name in detectors])
    ids = subject.data.ids[flagged].tolist()
    if not ids:
        raise UserError(
            "Nothing is flagged.",
            f"{', '.join(detectors)} found nothing to {decision}.",
            "Choose other detectors, or a less strict rule.",
        )
    return decide(run, ids, decision, reviewer=reviewer, suggested_by=", ".join(detectors), reason="flagged")


def decide_state(run: Run, states: Sequence[str], decision: str, *, reviewer: str) -> int:
    """Record one decision on all samples that the run's decision calls so, such as "backdoor"; returns how many.

    Raises:
        UserError: nothing was decided yet, there is no such state, or no sample has it.
    """
    for name in states:
        if name not in STATES:
            raise UserError(f"There is no state {name!r}.", f"Known: {', '.join(STATES)}.", "Choose one of these.")
    found = sample_states(opened(run))
    if found is None:
        raise UserError("Nothing was decided on this run yet.", "", f"Decide first: decide {run.id}.")
    chosen = np.isin(found[0], list(states))
    if not chosen.any():
        raise UserError(f"No sample is called {' or '.join(states)}.", "", "See what was decided, on Detect.")
    ids = opened(run).data.ids[chosen].tolist()
    return decide(run, ids, decision, reviewer=reviewer, suggested_by="decision", reason=" or ".join(states))


def decide_tagged(run: Run, tags: Sequence[str], decision: str, *, reviewer: str) -> list[int]:
    """Record one decision on all samples that have one of the tags, or whose family or group does; returns their ids.

    Raises:
        UserError: no sample of the run has one of the tags.
    """
    there = {tag: samples for tag, samples in tagged(run, review_table(opened(run))).items() if samples}
    if unknown := [tag for tag in tags if tag not in there]:
        words = f"There are: {', '.join(list(there)[:20])}." if there else "No sample of this run has a tag."
        raise UserError(
            f"No sample is tagged {' or '.join(unknown)}.", words, f"Tag samples first: note {run.id} tag …"
        )
    ids = sorted(frozenset().union(*(there[tag] for tag in tags)))
    decide(run, ids, decision, reviewer=reviewer, reason=f"tagged {' or '.join(tags)}")
    return ids


def decide_family(run: Run, number: int, decision: str, *, reviewer: str) -> int:
    """Record one decision on all members of a family that are flagged now; returns how many samples.

    Raises:
        UserError: there is no such family, or none of its members is flagged any more.
    """
    family = families.find_family(run, number)
    table = review_table(opened(run))
    ids = table.loc[table["family"] == family.id, "id"].tolist()
    if not ids:
        raise UserError(f"Nothing of family {number} is flagged any more.", "", "Make the families again.")
    return decide(run, ids, decision, reviewer=reviewer, reason=f"family {number}")


def relabel_suspects(run: Run, by: str = "source_class", *, reviewer: str) -> int:
    """Give new labels to the suspect clusters that reclassification calls poison, too; returns to how many samples.

    Args:
        run: reclassified.
        by: see `core.analysis.suspect_clusters.new_labels`.
        reviewer: who decides.

    Raises:
        UserError: no cluster is called poison, or an unknown way.
    """
    verdicts = {sample: Verdict("relabel", label) for sample, label in new_labels(opened(run), by).items()}
    why = {"suggested_by": CLUSTERING, "reason": "exclusionary reclassification"}
    review.record(run.workspace, run.id, verdicts, reviewer=reviewer, **why)
    return len(verdicts)


def pending_changes(run: Run) -> Changes:
    """What the standing verdicts would change if the run were repaired now, on top of what its parent left out."""
    return revisions.current_changes(run)


def import_bona_fide(run: Run, path: Path, *, reviewer: str, accepted: bool = True) -> int:
    """Guarantee the samples listed in a file to be clean; returns how many.

    Args:
        run: on the data set that they belong to.
        path: a text file with one sample a line: its id, which is its row in the source, or its name.
        reviewer: who guarantees.
        accepted: False takes the word back.

    Raises:
        UserError: the file cannot be read, or `guarantee_listed` refuses what is in it.
    """
    return guarantee_listed(run, text_of(path), path.name, reviewer=reviewer, accepted=accepted)


def guarantee_listed(run: Run, text: str, name: str, *, reviewer: str, accepted: bool = True) -> int:
    """Guarantee the samples whose ids or names `text` lists, one a line, to be clean; returns how many.

    Args:
        run: on the data set that they belong to.
        text: the content of a file.
        name: of the file, which is kept with the guarantee.
        reviewer: who guarantees.
        accepted: False takes the word back.

    Raises:
        UserError: nothing is listed, or something that is no id of a sample.
    """
    known = store.load(run.workspace, run.dataset).ids.tolist()
    names = sample_names(run.workspace, run.dataset)
    ids = listed_ids(text, name, set(known), list(zip(known, names, strict=True)))
    return review.guarantee(
        run.workspace, run.dataset, ids, reviewer=reviewer, accepted=accepted, reason=f"from {name}"
    )


def write_journal(run: Run, path: Path, **conditions: Any) -> int:
    """Write the journal of a run to a file, a table that is safe to open; returns the number of rows.

    Args:
        run: under review.
        path: ending in .csv, .parquet or .json, in an existing folder.
        wanted: which rows, as for `core.journal.review.journal`.

    Raises:
        UserError: another ending, or a folder that cannot be written to.
    """
    writable(path, tuple(TABLES))
    content = _journal(run, conditions)
    write_file(path, lambda stream: _write(content, path.suffix.lower(), stream))
    return len(content)


def journal_file(run: Run, ending: str, **conditions: Any) -> bytes:
    """What `write_journal` would write, for a download; `ending` is .csv, .parquet or .json."""
    stream = BytesIO()
    _write(_journal(run, conditions), ending, stream)
    return stream.getvalue()


def journal_rows(run: Run, **conditions: Any) -> list[dict[str, Any]]:
    """The journal as plain data, one dict a row; which rows is said as for `core.journal.review.journal`."""
    rows = _journal(run, conditions).astype(object).to_dict("records")
    return [{str(name): None if pd.isna(value) else value for name, value in row.items()} for row in rows]


def _journal(run: Run, conditions: Mapping[str, Any]) -> pd.DataFrame:
    """The rows with the name of each sample in its source."""
    rows = review.journal(run.workspace, run.id, **conditions)
    rows.insert(2, "name", opened(run).names_of(rows["sample"].tolist()))
    return rows


def _write(table: pd.DataFrame, ending: str, stream: Any) -> None:
    write: Callable[[pd.DataFrame, Any], object] = TABLES[ending]
    write(table, stream)
