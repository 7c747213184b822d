"""Trainings from elsewhere: every kind of file becomes the same run, and what is not of the data set is refused."""

import json

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from core import pipeline, runs
from core.__main__ import app
from core.analysis.opened_run import opened
from core.analysis.rules import Rule
from core.analysis.samples import sample_table
from core.data import store
from core.errors import UserError
from core.output.export import write_export
from core.output.report import report_html
from core.pipeline.recorded import RecordedRequest, load_recorded
from core.recorder import Recorder

N, K, EPOCHS = 120, 4, 6


@pytest.fixture
def dataset(workspace, make_dataset):
    """A stored data set of 120 samples in four classes."""
    return store.save(workspace, make_dataset(N), source="made")


@pytest.fixture
def made():
    """Losses, activations, predictions and probabilities of a training; sample 5 is learned unlike the rest."""
    rng = np.random.default_rng(0)
    losses = (np.exp(-np.arange(EPOCHS)) + rng.random((N, EPOCHS)) * 0.1 + 0.01).astype(np.float32)
    losses[5] = 3.0
    labels = np.arange(N) % K
    chances = np.full((N, EPOCHS, K), 0.1)
    chances[np.arange(N), :, labels] = 0.7
    return losses, rng.normal(size=(N, 8)).astype(np.float32), labels, chances


def load(workspace, dataset, **paths):
    named = {kind: str(path) for kind, path in paths.items()}
    return load_recorded(workspace, RecordedRequest(dataset.id, **named))


def test_a_recording_is_a_run_with_detectors_maps_review_and_report(workspace, dataset, made, tmp_path):
    losses, activations, predicted, _ = made
    with Recorder(tmp_path / "r", N, dataset.class_names) as recorder:
        for epoch in range(EPOCHS):
            recorder.record(epoch, np.arange(N)[::-1], losses[::-1, epoch])
        recorder.activations(np.arange(N), activations)
        recorder.predictions(np.arange(N), predicted)
    run = load(workspace, dataset, recording=tmp_path / "r")
    assert (run.recorded, run.traced, run.has_model, run.trainable) == (True, True, False, False)
    assert np.array_equal(run.array("losses"), losses)
    run = pipeline.work(run, only=[stage for stage in run.plan if "umap" not in stage])
    assert set(runs.detections(run)) == {"activation_clustering", "consensus"}
    assert run.array("map-trajectories-pca").shape == (N, 2)
    table = sample_table(opened(run))
    assert table["predicted"].tolist() == predicted.tolist()
    assert np.allclose(table["loss"], losses[:, -1])
    assert "Trained elsewhere, recorded" in report_html(run)
    pipeline.decide(run, [5], "exclude", reviewer="ann")
    assert write_export(opened(run), "poison_indices", tmp_path / "ids.txt") >= 1
    with pytest.raises(UserError, match="took place elsewhere"):
        pipeline.new_repair(run)
    with pytest.raises(UserError, match="model of this run is not here"):
        pipeline.plan_decision(run)
    with pytest.raises(UserError, match="It needs the trained model"):
        pipeline.start_detection(run, "strip", {})


def test_losses_alone_are_enough_for_trajectories(workspace, dataset, made, tmp_path):
    np.save(tmp_path / "losses.npy", made[0])
    run = load(workspace, dataset, losses=tmp_path / "losses.npy")
    run = pipeline.work(run, only=["detect:abl_isolation", "maps:pca"])
    assert (run.traced, run.has_activations, run.has_predictions) == (True, False, False)
    assert int(runs.detections(run)["abl_isolation"].suspicion.size) == N
    assert sample_table(opened(run))["predicted"].isna().all()
    pipeline.choose_rule(run, "abl_isolation", Rule("budget", 4))
    assert "→ ?" in report_html(run)
    assert "No activations were recorded" in " ".join(runs.recorded(run)["notes"])


def cartography(folder, losses, labels):
    """What dataset cartography writes: logits of every sample, by epoch."""
    for epoch in range(losses.shape[1]):
        lines = []
        for row, (loss, label) in enumerate(zip(losses[:, epoch], labels, strict=True)):
            logits = [0.0] * K  # log(e^x + 3) − x is the loss
            logits[label] = float(np.log(K - 1) - np.log(np.expm1(max(loss, 1e-3))))
            lines.append(json.dumps({"guid": row, f"logits_epoch_{epoch}": logits, "gold": int(label)}))
        (folder / f"dynamics_epoch_{epoch}.jsonl").write_text("\n".join(lines))
    return folder


@pytest.mark.parametrize(
    "kind", ["npy", "transposed", "trajectories.pt", "cartography", "assay.jsonl", "probabilities"]
)
def test_every_kind_of_file_gives_the_same_losses(workspace, dataset, made, tmp_path, kind):
    losses, _, labels, chances = made
    path, what = tmp_path / "losses.npy", "losses"
    if kind == "probabilities":
        losses, path, what = np.full((N, EPOCHS), -np.log(0.7), np.float32), tmp_path / "q.npy", "probabilities"
        np.save(path, chances)
    elif kind == "trajectories.pt":
        path = tmp_path / kind
        content = {"losses": torch.tensor(losses), "probs": torch.rand(N, EPOCHS), "probe_id": torch.arange(3)}
        torch.save(content, path)
    elif kind == "cartography":
        path = tmp_path / "training_dynamics"
        path.mkdir()
        cartography(path, losses, labels)
    elif kind == "assay.jsonl":
        path = tmp_path / kind
        path.write_text("\n".join(json.dumps({"guid": row, "losses": losses[row].tolist()}) for row in range(N)))
    else:
        np.save(path, losses.T if kind == "transposed" else losses)
    run = load(workspace, dataset, **{what: path})
    assert np.allclose(run.array("losses"), losses, rtol=1e-4)


