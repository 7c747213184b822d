"""What every command has in common: the next one is named, options may stand first, and nothing is said in JSON."""

import json

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
