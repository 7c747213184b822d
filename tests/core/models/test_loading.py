"""A model from elsewhere becomes a run: inspected as it is, trained on, repaired, or refused without a trace."""

import json
import os

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn
from typer.testing import CliRunner

from core import pipeline, runs, stages
from core.__main__ import app
from core.analysis.detector_table import seconds_per_pass, unmet
from core.analysis.opened_run import opened
from core.analysis.samples import sample_table
from core.data import store
from core.detectors import DETECTORS, GRADIENTS, LAYERS, NEEDS
from core.errors import UserError
from core.evaluation.sanity import sanity
from core.models import find_model
from core.models.catalogue import name_architectures, outside_names
from core.models.graphs import Graph, import_graph
from core.settings import ARCHITECTURES
from core.stages.load import trained_model
from core.training.config import TrainConfig
from core.training.loop import build_model
from tests.core import hostile
from tests.core.forked import as_a_worker
from tests.core.graphs import quarter_graph

SHAPE = (16, 16, 1)


@pytest.fixture
def workspace(make_dataset, tmp_path):
    """A workspace with 80 images in four classes, five of each known to be clean."""
    dataset = make_dataset(80, n_test=20)
    dataset.bona_fide[:20] = True
    store.save(tmp_path / "workspace", dataset, source="test")
    return tmp_path / "workspace"


@pytest.fixture
def oracle(tmp_path):
    """Weights of a ConvNet that tells the bright quarter: trained for a moment on other images of the kind."""
    torch.manual_seed(1)
    model = build_model(TrainConfig(seed=3), SHAPE, 4)
    torch.save({"state_dict": model.state_dict()}, tmp_path / "convnet.pth")
    return tmp_path / "convnet.pth"


def dataset_id(workspace):
    return store.describe_all(workspace)[0].id


def asked(workspace, weights, model="convnet", **fields):
    options = {name: fields.pop(name) for name in ("train", "layer", "everything") if name in fields}
    return pipeline.LoadRequest(dataset_id(workspace), TrainConfig(model, weights=str(weights), **fields), **options)


def invoke(workspace, *arguments):
    return CliRunner().invoke(app, [*map(str, arguments), "--workspace", str(workspace)])


def test_a_model_is_inspected_as_it_is(workspace, oracle):
    run = pipeline.load_model(workspace, asked(workspace, oracle, mean=(0.25,), std=(0.5,)))
    assert (run.plan, set(run.stages)) == (("load", "activations", "evaluate", "maps:pca"), {"load"})
    assert (run.has_model, run.traced, run.model_stage) == (True, False, "load")
    oracle.unlink()  # the run has all that it needs
    run = pipeline.work(run)
    dataset = opened(run).data
    model = build_model(TrainConfig(seed=3), SHAPE, 4).eval()
    batch = (torch.tensor(dataset.inputs[:]).permute(0, 3, 1, 2) / 255 - 0.25) / 0.5
    with torch.no_grad():
        logits = model(batch.float())
    losses = nn.functional.cross_entropy(logits, torch.tensor(dataset.labels), reduction="none").numpy()
    agree = np.array(run.array("predictions")) == logits.argmax(1).numpy()
    assert agree.mean() > 0.97  # bf16 may move one or two
    assert np.allclose(run.array("final_losses"), losses, atol=0.05)
    assert run.array("activations").shape == (80, 128)
    about = runs.loaded(run)
    assert (about["file"], about["notes"], about["fresh_head"]) == ("convnet.pth", [], False)
    assert json.loads((run.path / "run.json").read_text())["config"]["mean"] == [0.25]
    found = sanity(opened(run))
    assert found.train == np.mean(np.array(run.array("predictions")) == dataset.labels)
    assert found.chance == 0.25
    assert bool(found.warning) == (found.train < 0.5)
    assert seconds_per_pass(run) == run.stages["activations"]


