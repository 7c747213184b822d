"""The journal of human decisions: append-only rows in a real database.

Nothing is ever changed or deleted. The verdict on a sample is its latest row; an undo appends the rows that bring the
earlier verdicts back, and names the batch that it takes back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from sqlalchemy import Engine, ForeignKey, String, Text, create_engine, event, func, insert, select
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.schema import CreateIndex, CreateTable

from core.errors import UserError

Decision = Literal["exclude", "keep", "relabel", "mark", "undecided"]
DECISIONS: tuple[Decision, ...] = ("exclude", "keep", "relabel", "mark", "undecided")


@dataclass(frozen=True)
class Verdict:
    """A decision on one sample; `new_label` belongs to `relabel` only."""

    decision: Decision
    new_label: int | None = None


class _Base(DeclarativeBase):
    pass


class _Batch(_Base):
    """One action of one person, on any number of samples."""

    __tablename__ = "batches"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    run: Mapped[str] = mapped_column(String(120), index=True)
    reviewer: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(Text, default="")
    suggested_by: Mapped[str] = mapped_column(String(120), default="")
    created: Mapped[str] = mapped_column(String(40))
    undoes: Mapped[int | None] = mapped_column(ForeignKey("batches.id"), default=None)


class _Row(_Base):
    """One verdict on one sample."""

    __tablename__ = "verdicts"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    batch: Mapped[int] = mapped_column(ForeignKey("batches.id"), index=True)
    run: Mapped[str] = mapped_column(String(120), index=True)
    sample: Mapped[int]
    decision: Mapped[Decision] = mapped_column(String(12))
    new_label: Mapped[int | None] = mapped_column(default=None)


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
        workspace: where the journal lies.
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
    with _writing(workspace) as session:
        return _append(
            session, run_id, verdicts, _Batch(run=run_id, reviewer=reviewer, reason=reason, suggested_by=suggested_by)
        )


def undo(workspace: Path, run_id: str, *, reviewer: str) -> int:
    """Take back the reviewer's latest batch that still stands; returns its number of samples, 0 when there is none."""
    with _writing(workspace) as session:
        taken_back = select(_Batch.undoes).where(_Batch.undoes.is_not(None))
        mine = select(_Batch).where(_Batch.run == run_id, _Batch.reviewer == reviewer, _Batch.undoes.is_(None))
        last = session.scalars(mine.where(_Batch.id.not_in(taken_back)).order_by(_Batch.id.desc()).limit(1)).first()
        if last is None:
            return 0
        samples = list(session.scalars(select(_Row.sample).where(_Row.batch == last.id)))
        before = _latest(session, run_id, without=last.id)
        restored = {sample: before.get(sample, Verdict("undecided")) for sample in samples}
        _append(session, run_id, restored, _Batch(run=run_id, reviewer=reviewer, reason="undo", undoes=last.id))
        return len(samples)


def verdicts(workspace: Path, run_id: str) -> dict[int, Verdict]:
    """The verdict that stands on each decided sample of the run, by sample id."""
    with Session(_open(workspace)) as session:
        latest = _latest(session, run_id)
        return {sample: verdict for sample, verdict in latest.items() if verdict.decision != "undecided"}


def journal(workspace: Path, run_id: str) -> pd.DataFrame:
    """Every row ever written for the run, oldest first: sample, decision, new_label, reviewer, reason, created, …"""
    columns = (_Row.id, _Row.sample, _Row.decision, _Row.new_label, _Batch.reviewer, _Batch.reason, _Batch.suggested_by)
    query = select(*columns, _Batch.created, _Row.batch, _Batch.undoes).join(_Batch, _Row.batch == _Batch.id)
    with _open(workspace).connect() as connection:
        return pd.read_sql(query.where(_Row.run == run_id).order_by(_Row.id), connection)


def revision(workspace: Path, run_id: str) -> int:
    """A number that grows with every verdict on the run: a cache key for what is derived from them."""
    with Session(_open(workspace)) as session:
        return session.scalar(select(func.max(_Row.id)).where(_Row.run == run_id)) or 0


def _append(session: Session, run_id: str, verdicts: Mapping[int, Verdict], batch: _Batch) -> int:
    batch.created = datetime.now(UTC).isoformat(timespec="milliseconds")
    session.add(batch)
    session.flush()
    rows: Sequence[dict[str, Any]] = [
        {
            "batch": batch.id,
            "run": run_id,
            "sample": int(sample),
            "decision": given.decision,
            "new_label": given.new_label,
        }
        for sample, given in verdicts.items()
    ]
    session.execute(insert(_Row), rows)
    return batch.id


def _latest(session: Session, run_id: str, without: int | None = None) -> dict[int, Verdict]:
    """The latest verdict on each sample; with `without`, as if that batch and all that was undone had never been."""
    newest = select(func.max(_Row.id)).where(_Row.run == run_id).group_by(_Row.sample)
    if without is not None:
        undone = select(_Batch.undoes).where(_Batch.undoes.is_not(None))
        standing = select(_Batch.id).where(_Batch.undoes.is_(None), _Batch.id != without, _Batch.id.not_in(undone))
        newest = newest.where(_Row.batch.in_(standing))
    rows = session.execute(select(_Row.sample, _Row.decision, _Row.new_label).where(_Row.id.in_(newest)))
    return {sample: Verdict(decision, label) for sample, decision, label in rows}


class _writing:
    """A transaction whose failures are said in words a person can act on."""

    def __init__(self, workspace: Path) -> None:
        self._session = Session(_open(workspace))

    def __enter__(self) -> Session:
        return self._session

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if kind is None:
                self._session.commit()
        except OperationalError as failure:
            error = failure
        finally:
            self._session.close()
        if isinstance(error, OperationalError):
            raise UserError(
                "The verdict could not be saved.",
                f"The database says: {error.orig}.",
                "Check disk space and rights, then repeat.",
            ) from error


def _open(workspace: Path) -> Engine:
    """The journal of the workspace. Raises UserError when it cannot be opened."""
    try:
        return _engine(_url(workspace))
    except DatabaseError as error:
        raise UserError(
            "The journal of verdicts cannot be opened.",
            f"The database says: {error.orig}.",
            f"Check rights, or restore {workspace / 'journal.db'} from a backup.",
        ) from error


def _url(workspace: Path) -> str:
    workspace.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{workspace.resolve() / 'journal.db'}"


@lru_cache(maxsize=8)
def _engine(url: str) -> Engine:
    """The database, its tables made when missing. SQLite is told to survive a crash and to let readers read."""
    engine = create_engine(url, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    with engine.begin() as connection:  # IF NOT EXISTS, since two processes may open a new journal at once
        for table in _Base.metadata.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
            for index in table.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))
    return engine
