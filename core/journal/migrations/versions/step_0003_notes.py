"""Comments and tags."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0003", "0002"
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table of notes; all others stay as they are."""
    op.create_table(
        "notes",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("workspace", sa.String(32), nullable=False),
        sa.Column("run", sa.String(120), nullable=False),
        sa.Column("about", sa.String(12), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("reviewer", sa.String(320), nullable=False),
        sa.Column("created", sa.String(40), nullable=False),
    )
    op.create_index("ix_notes_run", "notes", ["workspace", "run", "id"])