def test_probabilities_of_one_moment_give_predictions_and_no_trajectories(workspace, dataset, made, tmp_path):
    np.save(tmp_path / "q.npy", made[3][:, -1])
    run = load(workspace, dataset, probabilities=tmp_path / "q.npy")
    assert (run.traced, run.has_predictions) == (False, True)
    assert np.allclose(run.array("final_losses"), -np.log(0.7), rtol=1e-5)
    assert run.array("predictions").tolist() == made[2].tolist()
    assert "no trajectories" in " ".join(runs.recorded(run)["notes"])


def test_samples_are_matched_by_name_in_any_order_and_below_any_folder(workspace, dataset, made, tmp_path):
    names = [f"class {row % K}/{row}.png" for row in range(N)]
    (workspace / "datasets" / dataset.id / "names.json").write_text(json.dumps({"train": names, "test": []}))
    order = np.random.default_rng(3).permutation(N)
    with Recorder(tmp_path / "r", N, names=[f"/data/photos/{names[row]}" for row in order]) as recorder:
        for epoch in range(EPOCHS):
            recorder.record(epoch, np.arange(N), made[0][order, epoch])
    assert np.array_equal(load(workspace, dataset, recording=tmp_path / "r").array("losses"), made[0])


def test_gaps_are_filled_and_said_and_a_sample_without_any_loss_is_refused(workspace, dataset, made, tmp_path):
    losses = np.array(made[0])
    losses[3, 2], losses[4, 0], losses[:100, -1] = np.nan, np.inf, np.nan
    np.save(tmp_path / "losses.npy", losses)
    run = load(workspace, dataset, losses=tmp_path / "losses.npy")
    kept = run.array("losses")
    assert kept.shape == (N, EPOCHS - 1)
    assert kept[3, 2] == losses[3, 1]
    assert kept[4, 0] == losses[4, 1]
    assert any("1 epochs were left out" in note for note in runs.recorded(run)["notes"])
    losses[7] = np.nan
    np.save(tmp_path / "losses.npy", losses)
    with pytest.raises(UserError, match="The loss of 1 samples was never recorded"):
        load(workspace, dataset, losses=tmp_path / "losses.npy")


def wrong(folder, kind):
    """A file of another shape or content than it should have, and what has to be said of it."""
    path = folder / "x.npy"
    arrays = {
        "other data": (np.ones((N + 7, 3)), "Which is which cannot be told"),
        "no numbers": (np.array([["a"] * 3] * N), "It has to be numbers"),
        "a cube": (np.ones((N, 2, 2)), "has to be \\(n, epochs\\)"),
        "nothing": (np.ones((N, 0)), "It has to be numbers"),
    }
    if kind in arrays:
        np.save(path, arrays[kind][0])
        return path, arrays[kind][1]
    if kind == "objects":
        header = "{'descr': '|O', 'fortran_order': False, 'shape': (120,), }"
        path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + b"\x80\x04}.")
        return path, "cannot be read"
    if kind == "a pickle":
        path = folder / "x.pt"
        torch.save({"losses": np.ones}, path)
        return path, "was not loaded"
    path = folder / "x.jsonl"
    path.write_text('{"losses": [1, 2]}\n{"losses": [1]}\n' if kind == "ragged" else "{\n")
    return path, "one length" if kind == "ragged" else "is no JSON"


@pytest.mark.parametrize(
    "kind", ["other data", "no numbers", "a cube", "nothing", "objects", "a pickle", "ragged", "broken"]
)
def test_what_is_no_recording_of_the_data_is_refused_in_words_and_leaves_nothing(workspace, dataset, tmp_path, kind):
    path, words = wrong(tmp_path, kind)
    with pytest.raises(UserError, match=words):
        load(workspace, dataset, losses=path)
    assert runs.all_runs(workspace) == []


def test_other_classes_and_logits_in_place_of_probabilities_are_refused(workspace, dataset, made, tmp_path):
    with Recorder(tmp_path / "r", N, ["cat", "dog"]) as recorder:
        recorder.record(0, np.arange(N), made[0][:, 0])
    with pytest.raises(UserError, match="other classes"):
        load(workspace, dataset, recording=tmp_path / "r")
    np.save(tmp_path / "q.npy", np.full((N, K), 3.0))
    with pytest.raises(UserError, match="holds no probabilities"):
        load(workspace, dataset, probabilities=tmp_path / "q.npy")
    with pytest.raises(UserError, match="Nothing was named"):
        load(workspace, dataset)


def test_the_command_names_what_it_flagged(workspace, dataset, made, tmp_path):
    np.save(tmp_path / "losses.npy", made[0])
    options = ["--losses", str(tmp_path / "losses.npy"), "--no-detect", "--workspace", str(workspace), "--json"]
    done = CliRunner().invoke(app, ["load-run", "latest", *options])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["epochs"], said["flagged"]) == (EPOCHS, {})
    assert runs.open_run(workspace, said["run"]).name == f"{dataset.name} recorded"
