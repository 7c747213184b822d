"""Revisions: decisions are pending until they are committed, compared and gone back to, and training uses them."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from core import pipeline, runs
from core.analysis.opened_run import opened
from core.data import store
from core.errors import UserError
from core.journal import review
from core.journal.review import Verdict, record
from core.journal.revisions import (
    Difference,
    base,
    changes,
    commit,
    compare,
    current_changes,
    find,
    go_back,
    lineage,
    pending,
    revisions,
)
from core.training.config import TrainConfig
from core.types import Changes

EXCLUDE, KEEP, MARK = Verdict("exclude"), Verdict("keep"), Verdict("mark")


@pytest.fixture
def run(workspace, make_dataset):
    """A run on forty samples of four classes (sample i is of class i % 4) that counts as evaluated."""
    info = store.save(workspace, make_dataset(40, n_test=4, side=4), source="test")
    made = runs.create(workspace, info, asdict(TrainConfig()), pipeline.CORE_PLAN, name="First")
    return runs.update(made, stages={"train": 1.0, "evaluate": 1.0})


def say(run, verdict, *samples, reviewer="ann"):
    record(run.workspace, run.id, dict.fromkeys(samples, verdict), reviewer=reviewer)


def evaluated(run):
    return runs.update(run, stages={"train": 1.0, "evaluate": 1.0})


def test_decisions_are_pending_until_committed(run):
    assert not pending(run)
    say(run, EXCLUDE, 1, 2)
    say(run, Verdict("relabel", 3), 4)
    say(run, Verdict("relabel", 1), 5)  # its own label: nothing changes
    say(run, KEEP, 6)
    assert pending(run) == Difference((1, 2), (), {4: (None, 3)})
    first = commit(run, "Corner patches", "seen by eye", reviewer="ann")
    assert (first.number, first.name, first.why, first.reviewer) == (1, "Corner patches", "seen by eye", "ann")
    assert (first.run, first.parent, first.excluded, first.relabelled) == (run.id, 0, 2, 1)
    assert not pending(run)
    assert changes(run.workspace, run.dataset, 1) == Changes(frozenset({1, 2}), {4: 3})
    with pytest.raises(UserError, match="Nothing is pending"):
        commit(run, reviewer="ann")
    say(run, KEEP, 2, reviewer="bob")
    assert pending(run) == Difference((), (2,), {})
    second = commit(run, "  ", reviewer="bob")
    assert (second.number, second.name, second.parent, second.excluded) == (2, "Revision 2", 1, 1)
    assert [one.number for one in revisions(run.workspace, run.dataset)] == [2, 1]
    assert base(run) == 2


def test_revisions_are_compared(run):
    say(run, EXCLUDE, 1, 2)
    say(run, Verdict("relabel", 3), 4, 8)
    commit(run, reviewer="ann")
    say(run, KEEP, 2, 8)
    say(run, EXCLUDE, 3)
    say(run, Verdict("relabel", 2), 4)
    commit(run, reviewer="ann")
    where = (run.workspace, run.dataset)
    assert compare(*where, 1, 2) == Difference((3,), (2,), {4: (3, 2), 8: (3, None)})
    assert compare(*where, 2, 1) == Difference((2,), (3,), {4: (2, 3), 8: (None, 3)})
    assert compare(*where, 0, 1) == Difference((1, 2), (), {4: (None, 3), 8: (None, 3)})
    assert len(compare(*where, 1, 2)) == 4
    with pytest.raises(UserError, match=r"There is no revision 7 of tiny-.*Known: 0 .*, 1, 2"):
        compare(*where, 1, 7)


def test_too_little_left_is_not_committed(run):
    say(run, EXCLUDE, *(sample for sample in range(40) if sample % 4))
    with pytest.raises(UserError, match="Nothing would be left to train on"):
        commit(run, reviewer="ann")
    assert revisions(run.workspace, run.dataset) == []


def test_going_back_appends_verdicts_and_is_pending_again(run):
    say(run, EXCLUDE, 1, 2)
    say(run, KEEP, 3)
    say(run, Verdict("relabel", 3), 4)
    commit(run, reviewer="ann")
    say(run, EXCLUDE, 3, 4)
    say(run, Verdict("relabel", 0), 5)
    say(run, KEEP, 1)
    commit(run, reviewer="ann")
    rows = review.journal_size(run.workspace, run.id)
    assert go_back(run, 1, reviewer="bob") == 4
    assert review.journal_size(run.workspace, run.id) == rows + 4
    assert review.verdicts(run.workspace, run.id) == {1: EXCLUDE, 2: EXCLUDE, 3: KEEP, 4: Verdict("relabel", 3)}
    assert current_changes(run) == changes(run.workspace, run.dataset, 1)
    assert go_back(run, 1, reviewer="bob") == 0
    assert commit(run, reviewer="bob").parent == 2
    assert changes(run.workspace, run.dataset, 3) == changes(run.workspace, run.dataset, 1)
    assert go_back(run, 0, reviewer="bob") == 3
    assert current_changes(run) == Changes()
    assert review.journal(run.workspace, run.id)["reason"].iloc[-1] == "back to revision 0"


def test_a_repair_trains_on_a_revision_and_says_which(run):
    say(run, EXCLUDE, 1, 2)
    commit(run, "Named", reviewer="ann")
    say(run, EXCLUDE, 3)
    named = pipeline.new_repair(run, revision=1)
    assert (runs.revision_of(named), runs.read_changes(named).excluded) == (1, {1, 2})
    assert json.loads((named.path / "changes.json").read_text())["revision"] == 1
    automatic = pipeline.new_repair(run)
    assert (runs.revision_of(automatic), runs.read_changes(automatic).excluded) == (2, {1, 2, 3})
    made = find(run.workspace, run.dataset, 2)
    assert (made.name, made.reviewer, made.parent) == ("To repair First", "automatic", 1)
    assert runs.revision_of(pipeline.new_repair(run, reviewer="bob")) == 2
    assert len(revisions(run.workspace, run.dataset)) == 2
    with pytest.raises(UserError, match="There is no revision 9"):
        pipeline.new_repair(run, revision=9)
    with pytest.raises(UserError, match="Nothing would change"):
        pipeline.new_repair(evaluated(named), revision=1)
    assert runs.revision_of(run) is None


def test_a_repair_that_is_refused_commits_nothing(run):
    say(run, EXCLUDE, 1)
    with pytest.raises(UserError):
        pipeline.new_repair(run, "continue", epochs=0)
    assert revisions(run.workspace, run.dataset) == []


def test_on_a_repair_decisions_go_on_and_can_be_brought_back(run):
    say(run, EXCLUDE, 1, 2)
    say(run, Verdict("relabel", 3), 4)
    child = evaluated(pipeline.new_repair(run))
    assert (base(child), len(pending(child))) == (1, 0)
    say(child, EXCLUDE, 7)
    assert pending(child) == Difference((7,))
    assert commit(child, reviewer="ann").parent == 1
    assert changes(run.workspace, run.dataset, 2) == Changes(frozenset({1, 2, 7}), {4: 3})
    assert go_back(child, 0, reviewer="ann") == 4
    assert current_changes(child) == Changes()
    back = commit(child, reviewer="ann")
    assert (back.number, back.excluded, back.relabelled) == (3, 0, 0)
    again = pipeline.new_repair(child)
    assert (runs.revision_of(again), runs.read_changes(again)) == (3, Changes())
    assert len(opened(again).data) == 40
    assert go_back(run, 2, reviewer="ann") == 1
    assert current_changes(run).excluded == {1, 2, 7}


def test_a_repair_of_before_there_were_revisions(run):
    info = store.describe(run.workspace, run.dataset)
    before = Changes(frozenset({1}), {4: 3})
    child = runs.create(run.workspace, info, run.config, run.plan, parent=run.id, how="retrain", changes=before)
    content = json.loads((child.path / "changes.json").read_text())
    del content["revision"]
    runs.save_json(child, "changes.json", content)
    assert (runs.revision_of(child), base(child), len(pending(child))) == (None, 0, 0)
    say(child, EXCLUDE, 9)
    assert pending(child) == Difference((9,))
    commit(child, reviewer="ann")
    assert changes(run.workspace, run.dataset, 1) == Changes(frozenset({1, 9}), {4: 3})
    assert ("run:" + run.id, "run:" + child.id, "repairs") in edges_of(run)


def edges_of(run):
    return {(edge.source, edge.target, edge.kind) for edge in lineage(run.workspace, run.dataset).edges}


def test_the_lineage_joins_data_runs_and_revisions(run):
    say(run, EXCLUDE, 1)
    child = evaluated(pipeline.new_repair(run))
    say(child, EXCLUDE, 2)
    commit(child, "More", "a second look", reviewer="bob")
    found = lineage(run.workspace, run.dataset)
    assert [(node.kind, node.title) for node in found.nodes] == [
        ("data", "tiny"),
        ("run", "First"),
        ("revision", "To repair First"),
        ("run", "First repaired"),
        ("revision", "More"),
    ]
    assert found.nodes[-1].about == "bob: a second look"
    assert edges_of(run) == {
        ("revision:0", f"run:{run.id}", "trained"),
        (f"run:{run.id}", "revision:1", "decided"),
        ("revision:1", f"run:{child.id}", "trained"),
        (f"run:{child.id}", "revision:2", "decided"),
        ("revision:1", "revision:2", "follows"),
    }


def test_revisions_of_one_workspace_are_not_seen_in_another_on_a_server(server, run, tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE", server.url)
    say(run, EXCLUDE, 1, 2)
    say(run, Verdict("relabel", 3), 4)
    assert commit(run, "Ünï", reviewer="ann").number == 1
    assert go_back(run, 0, reviewer="ann") == 3
    assert commit(run, reviewer="ann").number == 2
    assert compare(run.workspace, run.dataset, 1, 2) == Difference((), (1, 2), {4: (3, None)})
    assert revisions(tmp_path / "other", run.dataset) == []


def test_training_data_sees_what_people_made_bona_fide(run, tmp_path):
    listed = tmp_path / "clean.txt"
    listed.write_text("3\n5\n5\n")
    assert pipeline.import_bona_fide(run, listed, reviewer="ann") == 2
    say(run, EXCLUDE, 5)
    assert np.flatnonzero(opened(run).data.bona_fide).tolist() == [3, 5]
    child = pipeline.new_repair(run)
    assert opened(child).data.ids[opened(child).data.bona_fide].tolist() == [3]
    assert pipeline.guarantee_listed(run, "3", "clean.txt", reviewer="bob", accepted=False) == 1
    assert np.flatnonzero(opened(run).data.bona_fide).tolist() == [5]
    assert review.guarantee_journal(run.workspace, run.dataset)["reason"].tolist() == ["from clean.txt"] * 3
    assert not store.load(run.workspace, run.dataset).bona_fide.any()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("3\nfour", r"'four' is no sample id, and no sample's name\. It should hold one sample id a line"),
        ("--5", r"'--5' is no sample id"),
        ("", r"clean.txt is empty. Ids run from 0 to 39"),
        ("3\n40\n-1", r"names samples that do not exist: \[-1, 40\]"),
    ],
)
def test_a_list_of_bona_fide_samples_that_cannot_be_used(run, tmp_path, content, words):
    (tmp_path / "clean.txt").write_text(content)
    with pytest.raises(UserError, match=words):
        pipeline.import_bona_fide(run, tmp_path / "clean.txt", reviewer="ann")
    with pytest.raises(UserError, match="There is no file"):
        pipeline.import_bona_fide(run, tmp_path / "nothing.txt", reviewer="ann")


def test_the_journal_is_written_so_that_a_spreadsheet_runs_nothing(run, tmp_path):
    record(run.workspace, run.id, {1: EXCLUDE, 2: Verdict("relabel", 0)}, reviewer="ann", reason="=HYPERLINK(1)")
    assert pipeline.write_journal(run, tmp_path / "journal.csv") == 2
    assert ",'=HYPERLINK(1)," in (tmp_path / "journal.csv").read_text()
    assert pipeline.write_journal(run, tmp_path / "journal.json", sample=2) == 1
    (row,) = json.loads((tmp_path / "journal.json").read_text())
    assert (row["sample"], row["decision"], row["new_label"]) == (2, "relabel", 0)
    assert pipeline.write_journal(run, tmp_path / "journal.parquet") == 2
    assert pipeline.journal_file(run, ".csv") == (tmp_path / "journal.csv").read_bytes()
    assert [row["new_label"] for row in pipeline.journal_rows(run)] == [None, 0]
    with pytest.raises(UserError, match="has to end in"):
        pipeline.write_journal(run, tmp_path / "journal.xlsx")
