"""The tables of the database as they are now; `core.journal.migrations` brings older ones there."""

from typing import Literal

from sqlalchemy import BigInteger, Double, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Decision = Literal["exclude", "keep", "relabel", "mark", "undecided"]
NUMBER = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts up by itself in INTEGER columns only


class Base(DeclarativeBase):
    """All tables. `workspace` is empty in a workspace's own database, see `core.journal.database.scope`."""


class Batch(Base):
    """One action of one person, on any number of samples. An undo or a redo names the batch that it is about."""

    __tablename__ = "batches"
    __table_args__ = (Index("ix_batches_reviewer", "workspace", "run", "reviewer", "id"),)
    id: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=True)
    workspace: Mapped[str] = mapped_column(String(32), server_default="")
    run: Mapped[str] = mapped_column(String(120))
    reviewer: Mapped[str] = mapped_column(String(320))
    reason: Mapped[str] = mapped_column(Text)
    suggested_by: Mapped[str] = mapped_column(Text)
    created: Mapped[str] = mapped_column(String(40))
    undoes: Mapped[int | None] = mapped_column(NUMBER, ForeignKey("batches.id"), index=True)
    redoes: Mapped[int | None] = mapped_column(NUMBER, index=True)


class Row(Base):
    """One verdict on one sample."""

    __tablename__ = "verdicts"
    __table_args__ = (
        Index("ix_verdicts_run", "workspace", "run", "id"),
        Index("ix_verdicts_sample", "workspace", "run", "sample", "id"),
    )
    id: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=True)
    batch: Mapped[int] = mapped_column(NUMBER, ForeignKey("batches.id"), index=True)
    workspace: Mapped[str] = mapped_column(String(32), server_default="")
    run: Mapped[str] = mapped_column(String(120))
    sample: Mapped[int] = mapped_column(NUMBER)
    decision: Mapped[Decision] = mapped_column(String(12))
    new_label: Mapped[int | None]


class Claim(Base):
    """A sample that somebody looks at just now: no record, and gone when its time is over."""

    __tablename__ = "claims"
    workspace: Mapped[str] = mapped_column(String(32), primary_key=True)
    run: Mapped[str] = mapped_column(String(120), primary_key=True)
    sample: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=False)
    reviewer: Mapped[str] = mapped_column(String(320))
    until: Mapped[float] = mapped_column(Double)


class Guarantee(Base):
    """A person says that a sample is clean (accepted), or takes such a word back."""

    __tablename__ = "guarantees"
    __table_args__ = (Index("ix_guarantees_dataset", "workspace", "dataset", "id"),)
    id: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=True)
    workspace: Mapped[str] = mapped_column(String(32))
    dataset: Mapped[str] = mapped_column(String(120))
    sample: Mapped[int] = mapped_column(NUMBER)
    accepted: Mapped[bool]
    reviewer: Mapped[str] = mapped_column(String(320))
    reason: Mapped[str] = mapped_column(Text)
    created: Mapped[str] = mapped_column(String(40))


class Note(Base):
    """A comment on a sample or a family, or a tag that is added or taken off."""

    __tablename__ = "notes"
    __table_args__ = (Index("ix_notes_run", "workspace", "run", "id"),)
    id: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=True)
    workspace: Mapped[str] = mapped_column(String(32))
    run: Mapped[str] = mapped_column(String(120))
    about: Mapped[str] = mapped_column(String(12))
    number: Mapped[int] = mapped_column(NUMBER)
    kind: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text)
    reviewer: Mapped[str] = mapped_column(String(320))
    created: Mapped[str] = mapped_column(String(40))


class Committed(Base):
    """A revision of a data set: what was decided on `run`, up to the journal's row `position`, on top of `parent`."""

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("workspace", "dataset", "number", name="uq_revisions_number"),)
    id: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=True)
    workspace: Mapped[str] = mapped_column(String(32))
    dataset: Mapped[str] = mapped_column(String(120))
    number: Mapped[int]
    parent: Mapped[int]
    run: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    reviewer: Mapped[str] = mapped_column(String(320))
    created: Mapped[str] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(NUMBER)
    excluded: Mapped[int]
    relabelled: Mapped[int]


class Change(Base):
    """What a revision does to one sample, against the data set as it was imported; no new label leaves it out."""

    __tablename__ = "revision_changes"
    revision: Mapped[int] = mapped_column(NUMBER, ForeignKey("revisions.id"), primary_key=True, autoincrement=False)
    sample: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=False)
    new_label: Mapped[int | None]
