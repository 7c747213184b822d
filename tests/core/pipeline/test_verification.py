"""Every file of a run and its data set is looked at, and what is wrong is said."""

import json

import pytest
from typer.testing import CliRunner

from core import checksums
from core.__main__ import app
from core.errors import UserError
from core.pipeline.verification import verify


def states(run):
    return {one.file.split("/", 2)[2]: one.state for one in verify(run.workspace, run.id)}


def test_a_sound_run_is_sound_file_by_file(finished):
    found = states(finished)
    assert set(found.values()) == {"ok"}
    assert {"run.json", "losses.npy", "model.safetensors", "detections/badloss.npz", "outcome.json"} <= set(found)
    assert {"images.npy", "test_images.npy", "bona_fide.npy", "dataset.json", "truth-is_poison.npy"} <= set(found)
    assert not [name for name in found if "lock" in name or "progress" in name or "worker" in name]


@pytest.mark.parametrize(
    "file", ["losses.npy", "detections/badloss.npz", "run.json", "images.npy", "bona_fide.npy", "dataset.json"]
)
def test_damage_is_named_where_it_is(finished, file):
    own, data = finished.path / file, finished.workspace / "datasets" / finished.dataset / file
    path = own if own.exists() else data
    content = path.read_bytes()
    path.write_bytes(content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
    found = states(finished)
    assert found.pop(file) == "damaged"
    assert set(found.values()) == {"ok"}
    path.unlink()
    assert states(finished)[file] == "missing"


def test_files_of_before_there_were_checksums_are_opened(finished):
    (finished.path / checksums.FILE).unlink()
    assert states(finished)[checksums.FILE] == "missing"  # a run that had some
    (finished.path / checksums.LOCK).unlink()
    assert checksums.FILE not in states(finished)
    unknown = next(one for one in verify(finished.workspace, finished.id) if one.file.endswith("losses.npy"))
    assert (unknown.sound, "no checksum" in unknown.why) == (True, True)
    assert states(finished)["losses.npy"] == states(finished)["model.safetensors"] == "not recorded"
    for file in ("losses.npy", "model.safetensors", "detections/badloss.npz", "history.json"):
        (finished.path / file).write_bytes(b"\xff")
        assert states(finished)[file] == "damaged"


def test_checksums_that_are_damaged_are_named(finished):
    (finished.path / checksums.FILE).write_bytes(b"[")
    assert states(finished)[checksums.FILE] == "damaged"


def test_a_data_set_that_is_gone_or_another_one_is_said(finished):
    folder = finished.workspace / "datasets" / finished.dataset
    described = json.loads((folder / "dataset.json").read_text()) | {"fingerprint": "0" * 64}
    checksums.forget(folder, "dataset.json")
    (folder / "dataset.json").write_text(json.dumps(described))
    assert "is no longer the one this run was made with" in verify(finished.workspace, finished.id)[-1].why
    folder.rename(folder.with_name("elsewhere"))
    assert verify(finished.workspace, finished.id)[-1].state == "missing"


def test_the_command_ends_with_1_where_something_is_damaged(finished):
    asked = ["verify", finished.id, "--workspace", str(finished.workspace), "--json"]
    sound = CliRunner().invoke(app, asked)
    assert (sound.exit_code, {line["state"] for line in json.loads(sound.stdout)}) == (0, {"ok"})
    (finished.path / "losses.npy").write_bytes(b"")
    table = CliRunner().invoke(app, asked[:-1], env={"COLUMNS": "100"})
    assert "detections/badloss.npz" in table.stdout  # in full: the folder has a column of its own
    hurt = CliRunner().invoke(app, asked)
    assert hurt.exit_code == 1
    [line] = [line for line in json.loads(hurt.stdout) if line["state"] != "ok"]
    assert line["file"].endswith("losses.npy")
    assert "0 bytes" in line["why"]


def test_a_run_that_does_not_exist(workspace):
    with pytest.raises(UserError, match="There is no run"):
        verify(workspace, "../x")
