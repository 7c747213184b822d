"""The sample table in three formats, each readable by others."""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core import pipeline, runs
from core.analysis.opened_run import opened
from core.data import store
from core.errors import UserError
from core.output.export import EXPORTS, cartography, harmless, is_clean, poison_indices, write_export
from core.runs import detections

READERS = {"csv": pd.read_csv, "parquet": pd.read_parquet, "json": pd.read_json}


@pytest.mark.parametrize("ending", READERS)
def test_what_is_written_is_what_is_known(finished, tmp_path, ending):
    pipeline.decide(finished, [5], "relabel", reviewer="ann", new_label=2)
    path = tmp_path / f"samples.{ending}"
    assert write_export(opened(finished), "samples", path) == 200
    table = READERS[ending](path)
    assert table["id"].tolist() == list(range(200))
    assert table["predicted"].tolist() == finished.array("predictions").tolist()
    assert np.allclose(table["loss"], finished.array("final_losses"), rtol=1e-5)
    badloss = detections(finished)["badloss"]
    assert np.allclose(table["badloss_suspicion"], badloss.suspicion, rtol=1e-5)
    assert table["badloss_flagged"].tolist() == badloss.flagged.tolist()
    assert (table["verdict"][5], table["new_label"][5]) == ("relabel", 2)
    assert table["new_label"].isna().sum() == 199


def test_a_run_that_has_just_begun_is_exported_too(finished, tmp_path):
    info = store.describe(finished.workspace, finished.dataset)
    run = runs.create(finished.workspace, info, finished.config, ("train",))
    write_export(opened(run), "samples", tmp_path / "samples.csv")
    table = pd.read_csv(tmp_path / "samples.csv")
    assert table.columns.tolist() == ["id", "name", "label", "class_name", "predicted", "loss", "verdict", "new_label"]
    assert table["predicted"].isna().all()


@pytest.mark.parametrize(
    ("name", "words"), [("samples.xlsx", "has to end in"), ("nowhere/a.csv", "There is no folder")]
)
def test_where_nothing_can_be_written(finished, tmp_path, name, words):
    with pytest.raises(UserError, match=words):
        write_export(opened(finished), "samples", tmp_path / name)
    assert not (tmp_path / name).exists()


def test_what_art_reads(finished, tmp_path):
    pipeline.decide(finished, [5, 7], "exclude", reviewer="ann")
    pipeline.decide(finished, [9], "mark", reviewer="ann")
    assert write_export(opened(finished), "is_clean", tmp_path / "is_clean.npy") == 200
    found = np.load(tmp_path / "is_clean.npy", allow_pickle=False)
    assert np.array_equal(found, is_clean(opened(finished)))
    assert np.flatnonzero(found == 0).tolist() == [5, 7]
    assert set(found.tolist()) == {0, 1}


def test_poison_is_what_was_excluded_and_what_is_flagged_undecided(finished, tmp_path):
    flagged = np.flatnonzero(detections(finished)["badloss"].flagged).tolist()
    kept, other = flagged[0], next(sample for sample in range(200) if sample not in flagged)
    pipeline.decide(finished, [kept], "keep", reviewer="ann")
    pipeline.decide(finished, [other], "exclude", reviewer="ann")
    found = poison_indices(opened(finished))
    assert kept not in found
    assert other in found
    assert set(flagged[1:]) <= set(found.tolist())
    assert found.tolist() == sorted(found.tolist())
    write_export(opened(finished), "poison_indices", tmp_path / "ids.txt")
    assert [int(line) for line in (tmp_path / "ids.txt").read_text().split()] == found.tolist()


