"""A workspace that earlier code wrote still opens, reads as it was recorded, and can be worked on.

`tests/workspaces/make_workspace.py` made it, with the code of its month; the numbers here were read with that code.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from core import pipeline, runs
from core.__main__ import app
from core.journal import review
from core.runs import jobs
from core.types import Changes

KEPT = Path(__file__).parents[2] / "workspaces" / "2026-11"
FIRST = "20261126-141742-tiny-poisoned-104955-a8df"
REPAIRED = "20261126-141749-tiny-poisoned-104955-f544"
CUT_SHORT = "20261126-141750-tiny-poisoned-104955-7a75"
FAMILY = [63, 68, 74, 75, 79, 86, 90, 99, 106, 110, 118, 127, 128, 134, 156, 159]
FLAGGED = {"activation_clustering": 9, "badloss": 16, "consensus": 37, "density_ratio": 12}


@pytest.fixture
def before(workspace):
    """A copy of the workspace, since opening alone may change one."""
    return shutil.copytree(KEPT, workspace)


def answer(workspace, *arguments):
    """What a command of the command line prints, as data."""
    result = CliRunner().invoke(app, [*map(str, arguments), "--workspace", str(workspace), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_it_lists_its_runs_and_data(before):
    found = {line["run"]: line for line in answer(before, "runs")}
    assert list(found) == [CUT_SHORT, REPAIRED, FIRST]
    assert [line["name"] for line in found.values()] == ["Cut short", "First repaired", "First"]
    assert [line["state"] for line in found.values()] == ["interrupted", "done", "done"]
    assert [line["parent"] for line in found.values()] == [None, FIRST, None]
    assert (found[FIRST]["clean_accuracy"], found[REPAIRED]["clean_accuracy"]) == (0.575, 0.75)
    assert found[FIRST]["attack_success_rate"] == pytest.approx({"patch": 19 / 30, "blended_random": 0})
    assert found[REPAIRED]["attack_success_rate"] == pytest.approx({"patch": 0, "blended_random": 17 / 30})
    assert [jobs.poll(before / "runs" / name).fraction for name in (CUT_SHORT, REPAIRED, FIRST)] == [0.0, 1.0, 1.0]
    poisoned, clean = answer(before, "datasets")
    assert (poisoned["attacks"], clean["attacks"]) == (["patch", "blended_random"], [])
    assert (poisoned["n"], poisoned["n_bona_fide"], poisoned["shape"]) == (160, 60, [12, 12, 1])


def test_what_was_found_and_decided_reads_as_recorded(before, tmp_path):
    answer(before, "export", FIRST, "--to", tmp_path / "samples.csv")
    table = pd.read_csv(tmp_path / "samples.csv").set_index("id")
    assert {name: int(table[f"{name}_flagged"].sum()) for name in FLAGGED} == FLAGGED
    assert table["loss"].mean() == pytest.approx(1.0659, abs=1e-4)
    assert sorted(table.index[table["verdict"] == "exclude"]) == sorted([*FAMILY, 130, 136])
    assert table.loc[[131, 132, 133], "verdict"].tolist() == ["keep", "relabel", "mark"]
    assert table.loc[132, "new_label"] == 3
    journal = answer(before, "journal", FIRST)
    assert [row["reviewer"] for row in journal] == ["ann"] * 20 + ["bob"] * 6
    assert [row["reason"] for row in journal if row["undoes"]] == ["undo", "undo"]
    assert review.guarantees(before, runs.open_run(before, FIRST).dataset) == {60: True, 61: True}
    (revision,) = answer(before, "revisions", FIRST)
    assert (revision["number"], revision["name"], revision["reviewer"]) == (1, "First pass", "ann")
    assert (revision["excluded"], revision["relabelled"]) == (17, 1)


def test_what_follows_from_it_can_be_made(before):
    first = runs.open_run(before, FIRST)
    assert pipeline.pending_changes(first) == Changes(frozenset([*FAMILY, 130, 136]), {132: 3})
    assert answer(before, "threshold", FIRST, "density_ratio", "--rule", "own")["flagged"] == 16
    assert pipeline.decide_family(first, 2, "exclude", reviewer="ann") == 16
    assert pipeline.relabel_suspects(first, reviewer="ann") == 3
    report = before.parent / "report.html"
    assert answer(before, "report", FIRST, "--out", report)["bytes"] == report.stat().st_size > 50_000
    assert "Before and after the repair" in report.read_text("utf-8")
    answer(before, "detect", FIRST, "spectral_signatures")
    assert runs.open_run(before, FIRST).done("detect:spectral_signatures")


def test_the_run_that_was_cut_short_goes_on_to_its_end(before):
    run = runs.open_run(before, CUT_SHORT)
    history, losses = runs.history(run), np.array(run.array("losses"))
    assert (len(history), run.stages) == (1, {})
    assert answer(before, "resume", CUT_SHORT)["stages"].keys() == set(run.plan)
    done = runs.open_run(before, CUT_SHORT)
    assert runs.history(done)[:1] == history
    assert len(runs.history(done)) == 12
    assert np.array_equal(done.array("losses")[:, 0], losses[:, 0])
    assert np.isfinite(done.array("losses")).all()
    assert not (done.path / "checkpoint").exists()


def test_the_run_is_repaired_once_more(before):
    repaired = runs.open_run(before, REPAIRED)
    assert runs.read_changes(repaired) == Changes(frozenset([*FAMILY, 130]), {132: 3})
    found = answer(before, "repair", FIRST, "--reviewer", "bob")
    assert (found["removed"], found["relabelled"], found["before"]["clean_accuracy"]) == (18, 1, 0.575)
    assert [revision["number"] for revision in answer(before, "revisions", FIRST)] == [2, 1]
    found = answer(before, "repair", FIRST, "--how", "continue", "--epochs", 1, "--revision", 1)
    assert (found["how"], found["removed"]) == ("continue", 17)
