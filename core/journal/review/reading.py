"""Verdicts are read: those that stand, and every one there ever was."""

from collections import OrderedDict
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, func, select

from core.journal.database import address, reading, scope
from core.journal.review.guarantees import latest_guarantee
from core.journal.review.verdict import Verdict
from core.journal.tables import Batch, Decision, Row

# (database, workspace, run) → the journal's position and what stood there. Rows are never changed, so that what was
# read once stays true, and only later rows have to be read.
_known: OrderedDict[tuple[str, str, str], tuple[int, dict[int, Verdict]]] = OrderedDict()
_lock = Lock()
KNOWN_RUNS = 16  # whose standing verdicts are remembered; one that is forgotten is read anew


def verdicts(workspace: Path, run_id: str) -> dict[int, Verdict]:
    """The verdict that stands on each decided sample of the run, by sample id."""
    return standing(workspace, run_id)[1]


def standing(workspace: Path, run_id: str) -> tuple[int, dict[int, Verdict]]:
    """The number of the run's latest row, 0 without any, and the verdicts that stand after it, by sample id."""
    own = scope(workspace)
    key = (str(address(workspace)), own, run_id)
    with reading(workspace) as connection:
        newest = _newest(connection, own, run_id)
        with _lock:
            at, verdicts = _known.get(key, (0, {}))
        if at > newest:  # the database was put back to an earlier state
            at, verdicts = 0, {}
        if at < newest:
            verdicts = _later(connection, own, run_id, (at, newest), verdicts)
    with _lock:
        _known[key] = newest, verdicts
        _known.move_to_end(key)
        while len(_known) > KNOWN_RUNS:
            _known.popitem(last=False)
    return newest, dict(verdicts)


def verdicts_at(workspace: Path, run_id: str, position: int) -> dict[int, Verdict]:
    """The verdicts that stood after the row of this number, by sample id."""
    with reading(workspace) as connection:
        return _later(connection, scope(workspace), run_id, (0, position), {})


def revision(workspace: Path, run_id: str) -> int:
    """A number that grows with every verdict on the run and with every guarantee: a cache key for what follows."""
    with reading(workspace) as connection:
        own = scope(workspace)
        return _newest(connection, own, run_id) + latest_guarantee(connection, own)


def journal(
    workspace: Path,
    run_id: str,
    *,
    reviewer: str | None = None,
    decision: str | None = None,
    sample: int | None = None,
    since: datetime | None = None,
    last: int | None = None,
) -> pd.DataFrame:
    """The rows ever written for the run, oldest first.

    Columns: id, sample, decision, new_label, reviewer, reason, suggested_by, created (UTC, as text), batch, undoes and
    redoes (the batch that this row's takes back or brings back), run.

    Args:
        workspace: whose journal.
        run_id: the run under review.
        reviewer, decision, sample: only rows with these.
        since: only rows of this time or later; without a time zone it is taken for the machine's own.
        last: only so many of the newest of them.
    """
    query = _query(scope(workspace), run_id)
    conditions = {Batch.reviewer: reviewer, Row.decision: decision, Row.sample: sample}
    for column, value in conditions.items():
        query = query if value is None else query.where(column == value)
    if since is not None:
        query = query.where(Batch.created >= since.astimezone(UTC).isoformat(timespec="milliseconds"))
    with reading(workspace) as connection:
        rows = pd.read_sql(query.order_by(Row.id.desc()).limit(last), connection)
    return rows.iloc[::-1].reset_index(drop=True)


def history(workspace: Path, run_id: str, sample: int) -> pd.DataFrame:
    """Every verdict ever given on one sample, oldest first; the columns are those of `journal`."""
    return journal(workspace, run_id, sample=sample)


def journal_size(workspace: Path, run_id: str) -> int:
    """How many rows were ever written for the run."""
    with reading(workspace) as connection:
        query = select(func.count()).where(Row.workspace == scope(workspace), Row.run == run_id)
        return connection.scalar(query) or 0


def reviewers(workspace: Path, run_id: str) -> list[str]:
    """Everybody who ever decided on the run, by name."""
    query = select(Batch.reviewer).where(Batch.workspace == scope(workspace), Batch.run == run_id)
    with reading(workspace) as connection:
        return sorted(connection.scalars(query.distinct()))


def _newest(connection: Connection, own: str, run_id: str) -> int:
    return connection.scalar(select(func.max(Row.id)).where(Row.workspace == own, Row.run == run_id)) or 0


def _later(
    connection: Connection, own: str, run_id: str, between: tuple[int, int], verdicts: dict[int, Verdict]
) -> dict[int, Verdict]:
    """`verdicts` with the rows after the first and up to the second number laid over it."""
    columns = select(Row.sample, Row.decision, Row.new_label).where(Row.workspace == own, Row.run == run_id)
    rows = connection.execute(columns.where(Row.id > between[0], Row.id <= between[1]).order_by(Row.id))
    laid, same = dict(verdicts), dict[tuple[Decision, int | None], Verdict]()
    for sample, decision, label in rows:
        if decision == "undecided":
            laid.pop(sample, None)
            continue
        key = (decision, label)
        if key not in same:
            same[key] = Verdict(decision, label)
        laid[sample] = same[key]
    return laid


def _query(own: str, run_id: str) -> Select[*tuple[Any, ...]]:
    of_row = (Row.id, Row.sample, Row.decision, Row.new_label)
    of_batch = (Batch.reviewer, Batch.reason, Batch.suggested_by, Batch.created)
    query = select(*of_row, *of_batch, Row.batch, Batch.undoes, Batch.redoes, Row.run)
    return query.join(Batch, Row.batch == Batch.id).where(Row.workspace == own, Row.run == run_id)
