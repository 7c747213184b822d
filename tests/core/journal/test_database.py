"""Where decisions are kept: addresses, the schema and its steps, failures in words, and processes that are killed."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event

from core import settings
from core.errors import UserError
from core.journal import database, migrations
from core.journal.review import Verdict, conflicts, journal, journal_size, record, redo, revision, undo, verdicts
from core.journal.tables import Base

ROOT = Path(__file__).parents[3]
RUN = "20260101-000000-tiny-0000"
EXCLUDE = Verdict("exclude")
SESSIONS, BATCHES, SIZE = 8, 50, 10
# The tables as they were made before there were steps.
OLD = """
CREATE TABLE batches (id INTEGER NOT NULL, run VARCHAR(120) NOT NULL, reviewer VARCHAR(120) NOT NULL,
    reason TEXT NOT NULL, suggested_by VARCHAR(120) NOT NULL, created VARCHAR(40) NOT NULL, undoes INTEGER,
    PRIMARY KEY (id), FOREIGN KEY(undoes) REFERENCES batches (id));
CREATE INDEX ix_batches_run ON batches (run);
CREATE TABLE verdicts (id INTEGER NOT NULL, batch INTEGER NOT NULL, run VARCHAR(120) NOT NULL,
    sample INTEGER NOT NULL, decision VARCHAR(12) NOT NULL, new_label INTEGER,
    PRIMARY KEY (id), FOREIGN KEY(batch) REFERENCES batches (id));
CREATE INDEX ix_verdicts_batch ON verdicts (batch);
CREATE INDEX ix_verdicts_run ON verdicts (run);
INSERT INTO batches VALUES (1, 'RUN', 'ann', 'odd', 'badloss', '2026-01-01T00:00:00.000+00:00', NULL),
    (2, 'RUN', 'ann', '', '', '2026-01-01T00:00:01.000+00:00', NULL),
    (3, 'RUN', 'ann', 'undo', '', '2026-01-01T00:00:02.000+00:00', 2);
INSERT INTO verdicts VALUES (1, 1, 'RUN', 7, 'exclude', NULL), (2, 1, 'RUN', 8, 'relabel', 3),
    (3, 2, 'RUN', 8, 'keep', NULL), (4, 3, 'RUN', 8, 'relabel', 3);
"""
# A server with eight sessions. Each says which batch it recorded, after it was told so; one write is one line.
SERVER = """
import os, sys
from pathlib import Path
from core.journal.review import Verdict, record

workspace, run, size, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for session, first in enumerate(map(int, sys.argv[5:])):
    if os.fork() == 0:
        for number in range(first, last):
            start = (session * last + number) * size
            samples = dict.fromkeys(range(start, start + size), Verdict("exclude"))
            batch = record(workspace, run, samples, reviewer=f"reviewer {session}")
            os.write(1, f"{session} {number} {batch}\\n".encode())
        os._exit(0)
for _ in sys.argv[5:]:
    os.wait()
