"""The journal as it was before there were steps; a database of that time has these tables already."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0001", None
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables that are missing."""
    op.create_table(
        "batches",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("run", sa.String(120), nullable=False),
        sa.Column("reviewer", sa.String(320), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("suggested_by", sa.Text, nullable=False),
        sa.Column("created", sa.String(40), nullable=False),
        sa.Column("undoes", NUMBER, sa.ForeignKey("batches.id")),
        if_not_exists=True,
    )
    op.create_table(
        "verdicts",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("batch", NUMBER, sa.ForeignKey("batches.id"), nullable=False),
        sa.Column("run", sa.String(120), nullable=False),
        sa.Column("sample", NUMBER, nullable=False),
        sa.Column("decision", sa.String(12), nullable=False),
        sa.Column("new_label", sa.Integer),
        if_not_exists=True,
    )
    for table, column in (("batches", "run"), ("verdicts", "batch"), ("verdicts", "run")):
        op.create_index(f"ix_{table}_{column}", table, [column], if_not_exists=True)