def test_a_model_that_agrees_with_hardly_any_label_is_noticed(workspace, tmp_path):
    path = quarter_graph(tmp_path / "q.onnx")
    right, wrong = (
        pipeline.work(pipeline.load_model(workspace, asked(workspace, path, "onnx", **fields)))
        for fields in ({}, {"std": (1.0,), "mean": (0.5,), "input_size": 16})
    )
    assert sanity(opened(right)).warning == ""
    assert sanity(opened(wrong)).train == 1.0  # a shift of all pixels alike changes no order
    predictions = (np.array(wrong.array("predictions")) + (np.arange(80) % 5 > 0)) % 4
    runs.save_array(wrong, "predictions", predictions)
    found = sanity(opened(wrong))
    assert found.train == 0.2
    assert "predicts only 20.0% of the given labels; guessing reaches 25.0%" in found.warning
    assert "mean and std (now 0.5 and 1), colour order bgr" in found.warning


def test_detectors_without_trajectories_run_and_the_others_say_what_they_lack(workspace, oracle):
    run = pipeline.work(pipeline.load_model(workspace, asked(workspace, oracle)))
    for name in ("badloss", "logit_trajectories", "abl_isolation"):
        assert unmet(opened(run), DETECTORS[name]) == [NEEDS["trajectories"]]
    evidence = stages.gather_evidence(opened(run), ("model",))
    assert evidence.trajectories is None
    assert evidence.model is not None
    found = pipeline.detect(run, "consensus", {})
    assert found["detector"] == "consensus"
    notes = runs.detections(run)["consensus"].notes
    assert "no loss trajectories" in notes.left_out
    pipeline.detect(run, "strip", {"n_copies": 2})
    assert {"consensus_flagged", "strip_suspicion", "loss"} <= set(sample_table(opened(run)).columns)


def test_a_refused_file_leaves_no_run_behind(workspace, tmp_path):
    sentinel = tmp_path / "sentinel"
    evil = hostile.torch_zip(tmp_path / "evil.pt", sentinel)
    with pytest.raises(UserError, match=r"wants to call posix\.system"):
        pipeline.load_model(workspace, asked(workspace, evil))
    assert not sentinel.exists()
    assert runs.all_runs(workspace) == []
    done = invoke(workspace, "load-model", dataset_id(workspace), "--arch", "convnet", "--weights", evil)
    assert (done.exit_code, sentinel.exists()) == (2, False)
    assert "error: evil.pt was not opened" in done.stderr


def test_a_file_that_is_read_again_is_read_within_the_limits(workspace, oracle, monkeypatch):
    run = pipeline.load_model(workspace, asked(workspace, oracle))
    run = runs.update(run, stages={}, plan=("load",))
    monkeypatch.setenv("ASSAY_MOST_MEMORY", "none")  # asked for only where limits hold
    with pytest.raises(UserError, match="ASSAY_MOST_MEMORY is 'none'"):
        pipeline.work(run)
    monkeypatch.delenv("ASSAY_MOST_MEMORY")
    assert pipeline.work(run).done("load")


def test_fine_tuning_starts_from_the_weights_and_traces(workspace, oracle):
    fields = {"epochs": 1, "learning_rate": 1e-7, "train": True}
    run = pipeline.work(pipeline.load_model(workspace, asked(workspace, oracle, **fields)))
    assert run.plan[:2] == ("load", "train")
    assert run.traced
    assert run.array("losses").shape == (80, 1)
    given = build_model(TrainConfig(seed=3), SHAPE, 4).state_dict()["12.weight"]
    kept = trained_model(run, opened(run).data).state_dict()["12.weight"]
    assert torch.allclose(kept, given, atol=1e-4)  # seed 0 would have drawn others
    assert sanity(opened(run)) is None
    pipeline.decide(run, [0, 1], "exclude", reviewer="ann")
    again = pipeline.work(pipeline.new_repair(run))
    assert torch.allclose(trained_model(again, opened(again).data).state_dict()["12.weight"], given, atol=1e-4)


