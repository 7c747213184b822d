"""Data sets of names and labels alone: read, looked at, and used with a training that was recorded elsewhere."""

import json

import numpy as np
import pytest

from core import pipeline, runs
from core.analysis.opened_run import opened
from core.data import open_source, store
from core.data.labels_only import labels_only
from core.errors import UserError
from core.modalities import modality_of
from core.output.clean_copy import write_clean_copy
from core.output.export import removed_files
from core.pipeline.recorded import RecordedRequest
from core.recorder import Recorder
from core.training.config import TrainConfig

N = 300


@pytest.fixture
def table(tmp_path):
    """A table of sounds, of three classes, with a test split."""
    lines = [f"sounds/{row:03d}.wav,{'abc'[row % 3]},{'train' if row < N else 'test'}" for row in range(N + 30)]
    path = tmp_path / "sounds.csv"
    path.write_text("path,label,split\n" + "\n".join(lines) + "\n")
    return path


def test_a_table_gives_names_labels_and_splits(table):
    sounds = labels_only(table)
    assert (sounds.class_names, sounds.modality) == (("a", "b", "c"), "labels")
    assert (len(sounds.train), len(sounds.test)) == (N, 30)
    assert sounds.train.names[:2] == ("sounds/000.wav", "sounds/001.wav")
    assert sounds.train.read(1) == "sounds/001.wav"


@pytest.mark.parametrize(
    ("settings", "n"), [({}, 4), ({"first_row": "data"}, 4), ({"first_row": "names", "label_column": "cat"}, 3)]
)
def test_a_first_row_that_is_data_is_read_as_data_and_said(tmp_path, settings, n):
    path = tmp_path / "sounds.csv"
    path.write_text("a.wav,cat\nb.wav,dog\nc.wav,cat\nd.wav,dog\n")
    sounds = labels_only(path, **settings)
    assert (len(sounds.train), "first row" in sounds.about) == (n, n == 4)
    assert n == 3 or sounds.train.names == ("a.wav", "b.wav", "c.wav", "d.wav")


def test_names_are_rows_where_no_column_holds_any(tmp_path):
    (tmp_path / "y.jsonl").write_text("".join(json.dumps({"label": row % 2}) + "\n" for row in range(4)))
    np.save(tmp_path / "y.npy", np.array(["no", "yes", "no"]))
    assert labels_only(tmp_path / "y.jsonl").train.names == ("row 0", "row 1", "row 2", "row 3")
    assert labels_only(tmp_path / "y.npy").train.labels.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("content", "settings", "words"),
    [
        ("name,colour\na,red\n", {}, "column of labels"),
        ("name,label\na,x\nb,y\n", {"name_column": "file"}, "no column 'file'"),
        ("name,label\na,x\n", {}, "one class"),
        ("name,label\n", {}, "no row"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_in_words(tmp_path, content, settings, words):
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(UserError, match=words):
        labels_only(tmp_path / "t.csv", **settings)


@pytest.mark.parametrize("array", [np.zeros((3, 2), int), np.array([0.5, 1.0]), np.array([{}, 1], object)])
def test_an_array_that_holds_no_labels_is_refused(tmp_path, array):
    np.save(tmp_path / "y.npy", array)
    with pytest.raises(UserError):
        labels_only(tmp_path / "y.npy")


def test_such_a_table_is_taken_for_labels_only_where_somebody_says_so(table):
    collection = open_source(table, "labels_only")
    assert collection.modality == "labels"
    collection.close()
    preview = pipeline.preview_source(table, "labels_only")
    assert (preview.n, preview.n_test, preview.shape) == (N, 30, (1,))
    assert preview.example_names[0] == "sounds/000.wav"


def test_hostile_names_are_kept_whole_and_shown_escaped(tmp_path):
    names = ["<script>alert(1)</script>", "日本語/" + "ü" * 3000 + ".wav", "a\x00b", "../../etc/passwd"]
    rows = [json.dumps({"name": name, "label": row % 2}) for row, name in enumerate(names)]
    (tmp_path / "odd.jsonl").write_text("\n".join(rows))
    info = pipeline.import_dataset(tmp_path / "w", tmp_path / "odd.jsonl", source="labels_only")
    data = store.load(tmp_path / "w", info.id)
    assert len(store.names(tmp_path / "w", info.id)[1]) > 3000
    for row in range(4):
        shown = modality_of(data.inputs).shown(data.inputs[row]).content.decode()
        assert "<script" not in shown
    assert data.inputs[1].item().endswith("ü.wav")


def test_a_recorded_training_is_detected_decided_and_given_back(table, tmp_path):
    info = pipeline.import_dataset(tmp_path / "w", table, source="labels_only")
    rng, poison = np.random.default_rng(0), np.arange(0, 60, 3)
    losses = np.exp(-np.arange(8) / 2)[None] + 0.1 * rng.random((N, 8))
    losses[poison] *= 0.1
    with pytest.raises(UserError, match="cannot be trained"):
        pipeline.new_run(tmp_path / "w", info.id, TrainConfig())
    with pytest.raises(UserError, match="cannot be trained"):
        pipeline.usual_model(tmp_path / "w", info.id)
    recorder, features = Recorder(tmp_path / "r", N), rng.normal(size=(N, 6)) + (np.arange(N) % 3)[:, None] * 4
    features[poison, 1] += 9
    for epoch in range(8):
        recorder.record(epoch, np.arange(N), losses[:, epoch])
    recorder.activations(np.arange(N), features)
    recorder.predictions(np.arange(N), np.arange(N) % 3)
    recorder.close()
    run = pipeline.load_recorded(tmp_path / "w", RecordedRequest(info.id, recording=str(tmp_path / "r")))
    run = pipeline.work(run)
    assert not run.left
    assert "activation_clustering" in runs.detections(run)
    pipeline.detect(run, "abl_isolation", {})
    with pytest.raises(UserError, match="needs"):
        pipeline.detect(run, "strip", {})
    pipeline.decide(run, poison.tolist(), "exclude", reviewer="ann")
    assert removed_files(opened(run)) == [f"sounds/{row:03d}.wav" for row in poison]
    said = write_clean_copy(opened(run), tmp_path / "clean")
    assert (said["files"], said["samples"]) == ("names and labels", N - len(poison))
    again = labels_only(tmp_path / "clean" / "samples.csv")
    assert (len(again.train), len(again.test)) == (N - len(poison), 30)
    assert not set(again.train.names) & {f"sounds/{row:03d}.wav" for row in poison}
