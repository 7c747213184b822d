"""One damaged file in a workspace stops nothing but what it belongs to, and is named with what to do."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from core import checksums, pipeline, runs, stages
from core.__main__ import app
from core.analysis.opened_run import opened
from core.data import store
from core.errors import UserError
from core.runs import jobs
from core.runs.jobs import Progress
from core.stages.load import trained_model
from core.training.config import restored

HURT = [
    b"",
    bytes(40),
    b"\xff{}",
    b"[" * 100_000,
    b"[]",
    b"null",
    b'{"schema": 1}',
]


@pytest.fixture
def two(workspace, make_dataset):
    """A run on each of two data sets: the one whose files get hurt, and the one that has to stand."""
    kept = [store.save(workspace, make_dataset(seed=seed), source="test") for seed in (0, 1)]
    return [runs.create(workspace, info, {"model": "convnet"}, ("train",)) for info in kept]


def listed(workspace, *arguments):
    result = CliRunner().invoke(app, [*arguments, "--workspace", str(workspace), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout), result.stderr


@pytest.mark.parametrize("content", HURT)
def test_a_damaged_run_is_named_and_the_server_starts(workspace, two, asked_of_workers, content):
    hurt, other = two
    for run in two:
        jobs.write(run.path, Progress(state="running", title="Training", started=1.0))
    (hurt.path / "run.json").write_bytes(content)
    pipeline.wake(workspace, demo=True)
    assert [job for job, _ in asked_of_workers] == [other.path]
    lines, said = listed(workspace, "runs")
    assert [line["run"] for line in lines] == [other.id]
    assert said.startswith(f"damaged: The run {hurt.id} is damaged. ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("content", HURT)
def test_a_damaged_progress_file_stops_no_other_run(workspace, two, asked_of_workers, content):
    hurt, other = two
    jobs.write(other.path, Progress(state="running", title="Training", started=1.0))
    (hurt.path / "progress.json").write_bytes(content)
    assert [run.id for run in jobs.resume_interrupted(workspace)] == [other.id]
    assert [job for job, _ in asked_of_workers] == [other.path]
    assert {line["run"]: line["state"] for line in listed(workspace, "runs")[0]} == {
        hurt.id: "failed",
        other.id: "interrupted",
    }


@pytest.mark.parametrize("content", HURT)
def test_a_damaged_data_set_is_named_and_the_others_are_listed(workspace, two, content):
    hurt, other = two
    (workspace / "datasets" / hurt.dataset / "dataset.json").write_bytes(content)
    lines, said = listed(workspace, "datasets")
    assert [line["id"] for line in lines] == [other.dataset]
    assert said.startswith(f"damaged: The data set {hurt.dataset} is damaged. ")
    assert runs.open_run(workspace, other.id) == other
    with pytest.raises(UserError, match=f"The data set {hurt.dataset} is damaged"):
        runs.open_run(workspace, hurt.id)


@pytest.mark.parametrize("change", [{"attacks": [{"odd": 1}]}, {"shape": [4, 4]}, {"n": -1}, {"class_names": 3}])
def test_a_description_of_the_wrong_kind_is_damaged(workspace, two, change):
    path = workspace / "datasets" / two[0].dataset / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert [one.id for one in store.damaged_datasets(workspace)] == [two[0].dataset]


def test_where_all_is_damaged_no_demo_is_started(workspace, two, asked_of_workers):
    for run in two:
        (run.path / "run.json").write_bytes(b"")
    for info in store.describe_all(workspace):
        (workspace / "datasets" / info.id / "dataset.json").write_bytes(b"")
    pipeline.wake(workspace, demo=True)
    assert asked_of_workers == []


def test_names_and_problems_that_are_damaged_are_said(workspace, two):
    folder = workspace / "datasets" / two[0].dataset
    (folder / "names.json").write_bytes(b"[]")
    (folder / "problems.json").write_bytes(b'[{"kind": "x"}]')
    with pytest.raises(UserError, match=r"names.json of the data set .* is damaged"):
        store.names(workspace, two[0].dataset)
    with pytest.raises(UserError, match=r"it has no \[0\].what"):
        store.problems(workspace, two[0].dataset)


def test_a_run_whose_outcome_is_damaged_is_named_and_the_others_are_listed(workspace, two):
    (two[0].path / "outcome.json").write_bytes(b"\xff")
    lines, said = listed(workspace, "runs")
    assert [line["run"] for line in lines] == [two[1].id]
    assert "outcome.json of the run" in said


def hurt(path):
    """One byte of the file, in its middle, is another one."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)