def test_repairs_of_an_inspected_model(workspace, oracle):
    run = pipeline.work(pipeline.load_model(workspace, asked(workspace, oracle)))
    pipeline.decide(run, [0, 1], "exclude", reviewer="ann")
    given = build_model(TrainConfig(seed=3), SHAPE, 4).state_dict()["12.weight"]
    weights = {}
    for how in ("retrain", "continue"):
        child = pipeline.work(pipeline.new_repair(run, how, epochs=1, learning_rate=1e-7))
        weights[how] = trained_model(child, opened(child).data).state_dict()["12.weight"]
        assert (child.array("losses").shape, child.traced) == ((78, 1), True)
    assert torch.allclose(weights["continue"], given, atol=1e-4)
    assert not torch.allclose(weights["retrain"], given, atol=1e-2)  # drawn afresh: those loaded may carry the backdoor


@pytest.mark.usefixtures("on_cpu")
def test_an_onnx_graph_is_inspected_with_the_input_of_its_last_linear_layer(workspace, tmp_path):
    path = quarter_graph(tmp_path / "q.onnx", softmax=True)
    run = pipeline.work(pipeline.load_model(workspace, asked(workspace, path, "onnx")))
    dataset = opened(run).data
    assert np.array_equal(run.array("predictions"), dataset.labels)
    assert sanity(opened(run)).train == 1.0
    assert runs.loaded(run)["notes"] == ["Its last Softmax is passed over: what comes before it are the logits."]
    quarters = dataset.inputs[:][..., 0].reshape(80, 2, 8, 2, 8).mean((2, 4)).reshape(80, 4) / 255
    assert np.allclose(run.array("activations"), quarters, atol=1e-5)
    assert unmet(opened(run), DETECTORS["cognitive_distillation"]) == [GRADIENTS]
    assert unmet(opened(run), DETECTORS["flare"]) == [LAYERS]
    with pytest.raises(UserError, match="a model that gradients flow through"):
        pipeline.detect(run, "cognitive_distillation", {})
    assert pipeline.detect(run, "strip", {"n_copies": 2})["detector"] == "strip"
    pipeline.decide(run, [0], "exclude", reviewer="ann")
    with pytest.raises(UserError, match="An ONNX graph cannot be trained"):
        pipeline.new_repair(run)
    with pytest.raises(UserError, match="An ONNX graph cannot be trained"):
        pipeline.load_model(workspace, asked(workspace, path, "onnx", train=True))


def test_a_graph_for_a_fixed_number_of_images_gets_them_in_such_numbers(tmp_path):
    images = torch.rand(7, 1, 16, 16)
    open_, fixed = (Graph(import_graph(quarter_graph(tmp_path / f"{n}.onnx", n), 4)[0])(images) for n in (None, 3))
    assert torch.allclose(open_, fixed)
    assert open_.shape == (7, 4)


