"""Files for other tools, read as these tools would."""

import json
import runpy
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from core import pipeline, runs
from core.analysis.opened_run import opened
from core.analysis.rules import Rule
from core.errors import UserError
from core.output.export import write_export
from core.output.tools import everything, fiftyone_script, label_issues, label_studio
from core.pipeline.recorded import RecordedRequest
from core.recorder import Recorder
from tests.core.pictures import plain


@pytest.fixture
def recorded(workspace, tmp_path):
    """A run on 24 files, one of them with a hostile name, whose losses and predictions were recorded."""
    names = sorted(f"{kind}/{index}.png" for kind in ("cat", "red panda") for index in range(11))
    names = [*names, "cat/');import os;#\".png", "cat/émoji 😀.png"]
    for place, name in enumerate(names):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(plain(place * 9, 9))
    info = pipeline.import_dataset(workspace, tmp_path / "photos")
    with Recorder(tmp_path / "r", 24) as recorder:
        for epoch in range(3):
            losses = np.full(24, 1.0 / (epoch + 1))
            losses[5] = 9.0
            recorder.record(epoch, np.arange(24), losses)
        recorder.predictions(np.arange(24), np.arange(24) % 2)
    run = pipeline.load_recorded(workspace, pipeline.RecordedRequest(info.id, recording=str(tmp_path / "r")))
    run = pipeline.work(run, only=["detect:abl_isolation", "maps:pca"])
    pipeline.choose_rule(run, "abl_isolation", Rule("budget", 4))
    return run


def test_everything_has_names_words_and_places(recorded, tmp_path):
    pipeline.decide(recorded, [3], "exclude", reviewer="ann")
    write_export(opened(recorded), "everything", tmp_path / "all.parquet")
    table = pd.read_parquet(tmp_path / "all.parquet")
    assert {"name", "class_name", "predicted_name", "suspicion", "trajectories_pca_x", "verdict"} <= set(table)
    assert table["verdict"][3] == "exclude"
    assert table["class_name"].isin(["cat", "red panda"]).all()
    places = recorded.array("map-trajectories-pca")
    assert np.allclose(table[["trajectories_pca_x", "trajectories_pca_y"]], places)


def test_p_values_are_there_where_a_detector_gives_them(finished):
    table = everything(opened(finished))
    given = [name for name, found in runs.detections(finished).items() if found.p_values is not None]
    assert [column for column in table if str(column).endswith("_p_value")] == [f"{name}_p_value" for name in given]


def test_label_issues_follow_decisions_and_flags_where_nobody_decided(recorded):
    flagged = set(np.flatnonzero(opened(recorded).flagged).tolist())
    kept, other = min(flagged), min(set(range(24)) - flagged)
    pipeline.decide(recorded, [kept], "keep", reviewer="ann")
    pipeline.decide(recorded, [other], "exclude", reviewer="ann")
    frame = label_issues(opened(recorded))
    assert set(np.flatnonzero(frame["is_label_issue"]).tolist()) == (flagged - {kept}) | {other}
    assert frame["label_quality"][5] == pytest.approx(np.exp(-9.0))
    assert frame["predicted_label"].tolist() == [place % 2 for place in range(24)]


def test_label_studio_gets_a_task_for_each_flagged_file(recorded, tmp_path):
    tasks = label_studio(opened(recorded))
    assert len(tasks) == int(opened(recorded).flagged.sum()) > 0
    first = tasks[0]
    assert first["data"]["image"].endswith(f"photos/{first['data']['name']}")
    assert first["predictions"][0]["result"][0]["value"]["choices"][0] in ("cat", "red panda")
    assert write_export(opened(recorded), "label_studio", tmp_path / "tasks.json") == len(tasks)
    assert json.loads((tmp_path / "tasks.json").read_text()) == tasks


def test_the_script_makes_a_data_set_of_fiftyone_whatever_names_hold(recorded, tmp_path, monkeypatch):
    write_export(opened(recorded), "fiftyone", tmp_path / "script.py")
    made = []
    library = ModuleType("fiftyone")
    library.Dataset = lambda name: SimpleNamespace(name=name, add_samples=made.extend)
    library.Sample = lambda filepath: {"filepath": filepath}
    library.Classification = lambda label: label
    monkeypatch.setitem(sys.modules, "fiftyone", library)  # it is large; what the script asks of it is documented
    runpy.run_path(str(tmp_path / "script.py"))
    assert [sample["filepath"].split("photos/")[1] for sample in made] == list(opened(recorded).names)
    assert sum(sample["flagged"] for sample in made) == int(opened(recorded).flagged.sum())


def test_the_script_has_no_prediction_where_nothing_was_predicted(recorded):
    losses = RecordedRequest(recorded.dataset, losses=str(recorded.path / "losses.npy"))
    unpredicted = pipeline.work(pipeline.load_recorded(recorded.workspace, losses), only=["detect:abl_isolation"])
    assert fiftyone_script(opened(unpredicted)).count('\\"predicted\\": \\"\\"') == 24


def test_samples_that_are_no_files_are_refused_in_words(finished):
    with pytest.raises(UserError, match="are no files"):
        label_studio(opened(finished))