READ = {
    "history.json": runs.history,
    "layers.json": runs.layers,
    "outcome.json": runs.outcome,
    "losses.npy": lambda run: run.array("losses"),
    "predictions.npy": lambda run: run.array("predictions"),
    "map-all-pca.npy": lambda run: run.array("map-all-pca"),
    "detections/badloss.json": lambda run: opened(run).flagged,
    "detections/badloss.npz": lambda run: opened(run).flagged,
    "model.safetensors": lambda run: trained_model(run, opened(run).data),
}


@pytest.mark.parametrize("file", READ)
def test_a_file_with_one_wrong_byte_is_named_with_what_to_do(finished, file):
    READ[file](finished)
    hurt(finished.path / file)
    with pytest.raises(UserError, match=f"{Path(file).name} of the run {finished.id} is damaged") as caught:
        READ[file](finished)
    assert caught.value.hint


@pytest.mark.parametrize("file", READ)
def test_a_file_that_is_gone_is_named(finished, file):
    (finished.path / file).unlink()
    with pytest.raises(UserError, match=rf"{Path(file).name} of the run {finished.id} is damaged.*missing"):
        READ[file](finished)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"PK\x03\x04 and no more", bytes(200)])
@pytest.mark.parametrize("file", ["losses.npy", "detections/badloss.npz", "model.safetensors"])
def test_a_file_without_a_checksum_that_cannot_be_read_is_said(finished, file, content):
    (finished.path / checksums.FILE).unlink()
    (finished.path / file).write_bytes(content)
    with pytest.raises(UserError, match=f"{Path(file).name} of the run {finished.id} is damaged"):
        READ[file](finished)


def test_a_run_whose_description_says_something_else_is_damaged(finished):
    path = finished.path / "run.json"
    path.write_text(path.read_text().replace('"epochs": 2', '"epochs": 3'))
    with pytest.raises(UserError, match=f"The run {finished.id} is damaged"):
        runs.open_run(finished.workspace, finished.id)


def test_a_damaged_detection_is_left_out_and_the_others_stay(finished):
    hurt(finished.path / "detections/badloss.npz")
    found = opened(finished)
    assert set(found.detections) == {"activation_clustering"}
    assert [one.id for one in found.damaged_detections] == ["badloss"]
    assert f"python -m core detect {finished.id} badloss" in str(found.damaged_detections[0].error)
    pipeline.detect(finished, "badloss", {})
    assert set(opened(finished).detections) == {"activation_clustering", "badloss"}


def test_a_damaged_checkpoint_is_said_and_training_can_begin_anew(finished):
    run = pipeline.new_run(finished.workspace, finished.dataset, restored(finished.config), plan=("train",))

    def stopped(progress):
        if "epoch 1 of" in progress.message:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stages.work(run, stopped, None, pause=0.0)
    assert checksums.wrong(run.path, "losses.npy") == ""
    assert {"losses.npy", "history.json", "checkpoint/last.pt"} <= set(checksums.recorded(run.path))
    for content in (b"", bytes(100), b"PK\x03\x04"):
        checksums.forget(run.path, "checkpoint/last.pt")
        (run.path / "checkpoint" / "last.pt").write_bytes(content)
        with pytest.raises(UserError, match=r"The checkpoint of the training is damaged.*Delete .*checkpoint"):
            pipeline.work(run)
    shutil.rmtree(run.path / "checkpoint")
    assert np.array_equal(pipeline.work(run).array("losses"), finished.array("losses"))
