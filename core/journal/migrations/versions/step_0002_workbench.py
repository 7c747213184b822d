"""Several workspaces in one database, redo, claims, guarantees and revisions."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Widen the journal, whose rows stay as they are, and make the other tables."""
    _widen_journal()
    op.create_table(
        "claims",
        sa.Column("workspace", sa.String(32), primary_key=True),
        sa.Column("run", sa.String(120), primary_key=True),
        sa.Column("sample", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("reviewer", sa.String(320), nullable=False),
        sa.Column("until", sa.Double, nullable=False),
    )
    op.create_table(
        "guarantees",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("workspace", sa.String(32), nullable=False),
        sa.Column("dataset", sa.String(120), nullable=False),
        sa.Column("sample", NUMBER, nullable=False),
        sa.Column("accepted", sa.Boolean, nullable=False),
        sa.Column("reviewer", sa.String(320), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created", sa.String(40), nullable=False),
    )
    op.create_index("ix_guarantees_dataset", "guarantees", ["workspace", "dataset", "id"])
    _make_revisions()


def _widen_journal() -> None:
    for table in ("batches", "verdicts"):
        op.add_column(table, sa.Column("workspace", sa.String(32), nullable=False, server_default=""))
        op.drop_index(f"ix_{table}_run", table)
    op.add_column("batches", sa.Column("redoes", NUMBER))
    op.create_index("ix_batches_reviewer", "batches", ["workspace", "run", "reviewer", "id"])
    op.create_index("ix_batches_undoes", "batches", ["undoes"])
    op.create_index("ix_batches_redoes", "batches", ["redoes"])
    op.create_index("ix_verdicts_run", "verdicts", ["workspace", "run", "id"])
    op.create_index("ix_verdicts_sample", "verdicts", ["workspace", "run", "sample", "id"])


def _make_revisions() -> None:
    op.create_table(
        "revisions",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("workspace", sa.String(32), nullable=False),
        sa.Column("dataset", sa.String(120), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("parent", sa.Integer, nullable=False),
        sa.Column("run", sa.String(120), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("reviewer", sa.String(320), nullable=False),
        sa.Column("created", sa.String(40), nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("excluded", sa.Integer, nullable=False),
        sa.Column("relabelled", sa.Integer, nullable=False),
        sa.UniqueConstraint("workspace", "dataset", "number", name="uq_revisions_number"),
    )
    op.create_table(
        "revision_changes",
        sa.Column("revision", NUMBER, sa.ForeignKey("revisions.id"), primary_key=True, autoincrement=False),
        sa.Column("sample", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("new_label", sa.Integer),
    )
