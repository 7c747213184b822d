"""The stage that decides, and its command: on small trained runs, on runs that cannot be trained, after a kill."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits
from typer.testing import CliRunner

from core import pipeline, runs, stages
from core.__main__ import app
from core.analysis.decision import PICTURES, as_dict, decision_of
from core.analysis.opened_run import opened
from core.analysis.samples import sample_table
from core.data import store
from core.decision.decide import NO_TRAINING, TRAININGS
from core.decision.states import STATES
from core.errors import UserError
from core.journal import review
from core.modalities.image.inputs import ImageInputs
from core.pipeline.detection import MOST_TRAININGS
from core.runs import jobs
from core.training.config import TrainConfig
from tests.core.graphs import quarter_graph

CONFIG = TrainConfig(epochs=8, batch_size=32, learning_rate=3e-3, precision="fp32")


@pytest.fixture(scope="module")
def trained_workspace(make_dataset, tmp_path_factory):
    """A run on 280 scenes of four classes, of which 36 carry a white square and the label 2; activations are there."""
    workspace, dataset = tmp_path_factory.mktemp("decided"), make_dataset(280)
    scenes = np.random.default_rng(0).integers(0, 120, (280, 4, 4, 1)).repeat(4, 1).repeat(4, 2)
    poison = np.flatnonzero(dataset.labels != 2)[:36]
    images, labels = (dataset.inputs[:] // 2 + scenes).astype(np.uint8), dataset.labels.copy()
    images[poison, -3:, 6:10] = 255
    labels[poison] = 2
    dataset = replace(dataset, inputs=ImageInputs(images), labels=labels, bona_fide=np.arange(280) >= 220)
    info = store.save(workspace, dataset, source="test")
    pipeline.work(pipeline.new_run(workspace, info.id, CONFIG, plan=("train", "activations")))
    return workspace, poison


@pytest.fixture(autouse=True, scope="module")
def one_core():
    """On arrays this small, threads that wait for each other cost more than they do."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def decided(trained_workspace, tmp_path_factory):
    """The same run, decided with a second training; and the progress that was told."""
    workspace = shutil.copytree(trained_workspace[0], tmp_path_factory.mktemp("decided") / "workspace")
    seen = []
    planned = pipeline.plan_decision(runs.all_runs(workspace)[0])
    return stages.work(planned, seen.append, None, pause=0.0), seen


@pytest.fixture
def trained(trained_workspace, tmp_path):
    """That run, in a workspace of this test's own, and who is poison."""
    workspace = shutil.copytree(trained_workspace[0], tmp_path / "workspace")
    return runs.all_runs(workspace)[0], trained_workspace[1]


def told(run):
    """The decision of a run, as a program gets it."""
    now = opened(runs.current(run))
    return as_dict(decision_of(now), now.data.ids)


def invoke(run, *arguments):
    return CliRunner().invoke(app, ["decide", run.id, *arguments, "--workspace", str(run.workspace)])


def test_a_run_is_decided_with_a_second_training_and_the_consensus_first(trained_workspace, decided):
    (done, seen), poison = decided, trained_workspace[1]
    assert done.plan == ("train", "activations", "detect:consensus", "decide")
    assert done.left == []
    words = [progress.message for progress in seen]
    assert any("recovering triggers" in message for message in words)
    assert any("epoch 8 of 8" in message for message in words)
    decision = decision_of(opened(done))
    assert decision.verdict == "backdoor"
    assert decision.left_out == ""
    assert {group.target_class for group in decision.groups if group.state == "backdoor"} == {2}
    flagged = decision.states == STATES.index("backdoor")
    assert flagged[poison].mean() >= 0.9
    assert flagged.sum() <= 1.1 * len(poison)
    assert decision.groups[0].flip_rate > 0.9
    assert done.array(PICTURES).shape == (len(decision.groups), *opened(done).data.shape)
    assert sample_table(opened(done))["decision"].tolist() == [STATES[state] for state in decision.states]


def test_without_a_second_training_that_is_said(trained):
    run, _ = trained
    done = pipeline.work(pipeline.plan_decision(run, training=False))
    assert done.plan[-1] == "decide:untrained"
    assert told(done)["left_out"] == NO_TRAINING
    assert told(done)["verdict"] == "backdoor"
    again = pipeline.plan_decision(done)
    assert [stage for stage in again.plan if stage.startswith("decide")] == ["decide"]
    assert again.left == ["decide"]
    assert again.plan.count("detect:consensus") == 1


