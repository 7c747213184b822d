"""Verdicts are written: given, taken back, brought back."""

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, exists, insert, or_, select
from sqlalchemy.orm import aliased

from core.errors import UserError
from core.journal.database import plain_text, scope, writing
from core.journal.review.verdict import Verdict, now
from core.journal.tables import Batch, Row


def record(
    workspace: Path,
    run_id: str,
    verdicts: Mapping[int, Verdict],
    *,
    reviewer: str,
    reason: str = "",
    suggested_by: str = "",
) -> int:
    """Append one batch of verdicts in a single transaction and return its number.

    Args:
        workspace: whose journal.
        run_id: the run under review.
        verdicts: sample id → verdict.
        reviewer: who decides.
        reason: why, in the reviewer's words.
        suggested_by: the detector that brought the samples up.

    Raises:
        UserError: nothing to record, or the journal cannot be written.
    """
    if not verdicts:
        raise UserError("No sample is selected.", "", "Select at least one sample first.")
    about = {"reviewer": reviewer, "reason": reason, "suggested_by": suggested_by}
    with writing(workspace) as connection:
        return _append(connection, scope(workspace), run_id, verdicts, about)


def undo(workspace: Path, run_id: str, *, reviewer: str) -> int:
    """Take back the reviewer's latest batch that still stands; returns its number of samples, 0 when there is none.

    What others decided on these samples later stays.
    """
    with writing(workspace) as connection:
        own = scope(workspace)
        mine = select(Batch.id, Batch.redoes).where(*_of(Batch, own, run_id), Batch.reviewer == reviewer, counts())
        last = connection.execute(mine.order_by(Batch.id.desc()).limit(1)).first()
        if last is None:
            return 0
        restored = _without(connection, own, run_id, last.id)
        first = last.redoes or last.id
        _append(connection, own, run_id, restored, {"reviewer": reviewer, "reason": "undo"}, undoes=first)
        return len(restored)


def redo(workspace: Path, run_id: str, *, reviewer: str) -> int:
    """Give again what the reviewer took back last; returns its number of samples, 0 when there is none.

    As in an editor, a new decision by the same reviewer puts an end to what can be brought back.
    """
    with writing(workspace) as connection:
        own = scope(workspace)
        later = aliased(Batch)
        again = exists().where(later.id > Batch.id, or_(later.undoes == Batch.undoes, later.redoes == Batch.undoes))
        decided = exists().where(
            *_of(later, own, run_id),
            later.reviewer == reviewer,
            later.id > Batch.id,
            later.undoes.is_(None),
            later.redoes.is_(None),
        )
        mine = select(Batch.undoes).where(*_of(Batch, own, run_id), Batch.reviewer == reviewer)
        mine = mine.where(Batch.undoes.is_not(None), ~again, ~decided)
        taken_back = connection.scalar(mine.order_by(Batch.id.desc()).limit(1))
        if taken_back is None:
            return 0
        rows = connection.execute(select(Row.sample, Row.decision, Row.new_label).where(Row.batch == taken_back))
        given = {sample: Verdict(decision, label) for sample, decision, label in rows}
        _append(connection, own, run_id, given, {"reviewer": reviewer, "reason": "redo"}, redoes=taken_back)
        return len(given)


def counts() -> ColumnElement[bool]:
    """True for the batches whose verdicts somebody gave and nobody took back: no undo, and nothing about them since."""
    later = aliased(Batch)
    undone = exists().where(later.undoes == Batch.id)
    undone_again = exists().where(
        later.id > Batch.id, or_(later.undoes == Batch.redoes, later.redoes == Batch.redoes), Batch.redoes.is_not(None)
    )
    return Batch.undoes.is_(None) & ~undone & ~undone_again


def _without(connection: Connection, own: str, run_id: str, batch: int) -> dict[int, Verdict]:
    """The verdicts on the samples of a batch as if it had never been."""
    before = {
        sample: Verdict("undecided") for sample in connection.scalars(select(Row.sample).where(Row.batch == batch))
    }
    concerned = select(Row.sample).where(Row.batch == batch)
    rows = select(Row.id, Row.sample, Row.decision, Row.new_label).join(Batch, Batch.id == Row.batch)
    rows = rows.where(*_of(Row, own, run_id), Row.sample.in_(concerned), Row.batch != batch, counts())
    # Sorted here: asked to sort, the database would read the whole journal in order, not these samples alone.
    for _, sample, decision, label in sorted(connection.execute(rows), key=lambda row: row[0]):
        before[sample] = Verdict(decision, label)
    return before


def _append(
    connection: Connection,
    own: str,
    run_id: str,
    verdicts: Mapping[int, Verdict],
    about: Mapping[str, str],
    **refers: int,
) -> int:
    words = {"reason": "", "suggested_by": ""} | {name: plain_text(value) for name, value in about.items()}
    batch = {"workspace": own, "run": run_id, "created": now()} | words | refers
    number = int(connection.execute(insert(Batch).returning(Batch.id), batch).scalar_one())
    same = {"batch": number, "workspace": own, "run": run_id}
    rows = [
        same | {"sample": int(sample), "decision": given.decision, "new_label": given.new_label}
        for sample, given in verdicts.items()
    ]
    connection.execute(insert(Row), rows)
    return number


def _of(table: type[Batch] | type[Row], own: str, run_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.workspace == own, table.run == run_id
