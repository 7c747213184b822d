"""The journal: latest verdict wins, undo gives back what was before, and nothing is ever lost."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import event

from core import review
from core.errors import UserError
from core.review import Verdict, journal, record, revision, undo, verdicts

EXCLUDE, KEEP, MARK = Verdict("exclude"), Verdict("keep"), Verdict("mark")
RUN = "20260101-000000-tiny-0000"
BATCHES, SAMPLES = 50, 5
ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from pathlib import Path
from core.review import Verdict, record

workspace, reviewer, first, batches, size = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
print("ready", flush=True)
sys.stdin.readline()
for start in range(first, first + batches * size, size):
    samples = dict.fromkeys(range(start, start + size), Verdict("exclude"))
    record(Path(workspace), "20260101-000000-tiny-0000", samples, reviewer=reviewer)
"""


def by(workspace, reviewer, *samples, verdict=EXCLUDE, run=RUN, **why):
    return record(workspace, run, dict.fromkeys(samples, verdict), reviewer=reviewer, **why)


def test_the_latest_verdict_wins(workspace):
    by(workspace, "ann", 1, 2, 3)
    by(workspace, "bob", 2, verdict=KEEP)
    by(workspace, "ann", 3, verdict=Verdict("relabel", 7))
    assert verdicts(workspace, RUN) == {1: EXCLUDE, 2: KEEP, 3: Verdict("relabel", 7)}


def test_undecided_takes_a_verdict_away(workspace):
    by(workspace, "ann", 1, 2)
    by(workspace, "ann", 1, verdict=Verdict("undecided"))
    assert verdicts(workspace, RUN) == {2: EXCLUDE}


def test_runs_do_not_mix(workspace):
    by(workspace, "ann", 1)
    by(workspace, "ann", 1, verdict=KEEP, run="other")
    assert verdicts(workspace, RUN) == {1: EXCLUDE}
    assert verdicts(workspace, "other") == {1: KEEP}
    assert undo(workspace, "third", reviewer="ann") == 0
    assert verdicts(workspace, "third") == {}


def test_undo_gives_back_the_earlier_verdicts_of_whomever(workspace):
    by(workspace, "bob", 1, verdict=KEEP)
    by(workspace, "ann", 2, verdict=Verdict("relabel", 3))
    by(workspace, "ann", 1, 2, 3)
    assert undo(workspace, RUN, reviewer="ann") == 3
    assert verdicts(workspace, RUN) == {1: KEEP, 2: Verdict("relabel", 3)}


def test_undo_goes_back_step_by_step_until_nothing_is_left(workspace):
    for verdict in (KEEP, MARK, EXCLUDE):
        by(workspace, "ann", 1, verdict=verdict)
    seen = []
    for _ in range(3):
        assert undo(workspace, RUN, reviewer="ann") == 1
        seen.append(verdicts(workspace, RUN).get(1))
    assert seen == [MARK, KEEP, None]
    assert undo(workspace, RUN, reviewer="ann") == 0


def test_a_verdict_after_an_undo_can_be_undone_too(workspace):
    by(workspace, "ann", 1, verdict=KEEP)
    by(workspace, "ann", 1, verdict=EXCLUDE)
    undo(workspace, RUN, reviewer="ann")
    by(workspace, "ann", 1, verdict=MARK)
    undo(workspace, RUN, reviewer="ann")
    assert verdicts(workspace, RUN) == {1: KEEP}
    undo(workspace, RUN, reviewer="ann")
    assert verdicts(workspace, RUN) == {}


def test_undo_takes_back_ones_own_only(workspace):
    by(workspace, "ann", 1)
    by(workspace, "bob", 2)
    assert undo(workspace, RUN, reviewer="ann") == 1
    assert verdicts(workspace, RUN) == {2: EXCLUDE}
    assert undo(workspace, RUN, reviewer="cyd") == 0


def test_undo_leaves_what_another_decided_later(workspace):
    by(workspace, "ann", 1, 2)
    by(workspace, "bob", 1, verdict=KEEP)
    undo(workspace, RUN, reviewer="ann")
    assert verdicts(workspace, RUN) == {1: KEEP}


def test_undo_does_not_bring_back_what_was_taken_back(workspace):
    by(workspace, "ann", 1)
    by(workspace, "bob", 1, verdict=KEEP)
    undo(workspace, RUN, reviewer="ann")
    undo(workspace, RUN, reviewer="bob")
    assert verdicts(workspace, RUN) == {}


