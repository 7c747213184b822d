"""The database of what people decide: SQLite in the workspace, or whatever ASSAY_DATABASE names.

Readers and writers are connections in a transaction of their own. Writers of one workspace take turns: in SQLite
because it has one lock, in PostgreSQL because they ask for one. So the numbers of rows grow in the order of commits.
"""

import os
import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from core.errors import UserError
from core.files import writing as writing_files
from core.journal.migrations import READABLE, step, take_turns, upgrade
from core.settings import DATABASE

FILE = "journal.db"
PATIENCE_SECONDS = 30  # that a writer waits for its turn
KINDS = "sqlite:////path/to/journal.db or postgresql+psycopg://user@server/name"
_FULL = r"disk is full|disk I/O error|No space left|DiskFull|could not extend file"
_READ_ONLY = r"read-?only|unable to open|permission denied"


@contextmanager
def chosen(url: str | None) -> Iterator[None]:
    """Use the database `url` meanwhile, here and in the processes that are started; None leaves it as it is.

    It goes through the environment, because an argument of a command is there for all users of the machine to read.
    """
    before = os.environ.get(DATABASE)
    if url is not None:
        os.environ[DATABASE] = url
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(DATABASE, None)
        else:
            os.environ[DATABASE] = before


def address(workspace: Path) -> URL:
    """Where the decisions on a workspace are kept. Raises UserError when ASSAY_DATABASE names no database."""
    location = os.environ.get(DATABASE, "")
    if not location:
        return URL.create("sqlite", database=str(workspace.resolve() / FILE))
    try:
        url = make_url(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", location))
    except ArgumentError:
        url = None
    if url is None or url.drivername not in ("sqlite", "postgresql+psycopg") or not url.database:
        name = location.partition(":")[0]  # the rest may hold a password
        raise UserError(f"The database {name}:… cannot be used.", f"It has to be like {KINDS}.", f"Change {DATABASE}.")
    if url.drivername == "sqlite":  # a relative path means the same place in every process
        return url.set(database=str((workspace / url.database).resolve()))
    return url


def scope(workspace: Path) -> str:  # no visitor asks for this: the first one to read names the workspace
    """What tells the rows of this workspace from those of others: its id, kept in `workspace.id`.

    In the workspace's own database it is empty: whoever restores or moves that file finds all rows in it.
    """
    if address(workspace).database == str(workspace.resolve() / FILE):
        return ""
    kept = workspace / "workspace.id"
    if not kept.exists():
        workspace.mkdir(parents=True, exist_ok=True)
        new = workspace / f".workspace.id.{secrets.token_hex(4)}"
        new.write_text(secrets.token_hex(8), "utf-8")
        try:
            kept.hardlink_to(new)  # unlike a rename, it never replaces the id that another process has just written
        except FileExistsError:
            pass
        finally:
            new.unlink()
    identity = kept.read_bytes().strip()
    if not re.fullmatch(rb"[\w-]{1,64}", identity):  # an empty one would show this workspace the rows of another
        what = f"{kept} does not hold the word that tells its decisions from others."
        raise UserError("The id of the workspace is damaged.", what, "Restore it from a backup.")
    return identity.decode("ascii")


def exists(workspace: Path) -> bool:
    """Whether there may be rows at all: a database of the workspace's own is made when something is written."""
    url = address(workspace)
    return url.drivername != "sqlite" or Path(str(url.database)).exists()


@contextmanager
def reading(workspace: Path) -> Iterator[Connection]:
    """A connection that sees one state of the database. Raises UserError when it cannot be opened or read.

    A disk that is full or read-only is no reason: people can look at what was decided.
    """
    with _said("The journal of verdicts cannot be read.", workspace), _to_read(workspace).connect() as connection:
        yield connection


@contextmanager
def writing(workspace: Path, what: str = "The verdict") -> Iterator[Connection]:
    """A connection that nobody else of this workspace writes beside; committed at the end, or not at all.

    Raises:
        UserError: the database cannot be opened or written to; `what` was not saved.
    """
    with (
        _said(f"{what} could not be saved.", workspace),
        engine(workspace).execution_options(writing=True).begin() as connection,
    ):
        take_turns(connection, scope(workspace))
        yield connection


def engine(workspace: Path) -> Engine:
    """The database of the workspace, its tables up to date. Raises UserError when it cannot be opened."""
    url = address(workspace)
    if url.drivername == "sqlite":
        with writing_files(workspace):
            workspace.mkdir(parents=True, exist_ok=True)
    with _said("The journal of verdicts cannot be opened.", workspace):
        return _engine(url)


def _to_read(workspace: Path) -> Engine:
    try:
        return engine(workspace)
    except UserError:
        url = address(workspace)
        readable = _read_only(Path(str(url.database))) if url.drivername == "sqlite" else None
        if readable is None:
            raise
        return readable


def _read_only(path: Path) -> Engine | None:
    """A SQLite database that nothing can be written beside; None where it cannot be read that way either."""
    ways = ["mode=ro"]
    wal = path.with_name(f"{path.name}-wal")
    if not wal.exists() or not wal.stat().st_size:  # else the newest rows are in there, and that way sees none of them
        ways.append("mode=ro&immutable=1")
    for way in ways:
        uri = f"file:{quote(str(path))}?{way}"
        engine = create_engine("sqlite://", creator=lambda uri=uri: sqlite3.connect(uri, uri=True), poolclass=NullPool)
        with suppress(DBAPIError), engine.connect() as connection:
            if step(connection) in READABLE:
                return engine
    return None


def plain_text(text: str) -> str:
    """The text without what a database cannot keep: NUL, and halves of characters."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


@lru_cache(maxsize=8)
def _engine(url: URL) -> Engine:
    if url.drivername != "sqlite":
        engine = create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": PATIENCE_SECONDS})
        upgrade(engine)
        return engine
    engine = create_engine(url, connect_args={"timeout": PATIENCE_SECONDS})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _: object) -> None:
        connection.isolation_level = None  # transactions begin where we say so, below
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # what is acknowledged survives a power cut

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer locks at once: one that has read first would be refused, not kept waiting.
        words = "BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN"
        connection.exec_driver_sql(words)

    upgrade(engine)
    return engine


@contextmanager
def _said(title: str, workspace: Path) -> Iterator[None]:
    """Failures of the database in words that a person can act on."""
    try:
        yield
    except NoSuchModuleError as error:
        raise UserError(title, f"{error}.", "Install psycopg.") from error
    except (DBAPIError, sqlite3.Error) as error:  # the latter of the copy that is made before an upgrade
        url = address(workspace)
        place = str(url.database) if url.drivername == "sqlite" else url.render_as_string(hide_password=True)
        words = " ".join(str(getattr(error, "orig", error)).split())
        raise UserError(title, f"The database says: {words} ({place}).", _hint(words, place, url)) from error


def _hint(words: str, place: str, url: URL) -> str:
    """What to do about what the database says."""
    if re.search(_FULL, words, re.IGNORECASE):
        return f"Free space on the disk that holds {place}, then repeat: nothing that was saved before is lost."
    if re.search(_READ_ONLY, words, re.IGNORECASE):
        return f"Let the account that runs Assay write to {place} and its folder, then repeat."
    if "locked" in words:
        return "Another program holds the database; end it, then repeat."
    if url.drivername == "sqlite":
        return f"Check space and rights, or restore {place} from a backup."
    return "Check that the database server runs and lets this account in, then repeat."
