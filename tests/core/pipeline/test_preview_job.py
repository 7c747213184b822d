"""A look at data by a worker and by the command line, and what it leaves behind."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from core import pipeline
from core.__main__ import app
from core.data import store
from core.data.preview import findings, read_preview
from core.errors import UserError
from core.pipeline import PreviewOf
from core.runs import jobs


@pytest.fixture
def pictures(tmp_path):
    """A folder of 12 pictures in two classes, one of them twice and under both labels."""
    for number in range(12):
        path = tmp_path / "pictures" / ("cat", "dog")[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(max(number, 1)).integers(0, 255, (16, 16, 3), np.uint8)
        Image.fromarray(pixels).save(path)
    return tmp_path / "pictures"


def command(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def worker(*arguments):
    """The command in a process of its own: a worker limits its process for good."""
    line = [sys.executable, "-m", "core", *(str(argument) for argument in arguments)]
    return subprocess.run(line, cwd=jobs.ROOT, capture_output=True, text=True, check=False, timeout=300)


def test_the_command_says_what_is_there_and_what_is_wrong(pictures, tmp_path):
    answer = command("preview", pictures, "--json", "--workspace", tmp_path / "workspace")
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)
    assert (told["n"], told["n_test"], told["looked_at"], told["shape"]) == (12, 0, 12, [16, 16, 3])
    assert told["classes"] == {"cat": 6, "dog": 6}
    assert told["problems"] == {"two labels": 1, "tiny class": 2}
    assert told["listed"][-1]["detail"] == "Labelled dog. It is the same image as cat/00.png, which is labelled cat."
    assert not (tmp_path / "workspace").exists()
    assert json.loads(command("preview", pictures, "--json", "--most", 3).stdout)["looked_at"] == 3


def test_the_command_says_in_words_what_cannot_be_opened(tmp_path):
    (tmp_path / "text.zip").write_text("no archive")
    answer = command("preview", tmp_path / "text.zip")
    assert answer.exit_code == 2
    assert "text.zip" in answer.stderr
    assert "Traceback" not in answer.output


def test_a_preview_in_a_job_is_kept_and_its_findings_come_along_with_the_import(pictures, tmp_path):
    workspace = tmp_path / "workspace"
    job = jobs.new_job(workspace, "previews")
    assert worker("preview", pictures, "--job", job).returncode == 0
    assert jobs.poll(job).state == "done"
    assert read_preview(job).examples.shape == (12, 16, 16, 3)
    importing = jobs.new_job(workspace, "imports")
    answer = worker("import", pictures, "--workspace", workspace, "--job", importing, "--looked", job)
    assert answer.returncode == 0, answer.stderr
    made = pipeline.imported(importing)
    assert made == store.describe_all(workspace)[0].id
    problems, found = findings(workspace, made)
    assert found == {"two labels": 1, "tiny class": 2}
    assert {problem.kind for problem in problems} == set(found)


def test_a_preview_is_found_by_its_name_and_by_nothing_else(tmp_path, asked_of_workers):
    job = pipeline.start_preview(tmp_path, "/data/x.npz", name="x", uploaded=True)
    assert pipeline.preview_job(tmp_path, job.name) == (job, PreviewOf("/data/x.npz", None, "x", True))
    for name in ("", ".", "..", f"../previews/{job.name}", "20990101-000000-abcd", f"{job.name}/.."):
        assert pipeline.preview_job(tmp_path, name) is None


def test_old_previews_and_uploads_are_forgotten(tmp_path, asked_of_workers):
    made = [pipeline.start_preview(tmp_path, f"/data/{number}") for number in range(25)]
    left = {job.name for job in (tmp_path / "previews").iterdir()}
    assert len(left) <= 21
    assert made[-1].name in left
    old, new = (pipeline.keep_upload(tmp_path, "a.npz", b"x") for _ in range(2))
    os.utime(old.parent, (time.time() - 25 * 3600,) * 2)
    pipeline.start_preview(tmp_path, "/data/more")
    assert (old.exists(), new.exists()) == (False, True)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a.NPZ", "a.NPZ"),
        ("../../x.tar.gz", "_.._x.tar.gz"),
        ("no ending", "no_ending"),
        ("x.<script>", "x._script_"),
        ("名前.zip", "_.zip"),
        ("..", "file"),
        ("", "file"),
        ("a" * 300 + ".zip", "a" * 76 + ".zip"),
    ],
)
def test_an_upload_lies_in_a_folder_of_its_own_under_a_harmless_name(tmp_path, name, kept):
    path = pipeline.keep_upload(tmp_path, name, b"content")
    assert path.parent.parent == tmp_path / "uploads"
    assert path.name == kept
    assert path.read_bytes() == b"content"
    pipeline.forget_upload(tmp_path, PreviewOf(str(path), uploaded=True))
    assert list((tmp_path / "uploads").iterdir()) == []


def test_only_uploads_are_ever_deleted(tmp_path):
    (tmp_path / "mine.npz").write_bytes(b"x")
    for asked in (PreviewOf(str(tmp_path / "mine.npz")), PreviewOf(str(tmp_path / "mine.npz"), uploaded=True)):
        pipeline.forget_upload(tmp_path, asked)
    assert (tmp_path / "mine.npz").exists()


def test_a_preview_of_nothing_gets_words(tmp_path):
    with pytest.raises(UserError, match="There is nothing at"):
        pipeline.preview_source(tmp_path / "absent")