def test_the_journal_only_grows(workspace):
    before = journal(workspace, RUN)
    assert len(before) == 0
    steps = [
        lambda: by(workspace, "ann", 1, 2, reason="odd corner", suggested_by="badloss"),
        lambda: undo(workspace, RUN, reviewer="ann"),
        lambda: undo(workspace, RUN, reviewer="ann"),  # nothing left: nothing written
        lambda: by(workspace, "bob", 1, verdict=Verdict("relabel", 2)),
    ]
    for step, added in zip(steps, (2, 2, 0, 1), strict=True):
        step()
        after = journal(workspace, RUN)
        assert len(after) == len(before) + added
        assert after.head(len(before)).astype(str).equals(before.astype(str)) or before.empty
        before = after
    first, last = before.iloc[0], before.iloc[-1]
    assert (first["sample"], first["decision"], first["reviewer"]) == (1, "exclude", "ann")
    assert (first["reason"], first["suggested_by"]) == ("odd corner", "badloss")
    assert (last["decision"], last["new_label"], last["reviewer"]) == ("relabel", 2, "bob")
    assert before["undoes"].dropna().unique().tolist() == [first["batch"]]


def test_the_revision_changes_with_every_verdict(workspace):
    seen = [revision(workspace, RUN)]
    by(workspace, "ann", 1)
    seen.append(revision(workspace, RUN))
    undo(workspace, RUN, reviewer="ann")
    seen.append(revision(workspace, RUN))
    assert seen[0] == 0
    assert seen == sorted(set(seen))


def test_nothing_to_record(workspace):
    with pytest.raises(UserError, match="No sample is selected"):
        record(workspace, RUN, {}, reviewer="ann")


def test_what_people_write_is_data(workspace):
    name = "Robert'); DROP TABLE verdicts;--"
    by(workspace, name, 1, reason='"quoted" \u2028 ünï')
    assert journal(workspace, RUN)[["reviewer", "reason"]].values.tolist() == [[name, '"quoted" \u2028 ünï']]
    assert undo(workspace, RUN, reviewer=name) == 1


def test_a_journal_that_cannot_be_written_is_said_and_stays_as_it_was(workspace):
    by(workspace, "ann", 1)

    def read_only(connection, *_):
        connection.execute("PRAGMA query_only = ON")

    def writable(connection, *_):
        connection.execute("PRAGMA query_only = OFF")

    engine = review._open(workspace)
    event.listen(engine, "checkout", read_only)
    event.listen(engine, "checkin", writable)
    for change in (lambda: by(workspace, "ann", 2), lambda: undo(workspace, RUN, reviewer="ann")):
        with pytest.raises(UserError, match=r"could not be saved. The database says: .*readonly database"):
            change()
    assert verdicts(workspace, RUN) == {1: EXCLUDE}
    event.remove(engine, "checkout", read_only)
    by(workspace, "ann", 2)
    assert verdicts(workspace, RUN) == {1: EXCLUDE, 2: EXCLUDE}


@pytest.mark.parametrize("damage", ["text", "folder"])
def test_a_journal_that_is_no_database(workspace, damage):
    workspace.mkdir()
    path = workspace / "journal.db"
    if damage == "folder":
        path.mkdir()
    else:
        path.write_text("not a database, whatever its name says\n" * 100)
    uses = (lambda: verdicts(workspace, RUN), lambda: journal(workspace, RUN), lambda: by(workspace, "ann", 1))
    for use in uses:
        with pytest.raises(UserError, match=r"cannot be opened. The database says: .*journal\.db"):
            use()


def writer(workspace, reviewer, first):
    """A process that records batches when told to start."""
    command = [sys.executable, "-c", WRITER, str(workspace), reviewer, str(first), str(BATCHES), str(SAMPLES)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_two_processes_lose_nothing_from_the_first_opening_on(workspace):
    writers = [writer(workspace, "ann", 0), writer(workspace, "bob", 1000)]
    assert [one.stdout.readline() for one in writers] == ["ready\n"] * 2
    for one in writers:
        one.stdin.write("start\n")
        one.stdin.flush()
    for one in writers:
        one.communicate(timeout=120)
    assert [one.returncode for one in writers] == [0, 0]
    table = journal(workspace, RUN)
    assert len(table) == 2 * BATCHES * SAMPLES
    assert table["batch"].nunique() == 2 * BATCHES
    assert (table.groupby("batch")["reviewer"].nunique() == 1).all()
    assert (table.groupby("batch").size() == SAMPLES).all()
    assert len(verdicts(workspace, RUN)) == 2 * BATCHES * SAMPLES