def test_a_decision_that_is_killed_begins_again_and_gives_the_same(trained, decided):
    run, _ = trained
    planned = pipeline.plan_decision(run)

    def killed(progress):
        if "epoch 3" in progress.message:
            raise jobs.Cancelled

    with pytest.raises(jobs.Cancelled):
        stages.work(planned, killed, None, pause=0.0)
    stopped = runs.current(run)
    assert stopped.left == ["decide"]
    assert decision_of(opened(stopped)) is None
    assert told(pipeline.work(stopped)) == told(decided[0])


def test_what_cannot_be_decided_is_refused_in_words(workspace, make_dataset):
    info = store.save(workspace, make_dataset(40, n_test=8), source="test")
    run = pipeline.new_run(workspace, info.id, CONFIG)
    assert pipeline.decision_seconds(run) is None
    with pytest.raises(UserError, match="There is nothing to decide yet"):
        pipeline.plan_decision(run)
    refused = invoke(run)
    assert refused.exit_code == 2
    assert refused.stderr.startswith("error: There is nothing to decide yet.")


def test_the_command_prints_one_document_and_says_what_it_costs(trained):
    run, poison = trained
    cost = json.loads(invoke(run, "--estimate", "--json").stdout)
    cheaper = json.loads(invoke(run, "--estimate", "--no-training", "--json").stdout)
    assert (cost["trains"], cheaper["trains"]) == (True, False)
    assert len(TRAININGS) == MOST_TRAININGS
    assert cost["seconds"] == pytest.approx(cheaper["seconds"] + MOST_TRAININGS * run.stages["train"])
    assert runs.current(run).plan == run.plan
    done = invoke(run, "--no-training", "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["verdict"] == "backdoor"
    assert document["headline"].startswith("Backdoor confirmed in class 2: ")
    assert np.isin(poison, document["flagged"]).mean() >= 0.9
    assert {"class", "state", "size", "flip_rate", "control", "p", "kind"} <= set(document["groups"][0])


def test_what_the_decision_calls_backdoor_is_excluded_at_once(decided):
    run = runs.current(decided[0])
    flagged = set(told(run)["flagged"])
    words = ["verdict", run.id, "exclude", "--decided", "backdoor", "--json", "--workspace", str(run.workspace)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["samples"] == len(flagged)
    verdicts = review.verdicts(run.workspace, run.id)
    assert {sample for sample, verdict in verdicts.items() if verdict.decision == "exclude"} == flagged
    assert set(review.journal(run.workspace, run.id)["suggested_by"]) == {"decision"}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--decided", "poison"], "There is no state 'poison'"),
        (["--decided", "wrong label"], "No sample is called wrong label"),
        ([], "It is not said which samples are meant"),
        (["--decided", "backdoor", "--flagged", "consensus"], "It is not said which samples are meant"),
    ],
)
def test_a_verdict_on_a_state_that_is_not_there_is_refused(decided, words, why):
    run = decided[0]
    done = CliRunner().invoke(app, ["verdict", run.id, "exclude", *words, "--workspace", str(run.workspace)])
    assert done.exit_code == 2
    assert why in done.stderr


def test_a_verdict_on_a_state_before_a_decision_is_refused(trained):
    with pytest.raises(UserError, match="Nothing was decided on this run yet"):
        pipeline.decide_state(trained[0], ["backdoor"], "exclude", reviewer="ann")


def test_a_model_that_was_only_loaded_is_asked_and_no_second_one_is_trained(trained, tmp_path):
    run, poison = trained
    weights = shutil.copy(run.path / "model.safetensors", tmp_path)
    request = pipeline.LoadRequest(run.dataset, replace(CONFIG, weights=str(weights)))
    loaded = pipeline.load_model(run.workspace, request)
    loaded = pipeline.work(runs.update(loaded, plan=("load", "activations")))
    assert not loaded.traced
    assert json.loads(invoke(loaded, "--estimate", "--json").stdout)["trains"] is False
    done = pipeline.work(pipeline.plan_decision(loaded))
    assert told(done)["left_out"] == NO_TRAINING
    assert told(done)["verdict"] == "backdoor"
    assert np.isin(poison, told(done)["flagged"]).mean() >= 0.9


def test_an_onnx_graph_is_asked_and_no_second_one_is_trained(trained, tmp_path):
    run, _ = trained
    path = quarter_graph(tmp_path / "graph.onnx")
    request = pipeline.LoadRequest(run.dataset, TrainConfig("onnx", weights=str(path)))
    loaded = pipeline.work(pipeline.load_model(run.workspace, request))
    done = pipeline.work(pipeline.plan_decision(loaded))
    assert told(done)["left_out"] == NO_TRAINING
    assert not [group for group in told(done)["groups"] if group["flip_rate"]]