"""


@pytest.fixture
def old(workspace):
    """A workspace whose journal was written before there were steps."""
    workspace.mkdir()
    with closing(sqlite3.connect(workspace / "journal.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(OLD.replace("RUN", RUN))
        connection.commit()
    return workspace


def test_steps_are_those_of_the_folder():
    config = Config()
    config.set_main_option("script_location", str(ROOT / "core" / "journal" / "migrations"))
    found = ScriptDirectory.from_config(config).walk_revisions()
    assert tuple(step.revision for step in found)[::-1] == migrations.STEPS


@pytest.mark.usefixtures("kind")
def test_the_steps_lead_to_the_tables_that_are_used(workspace):
    with database.reading(workspace) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_an_old_journal_is_widened_and_keeps_its_rows(old):
    assert verdicts(old, RUN) == {7: EXCLUDE, 8: Verdict("relabel", 3)}
    rows = journal(old, RUN)
    assert rows["id"].tolist() == [1, 2, 3, 4]
    assert rows.loc[0, ["reviewer", "reason", "suggested_by"]].tolist() == ["ann", "odd", "badloss"]
    assert redo(old, RUN, reviewer="ann") == 1
    assert verdicts(old, RUN)[8] == Verdict("keep")
    assert undo(old, RUN, reviewer="ann") == 1
    assert undo(old, RUN, reviewer="ann") == 2
    assert verdicts(old, RUN) == {}


def test_an_old_journal_is_copied_first(old):
    (old / "journal.db.0001.bak").write_text("of an earlier try")
    verdicts(old, RUN)
    assert (old / "journal.db.0001.bak").read_text() == "of an earlier try"
    with closing(sqlite3.connect(old / "journal.db.0001-1.bak")) as connection:
        assert connection.execute("SELECT count(*) FROM verdicts").fetchone() == (4,)
        columns = [row[1] for row in connection.execute("PRAGMA table_info(batches)")]
    assert "workspace" not in columns
    assert not list(old.glob("*.tmp"))


def test_a_new_journal_needs_no_copy(workspace):
    record(workspace, RUN, {1: EXCLUDE}, reviewer="ann")
    assert not list(workspace.glob("*.bak"))


def test_a_journal_of_the_future_is_left_alone(old):
    verdicts(old, RUN)
    database._engine.cache_clear()
    with closing(sqlite3.connect(old / "journal.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(UserError, match=r"written by a newer Assay. Its schema is 9999. Update Assay"):
        verdicts(old, RUN)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", "sqlite:///{workspace}/journal.db"),
        ("sqlite:///shared.db", "sqlite:///{workspace}/shared.db"),
        ("sqlite:////var/shared.db", "sqlite:////var/shared.db"),
        ("postgres://ann@there/assay", "postgresql+psycopg://ann@there/assay"),
        ("postgresql+psycopg://ann:secret@there/assay", "postgresql+psycopg://ann:***@there/assay"),
    ],
)
def test_addresses(workspace, monkeypatch, given, expected):
    monkeypatch.setenv(settings.DATABASE, given)
    assert str(database.address(workspace)) == expected.format(workspace=workspace.resolve())


@pytest.mark.parametrize("given", ["mysql://ann:secret@there/assay", "nonsense", "sqlite://", "postgresql://there"])
def test_what_is_no_address_is_said_without_its_password(workspace, monkeypatch, given):
    monkeypatch.setenv(settings.DATABASE, given)
    with pytest.raises(UserError, match=r"cannot be used. It has to be like sqlite") as refused:
        verdicts(workspace, RUN)
    assert "secret" not in str(refused.value)


def test_a_database_is_chosen_for_a_while(workspace, monkeypatch):
    monkeypatch.setenv(settings.DATABASE, "sqlite:////one.db")
    with database.chosen("sqlite:////other.db"):
        assert database.address(workspace).database == "/other.db"
    with database.chosen(None):
        assert database.address(workspace).database == "/one.db"


def test_a_workspace_is_told_from_others_by_an_id_that_stays(workspace, tmp_path, monkeypatch):
    assert database.scope(workspace) == ""
    monkeypatch.setenv(settings.DATABASE, f"sqlite:///{tmp_path}/shared.db")
    first = database.scope(workspace)
    assert re.fullmatch("[0-9a-f]{16}", first)
    assert database.scope(workspace) == first != database.scope(tmp_path / "other")
    assert [path.name for path in workspace.iterdir()] == ["workspace.id"]


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", bytes(16), b"a b"])
def test_a_damaged_id_is_said_and_not_taken_for_another_workspace(workspace, tmp_path, monkeypatch, content):
    monkeypatch.setenv(settings.DATABASE, f"sqlite:///{tmp_path}/shared.db")
    workspace.mkdir(exist_ok=True)
    (workspace / "workspace.id").write_bytes(content)
    with pytest.raises(UserError, match="The id of the workspace is damaged"):
        database.scope(workspace)


def on_every_connection(workspace, begin, end):
    """Run one statement whenever a connection is taken, and one when it is given back; returns what ends it."""
    engine = database.engine(workspace)
    hooks = {"checkout": lambda one, *_: one.execute(begin), "checkin": lambda one, *_: one.execute(end)}
    for name, hook in hooks.items():
        event.listen(engine, name, hook)
    return lambda: [event.remove(engine, name, hook) for name, hook in hooks.items()]


@pytest.mark.parametrize(
    ("begin", "end", "words"),
    [
        (
            "PRAGMA query_only = ON",
            "PRAGMA query_only = OFF",
            r"readonly database .*journal.db\). Let the account",
        ),
        ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1073741823", r"disk is full .*journal.db\). Free space"),
    ],
    ids=["read-only", "full"],
)
def test_a_journal_that_cannot_be_written_is_said_and_stays_as_it_was(workspace, begin, end, words):
    record(workspace, RUN, {1: EXCLUDE}, reviewer="ann")
    stop = on_every_connection(workspace, begin, end)
    many = dict.fromkeys(range(5000), Verdict("keep"))
    with pytest.raises(UserError, match=rf"The verdict could not be saved. The database says: .*{words}"):
        record(workspace, RUN, many, reviewer="ann")
    assert verdicts(workspace, RUN) == {1: EXCLUDE}
    stop()
    record(workspace, RUN, many, reviewer="ann")
    assert len(verdicts(workspace, RUN)) == 5000


def test_a_read_only_server_and_one_that_is_not_there_are_said(server, workspace, monkeypatch):
    read_only = "&options=-c%20default_transaction_read_only%3Don"
    with database.chosen(server.url):
        record(workspace, RUN, {1: EXCLUDE}, reviewer="ann")
    monkeypatch.setenv(settings.DATABASE, server.url + read_only)
    assert verdicts(workspace, RUN) == {1: EXCLUDE}
    with pytest.raises(UserError, match=r"could not be saved. .*read-only transaction .* Let the account"):
        record(workspace, RUN, {2: EXCLUDE}, reviewer="ann")
    monkeypatch.setenv(settings.DATABASE, f"postgresql://ann:secret@/assay?host={workspace}")
    with pytest.raises(UserError, match=r"cannot be opened. .* Check that the database server runs") as refused:
        verdicts(workspace, RUN)
    assert "secret" not in str(refused.value)


def test_a_decision_on_a_hundred_thousand_samples_is_quick(workspace):
    """In the time of the processor, since a test machine may be busy."""
    record(workspace, RUN, dict.fromkeys(range(100_000), EXCLUDE), reviewer="ann")
    assert len(verdicts(workspace, RUN)) == 100_000
    assert conflicts(workspace, RUN) == []

    def decide(sample):
        started = time.process_time()
        record(workspace, RUN, {sample: Verdict("keep")}, reviewer="bob")
        assert verdicts(workspace, RUN)[sample] == Verdict("keep")
        assert revision(workspace, RUN) == journal_size(workspace, RUN) == 100_001 + sample
        assert len(journal(workspace, RUN, last=100)) == 100
        assert len(conflicts(workspace, RUN)) == sample + 1
        return time.process_time() - started

    assert min(decide(sample) for sample in range(3)) < 0.2


@pytest.mark.parametrize("damage", ["text", "folder"])
def test_a_journal_that_is_no_database(workspace, damage):
    workspace.mkdir()
    path = workspace / "journal.db"
    if damage == "folder":
        path.mkdir()
    else:
        path.write_text("not a database, whatever its name says\n" * 100)
    uses = (verdicts, journal, lambda *where: record(*where, {1: EXCLUDE}, reviewer="ann"))
    for use in uses:
        with pytest.raises(UserError, match=r"cannot be opened. The database says: .*journal\.db"):
            use(workspace, RUN)


def start(workspace, first):
    """A server whose sessions go on from these batches, in a process group of its own."""
    command = [sys.executable, "-c", SERVER, workspace, RUN, SIZE, BATCHES, *first]
    options = {"stdout": subprocess.PIPE, "text": True, "cwd": ROOT, "start_new_session": True}
    return subprocess.Popen([*map(str, command)], **options)


def acknowledged(process, count=None):
    """The (session, number, batch) that the sessions were told are saved: `count` of them, or all until they end."""
    lines = process.stdout if count is None else (process.stdout.readline() for _ in range(count))
    return [tuple(map(int, line.split())) for line in lines]


def test_what_was_acknowledged_survives_two_kills_in_order(kind, workspace, request):
    """Eight sessions of 500 verdicts each open the same new (on SQLite: old) journal at once."""
    if kind == "sqlite":
        request.getfixturevalue("old")
    saved = []
    for share in (80, 120):
        first = [sum(one[0] == session for one in saved) for session in range(SESSIONS)]
        process = start(workspace, first)
        saved += acknowledged(process, share)
        os.killpg(process.pid, signal.SIGKILL)
        if kind == "postgresql":
            server = request.getfixturevalue("server")
            server.kill()
            server.start()
        saved += acknowledged(process)  # what was said before the kill and not yet read
        process.wait()
    assert len(saved) < SESSIONS * BATCHES  # it was in the middle
    process = start(workspace, [sum(one[0] == session for one in saved) for session in range(SESSIONS)])
    saved += acknowledged(process)
    assert process.wait() == 0
    rows = journal(workspace, RUN)
    rows = rows[rows["reviewer"].str.startswith("reviewer")]
    samples = {batch: group["sample"].tolist() for batch, group in rows.groupby("batch")}
    numbers = defaultdict(list)
    for session, number, batch in saved:
        begin = (session * BATCHES + number) * SIZE
        assert samples[batch] == list(range(begin, begin + SIZE))
        numbers[session].append((number, batch))
    for session in range(SESSIONS):
        assert [number for number, _ in numbers[session]] == list(range(BATCHES))
        assert numbers[session] == sorted(numbers[session])
        assert set(rows.loc[rows["batch"].isin([batch for _, batch in numbers[session]]), "reviewer"]) == {
            f"reviewer {session}"
        }
    # Nothing is there by halves; what was saved in the moment of a kill and not acknowledged was done once more.
    assert {len(found) for found in samples.values()} == {SIZE}
    assert SESSIONS * BATCHES <= len(samples) <= SESSIONS * (BATCHES + 2)
    assert sum(sample < SESSIONS * BATCHES * SIZE for sample in verdicts(workspace, RUN)) == SESSIONS * BATCHES * SIZE
