"""Revisions in the database, and what lies between two of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path

from sqlalchemy import ColumnElement, func, insert, select

from core.errors import UserError
from core.journal.database import address, reading, scope, writing
from core.journal.tables import Change, Committed
from core.types import Changes


@dataclass(frozen=True)
class Revision:
    """A committed state of a data set.

    Attributes:
        number: counted from 1 in each data set; 0 is the data as imported.
        name, why: in the words of who committed it.
        reviewer, created: who committed it and when, UTC.
        dataset: the stored data set.
        run: the run on which the decisions were made.
        parent: number of the revision that it goes on from.
        position: number of the last row of the run's journal that it takes in.
        excluded, relabelled: how many samples it leaves out and gives another label, against the data as imported.
    """

    number: int
    name: str
    why: str
    reviewer: str
    created: str
    dataset: str
    run: str
    parent: int
    position: int
    excluded: int
    relabelled: int


@dataclass(frozen=True)
class Difference:
    """What turns one state of a data set into another; its length is the number of samples that differ.

    Attributes:
        excluded: ids that only the later state leaves out, ascending.
        returned: ids that only the earlier one leaves out, ascending.
        relabelled: id → the new label before and after, for samples that both keep; None is the label as imported.
    """

    excluded: tuple[int, ...] = ()
    returned: tuple[int, ...] = ()
    relabelled: Mapping[int, tuple[int | None, int | None]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.excluded) + len(self.returned) + len(self.relabelled)

    @property
    def samples(self) -> list[int]:
        """Ids of all samples that differ, ascending."""
        return sorted({*self.excluded, *self.returned, *self.relabelled})


def revisions(workspace: Path, dataset_id: str) -> list[Revision]:
    """All revisions of a data set, the newest first."""
    columns = [getattr(Committed, field.name) for field in fields(Revision)]
    query = select(*columns).where(*_of(workspace, dataset_id)).order_by(Committed.number.desc())
    with reading(workspace) as connection:
        return [Revision(*row) for row in connection.execute(query)]


def find(workspace: Path, dataset_id: str, number: int) -> Revision:
    """One revision of a data set. Raises UserError naming those there are."""
    by_number = {revision.number: revision for revision in revisions(workspace, dataset_id)}
    if number not in by_number:
        known = ", ".join(["0 (the data as imported)", *map(str, sorted(by_number))])
        raise UserError(f"There is no revision {number} of {dataset_id}.", f"Known: {known}.", "Choose one of these.")
    return by_number[number]


def latest_on(workspace: Path, dataset_id: str, run_id: str) -> int | None:
    """The number of the latest revision that was committed on a run, None without any."""
    query = select(func.max(Committed.number)).where(*_of(workspace, dataset_id), Committed.run == run_id)
    with reading(workspace) as connection:
        number: int | None = connection.scalar(query)
        return number


def changes(workspace: Path, dataset_id: str, number: int) -> Changes:
    """What a revision leaves out and relabels, against the data as imported; revision 0 changes nothing.

    Raises:
        UserError: there is no such revision.
    """
    if number == 0:
        return Changes()
    return _changes(workspace, str(address(workspace)), find(workspace, dataset_id, number))


def compare(workspace: Path, dataset_id: str, before: int, after: int) -> Difference:
    """What turns one revision into another. Raises UserError when there is no such revision."""
    return between(changes(workspace, dataset_id, before), changes(workspace, dataset_id, after))


def between(before: Changes, after: Changes) -> Difference:
    """What turns one state into another, each given by its changes to the data as imported."""
    out, returned = after.excluded - before.excluded, before.excluded - after.excluded
    kept = ({*before.relabelled} | {*after.relabelled}) - before.excluded - after.excluded
    labels = {sample: (before.relabelled.get(sample), after.relabelled.get(sample)) for sample in sorted(kept)}
    moved = {sample: pair for sample, pair in labels.items() if pair[0] != pair[1]}
    return Difference(tuple(sorted(out)), tuple(sorted(returned)), moved)


def save(workspace: Path, about: Mapping[str, str], numbers: Mapping[str, int], changed: Changes) -> int:
    """Write a revision and its changes in one transaction; returns its number.

    Args:
        workspace: whose.
        about: dataset, run, name, why, reviewer, created.
        numbers: parent, position.
        changed: against the data as imported.
    """
    with writing(workspace, "The revision") as connection:
        highest = select(func.max(Committed.number)).where(*_of(workspace, about["dataset"]))
        number = (connection.scalar(highest) or 0) + 1
        new: dict[int, int | None] = {**changed.relabelled, **dict.fromkeys(changed.excluded)}
        counts = {"excluded": len(changed.excluded), "relabelled": len(new) - len(changed.excluded)}
        row = {**about, **numbers, **counts, "workspace": scope(workspace), "number": number}
        row["name"] = about["name"] or f"Revision {number}"
        key = connection.execute(insert(Committed).returning(Committed.id), row).scalar_one()
        rows = [{"revision": key, "sample": sample, "new_label": label} for sample, label in sorted(new.items())]
        if rows:
            connection.execute(insert(Change), rows)
    return number


@lru_cache(maxsize=16)
def _changes(workspace: Path, url: str, revision: Revision) -> Changes:  # noqa: ARG001
    """Read once, since a revision never changes; `url` is there for the cache to tell databases apart."""
    rows = select(Change.sample, Change.new_label).join(Committed, Committed.id == Change.revision)
    rows = rows.where(*_of(workspace, revision.dataset), Committed.number == revision.number)
    with reading(workspace) as connection:
        labels = connection.execute(rows).all()
    excluded = frozenset(sample for sample, label in labels if label is None)
    return Changes(excluded, {sample: label for sample, label in labels if label is not None})


def _of(workspace: Path, dataset_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Committed.workspace == scope(workspace), Committed.dataset == dataset_id
