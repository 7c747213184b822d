"""The commands about decisions: commit, revisions, go-back, journal, bona-fide, and where decisions are kept."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from core import pipeline, runs, settings
from core.__main__ import app
from core.data import store
from core.journal import database, review
from core.training.config import TrainConfig

ROOT = Path(__file__).parents[3]


@pytest.fixture
def run(workspace, make_dataset):
    """A run on forty samples, with decisions of two reviewers."""
    info = store.save(workspace, make_dataset(40, n_test=4, side=4), source="test")
    made = runs.create(workspace, info, asdict(TrainConfig()), pipeline.CORE_PLAN, name="First")
    pipeline.decide(made, [1, 2], "exclude", reviewer="ann", reason="=1+1")
    pipeline.decide(made, [3], "relabel", new_label=0, reviewer="bob")
    return made


def invoke(run, command, *arguments):
    where = ("--workspace", str(run.workspace))
    return CliRunner().invoke(app, [command, run.id, *map(str, arguments), *where])


def answer(run, command, *arguments):
    done = invoke(run, command, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_commit_list_and_go_back(run):
    made = answer(run, "commit", "--name", "Corners", "--why", "seen", "--reviewer", "cyd")
    assert (made["number"], made["excluded"], made["relabelled"]) == (1, 2, 1)
    (listed,) = answer(run, "revisions")
    assert (listed["name"], listed["why"], listed["reviewer"]) == ("Corners", "seen", "cyd")
    assert "Corners" in invoke(run, "revisions").stdout
    assert answer(run, "go-back", 0) == {"run": run.id, "revision": 0, "samples": 3}
    refused = invoke(run, "go-back", 5)
    assert refused.exit_code == 2
    assert refused.stderr.startswith("error: There is no revision 5 of")


def test_journal(run, tmp_path):
    rows = answer(run, "journal")
    assert [(row["sample"], row["decision"], row["new_label"], row["reviewer"]) for row in rows] == [
        (1, "exclude", None, "ann"),
        (2, "exclude", None, "ann"),
        (3, "relabel", 0, "bob"),
    ]
    assert [row["sample"] for row in answer(run, "journal", "--by", "bob", "--since", "2020-01-01")] == [3]
    assert answer(run, "journal", "--last", 2, "--decision", "exclude", "--to", tmp_path / "journal.csv")["rows"] == 2
    assert pd.read_csv(tmp_path / "journal.csv")["reason"].tolist() == ["'=1+1"] * 2


def test_bona_fide(run, tmp_path):
    (tmp_path / "clean.txt").write_text("5\n6\n")
    named = answer(run, "bona-fide", "--ids", tmp_path / "clean.txt", "--reviewer", "ann")
    assert named == {"dataset": run.dataset, "samples": 2, "bona_fide": 2}
    (tmp_path / "clean.txt").write_text("5\n")
    assert answer(run, "bona-fide", "--ids", tmp_path / "clean.txt", "--withdraw")["bona_fide"] == 1


def test_decisions_go_where_the_command_says(run, tmp_path, monkeypatch):
    monkeypatch.delenv(settings.DATABASE, raising=False)
    there = ("--database", f"sqlite:///{tmp_path}/shared.db")
    assert answer(run, "journal", *there) == []
    assert len(answer(run, "journal")) == 3
    assert settings.DATABASE not in os.environ
    refused = invoke(run, "journal", "--database", "mysql://ann:secret@there/db")
    assert refused.exit_code == 2
    assert "error: The database mysql:… cannot be used. It has to be like sqlite" in refused.stderr
    assert "secret" not in refused.output


def test_a_process_that_is_started_uses_the_same_database(run, tmp_path):
    program = (
        "import pathlib, sys; from core.journal import review; print(*review.verdicts(pathlib.Path(sys.argv[1]), 'r'))"
    )
    with database.chosen(f"sqlite:///{tmp_path}/shared.db"):
        review.record(run.workspace, "r", {1: review.Verdict("keep")}, reviewer="ann")
        started = [sys.executable, "-c", program, str(run.workspace)]
        assert subprocess.check_output(started, cwd=ROOT, text=True) == "1\n"
    assert review.verdicts(run.workspace, "r") == {}


def test_what_is_undecided_is_told_with_every_export_and_copy(finished, tmp_path):
    pipeline.decide_flagged(finished, "exclude", ["badloss"], reviewer="ann")
    left = answer(finished, "export", "--to", tmp_path / "a.csv")["undecided"]
    kept = answer(finished, "copy-clean", "--to", tmp_path / "a.npz")["undecided"]
    assert left == kept == answer(finished, "report", "--out", tmp_path / "a.html")["undecided"]
    review.undo(finished.workspace, finished.id, reviewer="ann")
    again = invoke(finished, "export", "--to", tmp_path / "b.csv")
    assert "flagged samples are undecided" in again.stderr
    assert answer(finished, "export", "--to", tmp_path / "c.csv")["undecided"] > left


def test_what_has_a_tag_is_decided_on_at_once(run):
    refused = invoke(run, "verdict", "exclude", "--tagged", "checker")
    assert "No sample is tagged checker." in refused.output
    answer(run, "note", "tag", "checker", "--samples", "5, 7-8")
    assert "There are: checker." in invoke(run, "verdict", "exclude", "--tagged", "other").output
    one_of_two = invoke(run, "verdict", "exclude", "--tagged", "checker", "--tagged", "other")
    assert "No sample is tagged other." in one_of_two.output
    made = answer(run, "verdict", "exclude", "--tagged", "checker", "--reviewer", "ann")
    assert (made["samples"], made["bona_fide"]) == (3, 0)
    standing = review.verdicts(run.workspace, run.id)
    assert [standing[sample].decision for sample in (5, 7, 8)] == ["exclude"] * 3
    assert 6 not in standing
    assert invoke(run, "verdict", "exclude", "--tagged", "checker", "--flagged", "badloss").exit_code == 2


def test_samples_families_and_groups_that_are_not_there_are_named(run):
    partly = invoke(run, "note", "tag", "odd", "--samples", "38-41, 5, 99")
    assert (partly.exit_code, partly.stderr.splitlines()[0]) == (0, "There is no sample 40-41, 99.")
    for words, said in (
        (("note", "tag", "odd", "--samples", "40-50"), "There is no sample 40-50."),
        (("note", "tag", "odd", "--family", "3"), "There is no family 3."),
        (("note", "tag", "odd", "--group", "1"), "There is no group 1."),
        (("journal", "--sample", "40"), "There is no sample 40."),
    ):
        refused = invoke(run, *words)
        assert (refused.exit_code, said in refused.stderr) == (2, True), refused.stderr
    assert [one["number"] for one in answer(run, "notes")] == [5, 38, 39]
