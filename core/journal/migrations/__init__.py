"""The schema of the database, one step a file in `versions/`, carried out when a database is first opened."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, func, inspect, select, text

from core.errors import UserError

STEPS = ("0001", "0002", "0003")  # of `versions/`, the newest last
READABLE = STEPS[1:]  # what can be read as it is, where nothing can be written; later steps only add tables


def upgrade(engine: Engine) -> None:
    """Bring the tables of a database up to date, however many processes open it at once.

    A SQLite file that holds rows is copied to `<file>.<step>.bak` first.

    Raises:
        UserError: a newer Assay has been here.
    """
    with engine.connect() as connection:
        if step(connection) == STEPS[-1]:
            return
    with engine.execution_options(writing=True).begin() as connection:
        take_turns(connection, "migrations")
        schema = step(connection)  # again: another process may have done it while this one waited
        if schema not in (None, *STEPS):
            raise UserError("The journal was written by a newer Assay.", f"Its schema is {schema}.", "Update Assay.")
        if schema != STEPS[-1]:
            if schema and connection.dialect.name == "sqlite":
                back_up(Path(str(engine.url.database)), schema)
            _carry_out(connection)


def take_turns(connection: Connection, name: str) -> None:
    """Wait until no other transaction holds `name`, and hold it until this one ends. SQLite has one lock for all."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"assay {name}", 0))))


def step(connection: Connection) -> str | None:
    """The step that a database stands at, None when it is new. Before there were steps it was at the first one."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        schema: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return schema
    return STEPS[0] if "batches" in tables else None


def back_up(path: Path, schema: str) -> Path:
    """Copy a SQLite database beside itself and return where to; nothing is overwritten.

    Its own copying is used, since the newest rows may lie in the file `-wal`.
    """
    names = (path.with_name(f"{path.name}.{schema}{f'-{count}' if count else ''}.bak") for count in range(10_000))
    target = next(name for name in names if not name.exists())
    unfinished = target.with_name(f".{target.name}.tmp")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(unfinished)) as copy:
        source.backup(copy)
    return unfinished.replace(target)


def _carry_out(connection: Connection) -> None:
    from alembic import command  # slow to import, and needed once for each database
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
