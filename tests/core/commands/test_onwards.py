"""What every command has in common: the next one is named, options may stand first, and nothing is said in JSON."""

import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

import core
from core.__main__ import app
from core.commands.late import FILES, listed
from core.commands.onwards import NEXT, onwards
from core.data import store


def call(*words, **environment):
    return CliRunner().invoke(app, [*map(str, words)], env=environment, prog_name="python -m core")


@pytest.fixture
def filled(workspace, make_dataset):
    store.save(workspace, make_dataset(40), source="made")
    return workspace


def test_every_command_has_a_next_one_which_is_a_command():
    commands = {name for file in FILES for name, _ in listed(file)}
    assert set(NEXT) == commands
    assert {words.split()[0] for words in NEXT.values()} <= commands


def test_the_next_command_is_named_for_people_and_not_in_json(filled):
    done = call("datasets", "--workspace", filled)
    assert done.stderr == "next: python -m core train latest\n"
    assert call("datasets", "--workspace", filled, "--json").stderr == ""


def test_the_next_command_names_what_was_made_and_quotes_it():
    assert onwards("copy-clean", {"to": "my clean"}, {"copy": "x"}, "assay") == "assay import 'my clean' --name clean"
    assert onwards("detect", {"run": "r1", "detector": "strip"}, {}, "assay").startswith("assay threshold r1 strip")
    assert onwards("train", {}, {}, "assay") == ""  # nothing to name


def test_where_and_how_may_be_said_before_the_command_and_what_stands_behind_it_counts_more(filled, tmp_path):
    first = call("--workspace", filled, "--json", "datasets")
    assert len(json.loads(first.stdout)) == 1
    assert first.stderr == ""
    assert json.loads(call("--workspace", tmp_path / "none", "datasets", "--workspace", filled, "--json").stdout)
    assert json.loads(call("datasets", "--json", ASSAY_WORKSPACE=str(filled)).stdout)  # nothing was left behind


def test_the_version_and_the_short_help():
    assert call("--version").stdout == f"Assay {core.__version__}\n"
    assert "Everywhere: --workspace DIR" in call("detect", "-h").stdout
    assert call("detect", "-h").stdout.count("--database") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("threshold", "RUN", "badloss", "--rule", "rate"), "The rule rate needs a value"),
        (("threshold", "RUN", "badloss", "--rule", "budget"), "For example --value 100"),
        (("verdict", "RUN", "relabel", "--flagged", "badloss"), "This command takes exclude, keep or mark"),
        (("go-back", "RUN", "9"), "Known: 0 (the data as imported)"),
    ],
)
def test_what_cannot_be_done_names_what_can(finished, words, said):
    done = call(*(finished.id if word == "RUN" else word for word in words), "--workspace", finished.workspace)
    assert done.exit_code == 2
    assert said in done.stderr


@pytest.fixture
def names_alone(workspace, tmp_path):
    """A workspace with a data set of names and labels, and a file of losses beside it."""
    lines = "".join(f"rec_{row}.wav,{'ab'[row % 2]}\n" for row in range(200))
    (tmp_path / "made.csv").write_text(f"name,label\n{lines}")
    np.save(tmp_path / "losses.npy", np.random.default_rng(0).random((200, 4), np.float32))
    said = call("import", tmp_path / "made.csv", "--labels", "--name", "made", "--workspace", workspace).stderr
    assert re.fullmatch(r"next: python -m core load-run made-\w+ --recording recording\n", said)
    return workspace


def next_after(*words):
    done = call(*words)
    assert done.exit_code == 0, done.stderr
    return done.stderr.splitlines()[-1].removeprefix("next: python -m core ")


def test_where_nothing_can_be_trained_the_next_command_is_one_that_works(names_alone, tmp_path):
    there = ("--workspace", names_alone)
    for command in ("datasets", "models"):
        assert next_after(command, *there) == "load-run latest --recording recording"
    assert next_after("attacks", *there) == "attack latest label_noise:ratio=0.01"
    assert next_after("attack", "latest", "label_noise:ratio=0.1", *there).startswith("load-run made-")
    loaded = next_after("load-run", "made", "--losses", tmp_path / "losses.npy", *there)
    assert re.fullmatch(r"verdict \S+ exclude --flagged abl_isolation", loaded)
    assert next_after("detectors", *there) == "verdict latest exclude --flagged abl_isolation"
    assert next_after(*loaded.split(), *there).startswith("copy-clean ")


def test_what_is_named_for_the_newest_data_fits_it(workspace, make_dataset):
    for command in ("models", "attacks"):
        assert next_after(command, "--workspace", workspace) == "demo"
    store.save(workspace, make_dataset(40), source="made")
    assert next_after("models", "--workspace", workspace) == "train latest --model convnet"
    planted = next_after("attacks", "--workspace", workspace)
    assert planted == "attack latest patch:ratio=0.01,target=0"
    assert call(*planted.replace("0.01", "0.2").split(), "--workspace", workspace).exit_code == 0


def test_a_recording_in_which_nothing_is_flagged_leads_to_its_report():
    assert onwards("load-run", {}, {"run": "r1"}, "assay", {"where": "recorded"}) == "assay report r1 --out report.html"
