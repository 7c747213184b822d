"""The contract of the command line: what each command prints, and how it fails."""

import json
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from core import pipeline, runs
from core.__main__ import app
from core.analysis.opened_run import opened
from core.attacks import ATTACKS
from core.data import store
from core.data.store.demo import demo
from core.detectors import DETECTORS
from core.evaluation import results
from core.models import MODELS

ROOT = Path(__file__).parents[3]
UNDECIDED = re.compile(
    r"\d+ of \d+ flagged samples are undecided \(flagged by [^)]+\); undecided samples stay in the data\.\n"
)
SMALL = ("--epochs", "2", "--batch-size", "64", "--no-detect")


def invoke(workspace, *arguments):
    return CliRunner().invoke(app, [*map(str, arguments), "--workspace", str(workspace)])


def answer(workspace, *arguments):
    """The one JSON document that a command prints. Beside it there is one sentence, where samples are undecided."""
    result = invoke(workspace, *arguments, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    undecided = found.get("undecided") if isinstance(found, dict) else None
    assert UNDECIDED.sub("", result.stderr) == ""
    assert bool(result.stderr) == bool(undecided)
    return found


@pytest.fixture(scope="module")
def part_of_the_demo(tmp_path_factory):
    """The first 400 training and 100 test images of the demo, as an archive; and ten ids of bona fide samples."""
    folder = tmp_path_factory.mktemp("source")
    data = demo()
    arrays = {"x_train": data.inputs[:400][..., 0], "y_train": data.labels[:400]}
    arrays |= {"x_test": data.test_inputs[:100][..., 0], "y_test": data.test_labels[:100]}
    np.savez(folder / "part.npz", **arrays, class_names=np.array(data.class_names))
    (folder / "ids.txt").write_text("\n".join(map(str, range(40))))
    return folder


@pytest.fixture(scope="module")
def journey(part_of_the_demo, tmp_path_factory):
    """Every command from import to repair on 400 images, and what each of them answered."""
    workspace = tmp_path_factory.mktemp("journey")
    ids = part_of_the_demo / "ids.txt"
    found = {"workspace": workspace}
    found["import"] = answer(workspace, "import", part_of_the_demo / "part.npz", "--name", "Part", "--bona-fide", ids)
    specs = ("patch:ratio=0.05,target=2", "blended_random:ratio=0.05,target=3,alpha=0.2")
    found["attack"] = answer(workspace, "attack", found["import"]["dataset"], *specs, "--seed", 1)
    found["train"] = answer(workspace, "train", found["attack"]["dataset"], *SMALL, "--lr", 0.003, "--seed", 2)
    run = found["run"] = found["train"]["run"]
    settings = ("--set", "reject_fraction=0.1", "--set", "n_neighbors=5")
    found["badloss"] = answer(workspace, "detect", run, "badloss", *settings)
    found["clustering"] = answer(workspace, "detect", run, "activation_clustering", "--set", "n_components=5")
    found["verdict"] = answer(workspace, "verdict", run, "exclude", "--flagged", "badloss", "--reviewer", "ann")
    found["repair"] = answer(workspace, "repair", run, "--how", "retrain")
    return found


@pytest.fixture(scope="module")
def undecided(journey, tmp_path_factory):
    """How many samples the leading detector flags that nobody has decided on, counted in the export.

    How many it flags hangs on the last bits of a training, which differ between machines.
    """
    path = tmp_path_factory.mktemp("exported") / "samples.csv"
    answer(journey["workspace"], "export", journey["run"], "--to", path)
    table = pd.read_csv(path)
    count = int((table["activation_clustering_flagged"] & table["verdict"].isna()).sum())
    assert count > 0
    return count


def test_import(journey):
    found = journey["import"]
    assert found.keys() == {"dataset", "n", "n_test", "classes", "shape", "skipped", "problems", "bona_fide"}
    assert (found["n"], found["classes"], found["shape"]) == (400, 10, [28, 28, 1])
    assert (found["skipped"], found["problems"]) == (0, {})
    assert found["dataset"].startswith("part-")


def test_attack(journey):
    assert journey["attack"].keys() == {"dataset", "poisoned", "specification"}
    assert journey["attack"]["poisoned"] == {"patch": 20, "blended_random": 20}


def test_train(journey):
    assert journey["train"].keys() == {"run", "clean_accuracy", "attack_success_rate", "doubled_attack_success_rate"}
    assert 0.1 < journey["train"]["clean_accuracy"] <= 1
    assert journey["train"]["attack_success_rate"].keys() == {"patch", "blended_random"}


def test_detect(journey):
    for name, answered in (("badloss", "badloss"), ("activation_clustering", "clustering")):
        found = journey[answered]
        figures = {"flagged", "seconds", "auroc", "precision", "recall"}
        assert found.keys() == {"detector", "rule", "judged"} | figures
        assert found["detector"] == name
        assert 0 <= found["auroc"] <= 1
    assert journey["badloss"]["flagged"] == 40
    assert journey["badloss"]["rule"] == "by its own rule (reject fraction 10%)"
    assert journey["badloss"]["judged"] == "Judged 0 of 10 classes: Activation Clustering has not run."
    assert journey["clustering"]["judged"].startswith("Activation Clustering judged 10 of 10 classes: ")


def test_what_a_detector_would_cost(journey):
    arguments = ("detect", journey["run"], "strip", "--set", "n_copies=3", "--estimate")
    found = answer(journey["workspace"], *arguments)
    assert (found["detector"], found["forward_passes"]) == ("strip", 3)
    assert found["seconds"] > 0
    assert "strip" not in results.detector_figures(opened(runs.open_run(journey["workspace"], journey["run"])))


def test_how_strict_to_be(journey):
    arguments = ("threshold", journey["run"], "activation_clustering", "--rule")
    found = answer(journey["workspace"], *arguments, "budget", "--value", 17)
    assert (found["rule"], found["flagged"]) == ("the 17 most suspicious", 17)
    answer(journey["workspace"], *arguments, "own")
    rate = answer(journey["workspace"], "threshold", journey["run"], "badloss", "--rule", "rate", "--value", 0.2)
    assert rate["rule"] == "at a rate of 20% wrong none stands out"
    assert "at most" not in rate["rule"]
    answer(journey["workspace"], "threshold", journey["run"], "badloss", "--rule", "own")
    refused = invoke(journey["workspace"], *arguments, "budget")
    assert refused.exit_code == 2
    assert "at least 1" in refused.stderr


def test_verdict_and_repair(journey, undecided):
    assert journey["verdict"]["samples"] == 40
    assert journey["verdict"]["rules"] == {"badloss": "by its own rule (reject fraction 10%)"}
    assert journey["verdict"]["bona_fide"] == 0
    assert journey["repair"].keys() == {"run", "how", "before", "after", "removed", "relabelled", "undecided", "judged"}
    assert journey["repair"]["undecided"] == undecided
    assert (journey["repair"]["how"], journey["repair"]["relabelled"]) == ("retrain", 0)
    assert journey["repair"]["removed"] == 40
    for moment in ("before", "after"):
        rates = {"attack_success_rate", "doubled_attack_success_rate"}
        assert journey["repair"][moment].keys() == {"clean_accuracy"} | rates
    assert journey["repair"]["before"] == {key: journey["train"][key] for key in journey["repair"]["before"]}


@pytest.mark.parametrize("ending", ["csv", "parquet", "json"])
def test_export(journey, tmp_path, ending):
    path = tmp_path / f"samples.{ending}"
    assert answer(journey["workspace"], "export", journey["run"], "--to", path)["rows"] == 400
    read = {"csv": pd.read_csv, "parquet": pd.read_parquet, "json": pd.read_json}[ending]
    table = read(path)
    detectors = [
        f"{name}_{column}" for name in ("badloss", "activation_clustering") for column in ("suspicion", "flagged")
    ]
    assert table.columns.tolist() == [
        "id",
        "name",
        "label",
        "class_name",
        "predicted",
        "loss",
        *detectors,
        "verdict",
        "new_label",
    ]
    assert table["id"].tolist() == list(range(400))
    labels = store.load(journey["workspace"], journey["attack"]["dataset"]).labels
    assert table["label"].tolist() == labels.tolist()
    assert ((table["verdict"] == "exclude") == table["badloss_flagged"]).all()
    assert table["new_label"].isna().all()


def test_report(journey, undecided, tmp_path):
    found = answer(journey["workspace"], "report", journey["run"], "--out", tmp_path / "report.html")
    size = (tmp_path / "report.html").stat().st_size
    judged = found.pop("judged")
    assert judged.startswith("Activation Clustering judged 10 of 10 classes: ")
    assert found == {"report": str(tmp_path / "report.html"), "bytes": size, "undecided": undecided}


def test_reclassify(journey):
    found = answer(journey["workspace"], "reclassify", journey["run"], "--class", 4, "--class", 1, "--each")
    assert [entry["class"] for entry in found] == [1, 4]
    for entry in found:
        assert 0 < entry["own"] + entry["other"] <= entry["n"]
        assert entry["poisoned"] == (entry["own"] < entry["other"])
        assert entry["words"]


def test_lists(journey):
    workspace = journey["workspace"]
    child, parent = answer(workspace, "runs")
    assert (parent["run"], parent["state"], parent["parent"]) == (journey["run"], "done", None)
    assert (child["run"], child["parent"]) == (journey["repair"]["run"], journey["run"])
    assert parent["clean_accuracy"] == journey["train"]["clean_accuracy"]
    datasets = {found["id"]: found for found in answer(workspace, "datasets")}
    assert datasets.keys() == {journey["import"]["dataset"], journey["attack"]["dataset"]}
    assert datasets[journey["attack"]["dataset"]]["attacks"] == ["patch", "blended_random"]
    assert datasets[journey["import"]["dataset"]]["n_bona_fide"] == 40
    for command, family in (("detectors", DETECTORS), ("attacks", ATTACKS), ("models", MODELS)):
        assert [entry["name"] for entry in answer(workspace, command)] == list(family)


def test_layers(journey):
    found = answer(journey["workspace"], "layers", journey["run"])
    assert [layer["features"] for layer in found if layer["used"]] == [128]


def test_people_get_tables_and_facts(journey, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    workspace = journey["workspace"]
    assert journey["run"] in invoke(workspace, "runs").stdout
    assert "badloss" in invoke(workspace, "detectors").stdout
    printed = invoke(workspace, "detect", journey["run"], "activation_clustering", "--set", "n_components=5").stdout
    assert "detector: activation_clustering\n" in printed
    assert "nothing yet" in invoke(workspace / "empty", "runs").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("import", "missing.npz"), "There is nothing at missing.npz."),
        (("attack", "{dataset}", "warp"), "There is no attack named 'warp'. Known: patch"),
        (("attack", "{dataset}", "patch:ratio=2"), "ratio=2 cannot be used"),
        (("attack", "{dataset}"), "Name attacks, or a preset, or a specification."),
        (("attack", "{dataset}", "patch", "--preset", "demo"), "One of the three"),
        (("attack", "{dataset}", "--preset", "warp"), "There is no preset named 'warp'. Known: ac-mnist"),
        (("attack", "{dataset}", "--spec", "spec.json"), "spec.json cannot be read"),
        (("attack", "{dataset}", "frequency"), "frequency needs colour images"),
        (("attack", "nothing", "patch"), "There is no data set 'nothing'. Known: "),
        (("train", "{dataset}", "--epochs", "0"), "epochs=0 cannot be used. It has to lie between 1 and 10000."),
        (("train", "{dataset}", "--model", "vgg"), "Known: convnet, small_resnet, resnet18"),
        (("train", "{dataset}", "--augment", "spin"), "Known: none, flip, crop, crop_flip"),
        (("train", "nothing"), "There is no data set 'nothing'"),
        (("resume", "nothing"), "There is no run 'nothing'. Known: "),
        (("detect", "{run}", "oracle"), "There is no detector named 'oracle'. Known: "),
        (("detect", "{run}", "badloss", "--set", "fraction"), "It has to be key=value"),
        (("detect", "{run}", "badloss", "--set", "fraction=1"), "badloss has no setting named 'fraction'"),
        (("detect", "{run}", "badloss", "--set", "reject_fraction=2"), "It has to lie between 0 and 1"),
        (("verdict", "{run}", "exclude", "--flagged", "oracle"), "oracle has not been run on"),
        (("verdict", "{run}", "burn", "--flagged", "badloss"), "There is no decision named 'burn'"),
        (("repair", "{run}", "--how", "pray"), "There is no way to repair named 'pray'. Known: retrain, continue."),
        (("repair", "{run}", "--epochs", "2"), "Retraining repeats the first training"),
        (("reclassify", "{run}", "--class", "11"), "Class 11 has no smaller cluster"),
        (("relabel", "{run}", "--by", "guess"), "There are no new labels by 'guess'. Known: source_class"),
        (("report", "{run}", "--out", "report.pdf"), "The name has to end in .html"),
        (("report", "{run}", "--out", "nowhere/report.html"), "There is no folder nowhere"),
        (("export", "{run}", "--to", "samples.xlsx"), "The name has to end in .csv or .parquet or .json"),
        (("layers", "{run}", "--use", "tail"), "The model has no layer 'tail'"),
    ],
)
def test_errors_are_one_line_and_exit_code_2(journey, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    names = {"dataset": journey["import"]["dataset"], "run": journey["run"]}
    result = invoke(journey["workspace"], *(argument.format(**names) for argument in arguments))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert words in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_negative_seed_is_refused(journey):
    for arguments in (("attack", journey["import"]["dataset"], "patch"), ("train", journey["attack"]["dataset"])):
        result = invoke(journey["workspace"], *arguments, "--seed", -1)
        assert result.exit_code == 2
        assert "seed" in result.stderr
        assert "Traceback" not in result.output


def test_the_demo_goes_all_the_way(workspace, make_dataset, monkeypatch):
    # The command has no options for it: after two epochs on 300 images only BaDLoss is sure to flag anything.
    small = partial(pipeline.whole_demo, clean=make_dataset(300, n_classes=10), epochs=2, follow=["badloss"])
    monkeypatch.setattr(pipeline, "whole_demo", small)
    found = answer(workspace, "demo", "--seed", 3)
    changes = {"how", "removed", "relabelled"}
    assert found.keys() == {"run", "child", "before", "after", "detectors", "seconds"} | changes
    assert found["before"]["attack_success_rate"].keys() == {"patch", "blended_pattern", "single_pixel"}
    assert found["after"]["attack_success_rate"].keys() == {"patch", "blended_pattern", "single_pixel"}
    assert {"activation_clustering", "badloss"} <= found["detectors"].keys() <= set(DETECTORS)
    for figures in found["detectors"].values():
        assert figures.keys() == {"auroc", "precision", "recall", "flagged"}
    assert found["removed"] == 30


def shell(*arguments, **environment):
    """`python -m core …` as a shell runs it, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "core", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_bare_command_prints_its_help():
    shown = shell()
    assert "Usage: python -m core" in shown.stdout + shown.stderr
    assert "Traceback" not in shown.stderr
    for command in (
        "demo",
        "import",
        "attack",
        "train",
        "resume",
        "detect",
        "reclassify",
        "verdict",
        "repair",
        "report",
        "export",
    ):
        assert command in shown.stdout + shown.stderr


def test_the_workspace_may_be_named_by_the_environment(journey):
    failed = shell("resume", "nothing", ASSAY_WORKSPACE=str(journey["workspace"]))
    assert (failed.returncode, failed.stdout) == (2, "")
    assert failed.stderr.startswith("error: There is no run 'nothing'. Known: ")
    assert journey["run"] in failed.stderr
    assert failed.stderr.count("\n") == 1
