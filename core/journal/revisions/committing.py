"""From verdicts to a revision, and from a revision back to verdicts."""

import numpy as np

from core import runs
from core.data import store
from core.data.store.reading import open_array
from core.errors import UserError
from core.journal import review
from core.journal.changes import apply, changes_of
from core.journal.database import plain_text
from core.journal.review import Verdict
from core.journal.review.reading import verdicts_at
from core.journal.review.verdict import now
from core.journal.revisions.stored import Difference, Revision, between, changes, find, latest_on, save
from core.runs import Run
from core.types import Changes

LONGEST_NAME = 120  # characters of a revision's name: it stands in one line of a list


def current_changes(run: Run) -> Changes:
    """What a repair of the run would do now, against the data as imported: what it was trained with, then its verdicts.

    A verdict to keep or relabel a sample that the run left out brings it back. The label as imported is no new label.
    """
    return _state(run)[1]


def pending(run: Run) -> Difference:
    """What was decided on the run since its latest commit; of a run without one, since it was trained."""
    return between(_base(run)[1], current_changes(run))


def decided_since(run: Run, repair: Run) -> int:
    """On how many samples of a run people decided otherwise since the repair of it was made."""
    return len(between(runs.read_changes(repair), current_changes(run)).samples)


def base(run: Run) -> int:
    """The revision that decisions on the run go on from: the latest committed on it, else the one it trained on."""
    return _base(run)[0]


def commit(run: Run, name: str = "", why: str = "", *, reviewer: str) -> Revision:
    """Make what is pending on the run a revision of its data set, and return it.

    Args:
        run: with verdicts.
        name: what to call it; by default "Revision <number>".
        why: what a later reader should know.
        reviewer: who commits.

    Raises:
        UserError: nothing is pending, too little would be left to train on, or it cannot be saved.
    """
    (position, changed), (parent, before) = _state(run), _base(run)
    if not between(before, changed):
        raise UserError("Nothing is pending.", "Nothing was decided since the last commit.", "Decide on samples first.")
    apply(store.load(run.workspace, run.dataset), changed)  # says when too little would be left
    words = {"name": name.strip()[:LONGEST_NAME], "why": why.strip(), "reviewer": reviewer}
    about = {key: plain_text(value) for key, value in words.items()}
    about |= {"dataset": run.dataset, "run": run.id, "created": now()}
    number = save(run.workspace, about, {"parent": parent, "position": position}, changed)
    return find(run.workspace, run.dataset, number)


def go_back(run: Run, number: int, *, reviewer: str) -> int:
    """Append the verdicts that bring the data of the run to a revision; returns on how many samples.

    Samples that the revision leaves alone get the verdict of that time, where it was made on this run. The result is
    pending: it has to be committed as any other decision.

    Raises:
        UserError: there is no such revision, or the verdicts cannot be saved.
    """
    earlier = changes(run.workspace, run.dataset, number)
    samples = between(current_changes(run), earlier).samples
    if not samples:
        return 0
    given = _as_imported(run, number, samples)
    moved = earlier.relabelled
    given |= {sample: Verdict("relabel", moved[sample]) for sample in samples if sample in moved}
    given |= {sample: Verdict("exclude") for sample in samples if sample in earlier.excluded}
    review.record(run.workspace, run.id, given, reviewer=reviewer, reason=f"back to revision {number}")
    return len(given)


def _state(run: Run) -> tuple[int, Changes]:
    """The number of the latest row in the run's journal, and the changes at that moment."""
    before = runs.read_changes(run)
    position, standing = review.standing(run.workspace, run.id)
    decided = changes_of(standing)
    back = {sample for sample, verdict in standing.items() if verdict.decision in ("keep", "relabel")}
    excluded = (before.excluded - back) | decided.excluded
    labels = {**before.relabelled, **decided.relabelled}
    imported = _imported_labels(run, list(labels))
    moved = {sample: new for sample, new in labels.items() if sample not in excluded and new != imported.get(sample)}
    return position, Changes(excluded, moved)


def _base(run: Run) -> tuple[int, Changes]:
    """The revision that decisions on the run go on from, and its changes: before there were revisions, the run's."""
    number = latest_on(run.workspace, run.dataset, run.id)
    if number is not None:
        return number, changes(run.workspace, run.dataset, number)
    return runs.revision_of(run) or 0, runs.read_changes(run)


def _as_imported(run: Run, number: int, samples: list[int]) -> dict[int, Verdict]:
    """The verdicts that leave samples as they were imported."""
    before, imported = runs.read_changes(run), _imported_labels(run, samples)
    then: dict[int, Verdict] = {}
    if number and (revision := find(run.workspace, run.dataset, number)).run == run.id:
        then = verdicts_at(run.workspace, run.id, revision.position)
    given = {}
    for sample in samples:
        if sample in before.relabelled:
            given[sample] = Verdict("relabel", imported[sample])
        elif sample in before.excluded:
            given[sample] = Verdict("keep")
        else:
            given[sample] = then.get(sample, Verdict("undecided"))
    return given


def _imported_labels(run: Run, samples: list[int]) -> dict[int, int]:
    """The labels of some samples as they were imported, read without checking all of the data."""
    if not samples:
        return {}
    folder = run.workspace / "datasets" / run.dataset
    ids, labels = (open_array(folder / f"{name}.npy") for name in ("ids", "labels"))
    rows = np.flatnonzero(np.isin(ids, samples))
    return dict(zip(ids[rows].tolist(), labels[rows].tolist(), strict=True))