def test_cartography_by_hand(finished, tmp_path):
    losses = np.array(finished.array("losses"), float)
    write_export(opened(finished), "cartography", tmp_path / "map.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "map.jsonl").read_text().splitlines()]
    assert rows == cartography(opened(finished))
    assert [row["guid"] for row in rows] == list(range(200))
    chances = [math.exp(-loss) for loss in losses[17]]
    assert rows[17]["confidence"] == pytest.approx(sum(chances) / len(chances), abs=1e-5)
    assert rows[17]["variability"] == pytest.approx(np.exp(-losses[17]).std(), abs=1e-5)
    assert rows[17]["losses"] == pytest.approx(losses[17], abs=1e-5)


def test_no_text_becomes_a_formula():
    table = pd.DataFrame({"name": ["=1+1", "+a", "-a", "@x", "\tx", "plain", "a=b"], "loss": [-1.0] * 7})
    found = harmless(table)
    assert found["name"].tolist() == ["'=1+1", "'+a", "'-a", "'@x", "'\tx", "plain", "a=b"]
    assert found["loss"].tolist() == [-1.0] * 7


def test_class_names_reach_no_spreadsheet_as_formulas(finished, tmp_path):
    hostile = opened(finished)
    names = ("=cmd|' /C calc'!A0",) * hostile.stored.n_classes
    vars(hostile)["stored"] = replace(hostile.stored, class_names=names)
    write_export(hostile, "samples", tmp_path / "samples.csv")
    assert set(pd.read_csv(tmp_path / "samples.csv")["class_name"]) == {"'=cmd|' /C calc'!A0"}
    write_export(hostile, "samples", tmp_path / "samples.parquet")
    assert set(pd.read_parquet(tmp_path / "samples.parquet")["class_name"]) == {"=cmd|' /C calc'!A0"}


def test_an_export_that_does_not_exist(finished, tmp_path):
    with pytest.raises(UserError, match="no export named"):
        write_export(opened(finished), "nothing", tmp_path / "a.csv")
    assert set(EXPORTS) == {
        *("samples", "everything", "label_issues", "label_studio", "fiftyone", "notes"),
        *("poison_indices", "removed_files", "is_clean", "cartography"),
    }


def named_run(finished, names):
    """The finished run, its samples called as given: `names` of the first ones, and files for the rest."""
    called = [*names, *(f"cat/{place}.png" for place in range(len(names), 200))]
    folder = finished.workspace / "datasets" / finished.dataset
    (folder / "names.json").write_text(json.dumps({"train": called, "test": []}))
    return finished


def test_the_name_stands_in_every_export(finished, tmp_path):
    run = opened(named_run(finished, ["a b.png", "=evil.png"]))
    write_export(run, "samples", tmp_path / "samples.csv")
    table = pd.read_csv(tmp_path / "samples.csv")
    assert table["name"][:3].tolist() == ["a b.png", "'=evil.png", "cat/2.png"]
    assert cartography(run)[1]["name"] == "=evil.png"


def test_the_files_to_remove_are_those_that_were_excluded_one_a_line(finished, tmp_path):
    run = named_run(finished, ["red panda/0.png"])
    pipeline.decide(run, [7, 0], "exclude", reviewer="ann")
    pipeline.decide(run, [9], "keep", reviewer="ann")
    assert write_export(opened(run), "removed_files", tmp_path / "removed_files.txt") == 2
    assert (tmp_path / "removed_files.txt").read_text() == "red panda/0.png\ncat/7.png\n"


def test_a_name_with_the_end_of_a_line_is_said_and_goes_into_a_file_for_xargs_0(finished, tmp_path):
    run = named_run(finished, ["two\nlines.png"])
    pipeline.decide(run, [0, 1], "exclude", reviewer="ann")
    with pytest.raises(UserError, match="1 names hold the end of a line"):
        write_export(opened(run), "removed_files", tmp_path / "removed.txt")
    write_export(opened(run), "removed_files", tmp_path / "removed.nul")
    assert (tmp_path / "removed.nul").read_bytes() == b"two\nlines.png\0cat/1.png\0"


def test_rows_are_no_files_to_remove(finished, tmp_path):
    pipeline.decide(finished, [3], "exclude", reviewer="ann")
    with pytest.raises(UserError, match="are no files"):
        write_export(opened(finished), "removed_files", tmp_path / "removed.txt")


def test_a_name_that_lost_its_bytes_is_never_given_to_a_tool_that_deletes(finished, tmp_path):
    run = named_run(finished, ["caf\ufffd.png"])
    pipeline.decide(run, [0], "exclude", reviewer="ann")
    with pytest.raises(UserError, match="no Unicode"):
        write_export(opened(run), "removed_files", tmp_path / "removed.nul")