def test_graphs_that_cannot_be_used_say_why(tmp_path):
    with pytest.raises(UserError, match="does not tell 9 classes apart"):
        import_graph(quarter_graph(tmp_path / "q.onnx"), 9)
    (tmp_path / "junk.onnx").write_bytes(b"\x08\x09junk" * 40)
    with pytest.raises(UserError, match=r"(no|empty) ONNX graph"):
        import_graph(tmp_path / "junk.onnx", 4)
    outside = helper.make_tensor("w", TensorProto.FLOAT, [1], [0.0])
    outside.data_location = TensorProto.EXTERNAL
    entry = outside.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"
    node = helper.make_node("Add", ["x", "w"], ["y"])
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    model = helper.make_model(helper.make_graph([node], "g", value[:1], value[1:], [outside]))
    (tmp_path / "apart.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(UserError, match="Its weights lie in other files"):
        import_graph(tmp_path / "apart.onnx", 4)


def test_an_architecture_of_timm_by_name_at_any_size(workspace, tmp_path):
    find_model("timm:test_resnet")
    config = TrainConfig("timm:test_resnet", input_size=32)
    network = build_model(config, SHAPE, 1000).network
    torch.save(network.state_dict(), tmp_path / "r.pth")
    run = pipeline.load_model(
        workspace, asked(workspace, tmp_path / "r.pth", "timm:test_resnet", input_size=32, layer="conv1.0")
    )
    run = pipeline.work(run)
    with pytest.raises(UserError, match=r"no layer 'nose'.*network\.fc \(Linear, 96\)"):
        pipeline.load_model(workspace, asked(workspace, tmp_path / "r.pth", "timm:test_resnet", layer="nose"))
    assert len(runs.all_runs(workspace)) == 1
    assert "for 1,000 classes, this data set has 4" in runs.loaded(run)["notes"][0]
    assert run.config["mean"] == [0.5, 0.5, 0.5]
    layers = {layer["name"]: layer for layer in runs.layers(run)}
    assert layers["network.fc"]["is_head"]
    assert run.array("activations").shape == (80, 3 * 32 * 32)
    assert sanity(opened(run)).warning == ""  # the head is fresh, which is said instead
    again = pipeline.work(pipeline.use_layer(run, "network.fc"))
    assert again.has_model
    assert again.array("activations").shape == (80, layers["network.fc"]["features"])


def test_an_architecture_of_ones_own_is_named_at_the_start(workspace, tmp_path, monkeypatch):
    monkeypatch.setenv(ARCHITECTURES, "")
    mark = tmp_path / "executed"
    file = tmp_path / "mine.py"
    file.write_text(
        f"from pathlib import Path\nfrom torch import nn\nPath({str(mark)!r}).touch()\n"
        "def tiny(shape, n_classes):\n    h, w, c = shape\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(h * w * c, 5), nn.Linear(5, n_classes))\n"
    )
    with pytest.raises(UserError, match="--architecture"):
        find_model("own:tiny")
    name_architectures([file])
    assert os.environ[ARCHITECTURES] == str(file)
    assert outside_names()[0] == "own:tiny"
    assert find_model("own:tiny").title == "tiny (your own)"
    assert not mark.exists()  # listed without being executed
    run = pipeline.work(pipeline.new_run(workspace, dataset_id(workspace), TrainConfig("own:tiny", epochs=1)))
    assert run.array("activations").shape == (80, 5)
    empty = tmp_path / "none.py"
    empty.write_text("x = 1")
    with pytest.raises(UserError, match="holds no architecture"):
        name_architectures([empty])


def test_the_command_line_loads_and_says_the_accuracy(workspace, oracle):
    arguments = (
        "load-model",
        dataset_id(workspace),
        "--arch",
        "convnet",
        "--weights",
        oracle,
        "--mean",
        "0.5",
        "--json",
    )
    done = invoke(workspace, *arguments)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    run = runs.open_run(workspace, found["run"])
    assert found["accuracy"] == sanity(opened(run)).train
    assert found["test_accuracy"] == runs.outcome(run).clean_accuracy
    assert run.config["mean"] == [0.5]
    wrong = invoke(workspace, "load-model", dataset_id(workspace), "--arch", "resnet18", "--weights", oracle)
    assert wrong.exit_code == 2
    assert "These weights do not fit resnet18. missing: " in wrong.stderr


def test_a_worker_carries_out_what_a_page_asked_for(workspace, oracle, asked_of_workers):
    upload = ("../../evil name.PTH", oracle.read_bytes())
    job = pipeline.start_loading(workspace, asked(workspace, "", train=True, epochs=1), upload)
    arguments = asked_of_workers[0][1]
    assert (arguments[0], arguments[-1]) == ("load-model", dataset_id(workspace))
    assert sorted(path.name for path in job.iterdir()) == ["asked.json", "weights.pth"]

    def work():
        said = []
        run = pipeline.carry_out(workspace, job, lambda progress, message: said.append(message))
        assert said == ["reading the file", "writing the model"]
        assert pipeline.loaded_run(workspace, job).id == run.id

    as_a_worker(work)
    run = pipeline.loaded_run(workspace, job)
    assert not (job / "weights.pth").exists()
    assert "train" in run.plan


@pytest.mark.usefixtures("on_cpu")
def test_a_graph_on_a_device_that_onnxruntime_cannot_use_is_computed_on_the_cpu_and_says_so(tmp_path):
    content, notes = import_graph(quarter_graph(tmp_path / "q.onnx"), 4)
    assert notes == []
    graph = Graph(content, torch.device("cuda"))
    assert graph(torch.rand(2, 1, 16, 16)).shape == (2, 4)
    assert "computed on the CPU" in graph.note
