"""Comments and tags: only ever added, read back in order, kept apart by run and kind, and in exports."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pandas as pd
import pytest

from core import pipeline
from core.analysis import families
from core.analysis.opened_run import opened
from core.analysis.queue import Filter, queue
from core.analysis.samples import review_table
from core.errors import UserError
from core.journal import database
from core.journal.review import Notes, Verdict, note, notes, record, verdicts
from core.journal.review.notes import tagged
from core.output.export import write_export
from core.runs import jobs
from tests.core.commands.test_command_line import answer
from tests.core.journal.test_database import RUN
from tests.core.journal.test_read_only import ON_A_DISK


@pytest.mark.usefixtures("kind")
def test_tags_are_added_and_taken_off_and_comments_stay_in_order(workspace):
    assert notes(workspace, RUN) == {}
    assert note(workspace, RUN, [7, 3, 7], "tag", " odd \n one ", reviewer="ann") == 2
    note(workspace, RUN, [7], "tag", "blurred", reviewer="bob")
    note(workspace, RUN, [7], "comment", "first\nline", reviewer="ann")
    note(workspace, RUN, [7], "comment", "second", reviewer="bob")
    note(workspace, RUN, [3], "untag", "odd one", reviewer="bob")
    note(workspace, RUN, [3], "untag", "never there", reviewer="bob")
    note(workspace, RUN, [7], "tag", "sticker", reviewer="ann", about="family")
    found = notes(workspace, RUN)
    assert list(found) == [7]
    assert found[7].tags == ("blurred", "odd one")
    assert [(one.reviewer, one.text) for one in found[7].comments] == [("ann", "first\nline"), ("bob", "second")]
    assert notes(workspace, RUN, "family") == {7: Notes(("sticker",))}
    assert notes(workspace, "another run") == notes(workspace, RUN, "group") == {}


@pytest.mark.parametrize(
    ("numbers", "kind", "text", "words"),
    [
        ([], "tag", "odd", "No sample is selected"),
        ([1], "tag", " ", "cannot be 0 characters long"),
        ([1], "tag", "x" * 41, "cannot be 41 characters long"),
        ([1], "tag", "odd, blurred", "cannot hold a comma"),
        ([1], "comment", "x" * 2001, "cannot be 2,001 characters long"),
    ],
)
def test_what_is_no_note_is_refused_in_words(workspace, numbers, kind, text, words):
    with pytest.raises(UserError, match=words):
        note(workspace, RUN, numbers, kind, text, reviewer="ann")
    assert notes(workspace, RUN) == {}


@pytest.fixture
def of_before(workspace):
    """A workspace whose journal was written before there were notes."""
    record(workspace, RUN, {1: Verdict("exclude")}, reviewer="ann")
    database._engine.cache_clear()
    with closing(sqlite3.connect(workspace / "journal.db")) as connection:
        connection.execute("DROP TABLE notes")
        connection.execute("UPDATE alembic_version SET version_num = '0002'")
        connection.commit()
    return workspace


def test_a_journal_of_before_gets_the_table_and_keeps_its_rows(of_before):
    note(of_before, RUN, [1], "tag", "odd", reviewer="ann")
    assert notes(of_before, RUN) == {1: Notes(("odd",))}
    assert verdicts(of_before, RUN) == {1: Verdict("exclude")}
    assert [path.name for path in of_before.glob("*.bak")] == ["journal.db.0002.bak"]


@pytest.mark.skipif(shutil.which("unshare") is None, reason="no disk of its own can be made")
def test_a_journal_of_before_is_read_where_nothing_can_be_written(of_before, tmp_path):
    look = "import sys; from pathlib import Path; from core.journal.review import notes, verdicts; "
    look += f"print(len(verdicts(Path(sys.argv[1]), {RUN!r})), notes(Path(sys.argv[1]), {RUN!r}))"
    (tmp_path / "disk").mkdir()
    alone = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    command = ["sh", "-c", ON_A_DISK, "sh", str(tmp_path / "disk"), str(of_before), "read-only", sys.executable, look]
    done = subprocess.run([*alone, *command], cwd=jobs.ROOT, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == 77:
        pytest.skip("no disk of its own can be made")
    assert done.stdout.split() == ["1", "{}"], done.stderr


def test_notes_are_in_the_exports_where_there_are_any(finished, tmp_path):
    whole = opened(finished)
    write_export(whole, "samples", tmp_path / "before.csv")
    assert "tags" not in pd.read_csv(tmp_path / "before.csv")
    note(finished.workspace, finished.id, [4], "tag", "odd", reviewer="ann")
    note(finished.workspace, finished.id, [4], "comment", "=HYPERLINK()", reviewer="ann")
    for what in ("samples", "everything", "label_issues"):
        write_export(whole, what, tmp_path / f"{what}.csv")
        table = pd.read_csv(tmp_path / f"{what}.csv", keep_default_na=False)
        assert table["tags"].tolist() == ["odd" if row == 4 else "" for row in range(200)]
        assert table["comments"][4] == "ann: =HYPERLINK()"


def test_the_tag_of_a_family_is_that_of_its_samples(finished, tmp_path):
    where, run, flagged = finished.workspace, finished.id, opened(finished).flagged
    families.save(finished, flagged, flagged.astype(int), [families.Family(1, 0, int(flagged.sum()), 0.9)], None)
    note(where, run, [1], "tag", "square", reviewer="ann", about="family")
    note(where, run, [1], "comment", "in a corner", reviewer="ann", about="family")
    note(where, run, [4], "tag", "odd", reviewer="ann")
    whole = opened(finished)
    members = whole.data.ids[flagged].tolist()
    assert tagged(finished, review_table(whole)) == {"odd": {4}, "square": set(members)}
    write_export(whole, "samples", tmp_path / "samples.csv")
    table = pd.read_csv(tmp_path / "samples.csv", keep_default_na=False)
    assert table["id"][table["tags"].str.contains("square")].tolist() == members
    write_export(whole, "notes", tmp_path / "notes.csv")
    listed = pd.read_csv(tmp_path / "notes.csv", keep_default_na=False)
    assert listed.to_dict("split")["data"] == [["sample", 4, "odd", ""], ["family", 1, "square", "ann: in a corner"]]
    assert sorted(pipeline.decide_tagged(finished, ["square"], "exclude", reviewer="ann")) == members


def test_what_is_tagged_is_a_queue_flagged_or_not(finished):
    table = review_table(opened(finished))
    plain_ones = table.loc[~table["flagged"], "id"].tolist()[:2]
    shown = queue(table, Filter(tagged=frozenset(plain_ones)))
    assert sorted(shown["id"]) == plain_ones
    assert queue(table, Filter(tagged=frozenset())).empty


def test_the_command_line_says_and_lists_what_the_page_does(finished):
    where, run = finished.workspace, finished.id
    noted = answer(where, "note", run, "tag", "odd", "--samples", "2, 5-6, 9999")
    assert (noted["count"], noted["unknown"]) == (3, ["9999"])
    flagged = opened(finished).flagged
    families.save(finished, flagged, flagged.astype(int), [families.Family(1, 0, int(flagged.sum()), 0.9)], None)
    answer(where, "note", run, "comment", "looks planted", "--family", "1", "--reviewer", "ann")
    answer(where, "note", run, "untag", "odd", "--samples", "5")
    assert answer(where, "notes", run) == [
        {"about": "sample", "number": 2, "tags": "odd", "comments": ""},
        {"about": "sample", "number": 6, "tags": "odd", "comments": ""},
        {"about": "family", "number": 1, "tags": "", "comments": "ann: looks planted"},
    ]
    assert [one["number"] for one in answer(where, "notes", run, "--tag", "odd")] == [2, 6]
    pipeline.decide(finished, [2], "exclude", reviewer="ann")
    assert list(notes(where, run)) == [2, 6]
