"""Workers: what a page sees of them, and that a killed one loses nothing."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core import pipeline, runs
from core.data import store
from core.errors import UserError
from core.runs import environment as surroundings
from core.runs import jobs
from core.runs.jobs import Cancelled, Progress, poll, working_on
from core.training.config import TrainConfig

HOLD = """
import sys, time
from pathlib import Path
from core.runs.jobs import working_on
with working_on(Path(sys.argv[1])):
    print("holding", flush=True)
    time.sleep(60)
"""
SPY = """
import json, os
from pathlib import Path
from torch import nn

def spy(shape, n_classes):
    seen = {
        "folder": os.getcwd(), "holds": os.listdir(), "database": os.environ.get("ASSAY_DATABASE"),
        "began with": Path("/proc/self/environ").read_bytes().decode().split(chr(0)),
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(seen))
    return nn.Sequential(nn.Flatten(), nn.Linear(shape[0] * shape[1] * shape[2], n_classes))
"""
EPOCHS = 8


def wait_for(condition, seconds=90.0):
    """Wait until `condition()` holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def spawn():
    """Starts `python …` in a process of its own, which does not outlive the test."""
    started = []

    def start(*arguments):
        environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        process = subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            cwd=jobs.ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=30)


@pytest.fixture
def holder(tmp_path, spawn):
    """A process that holds the lock of `tmp_path` until it is killed."""
    process = spawn("-c", HOLD, tmp_path)
    assert process.stdout.readline() == "holding\n"
    return process


def test_nothing_was_ever_started(tmp_path):
    assert poll(tmp_path) == Progress(state="waiting")
    assert not poll(tmp_path).active
    assert list(tmp_path.iterdir()) == []


def test_work_ends_as_done(tmp_path):
    with working_on(tmp_path):
        assert poll(tmp_path).state == "running"
        assert poll(tmp_path).pid == os.getpid()
    assert (poll(tmp_path).state, poll(tmp_path).fraction) == ("done", 1.0)
    with working_on(tmp_path):  # and can be begun again
        assert poll(tmp_path).active


@pytest.mark.parametrize("error", [Cancelled(), KeyboardInterrupt()])
def test_work_that_is_cancelled_keeps_its_share(tmp_path, error):
    def work():
        with working_on(tmp_path):
            jobs.write(tmp_path, Progress(state="running", title="Training", fraction=0.4, eta=9.0))
            raise error

    with pytest.raises(type(error)):
        work()
    assert (poll(tmp_path).state, poll(tmp_path).fraction, poll(tmp_path).eta) == ("cancelled", 0.4, None)


def test_an_error_a_person_can_put_right_is_shown_to_them(tmp_path):
    with pytest.raises(UserError), working_on(tmp_path):
        raise UserError("No space.", "0 bytes are left.", "Delete something.")
    assert poll(tmp_path).state == "failed"
    assert poll(tmp_path).error == {"title": "No space.", "detail": "0 bytes are left.", "hint": "Delete something."}


def test_an_unexpected_error_says_where_to_look(tmp_path):
    with pytest.raises(ZeroDivisionError), working_on(tmp_path):
        _ = 1 / 0
    assert poll(tmp_path).state == "failed"
    assert poll(tmp_path).error["detail"] == "ZeroDivisionError: division by zero"
    assert "worker.log" in poll(tmp_path).error["hint"]


def test_a_worker_at_work_is_running_and_shuts_a_second_one_out(tmp_path, holder):
    assert poll(tmp_path).state == "running"
    assert poll(tmp_path).pid == holder.pid
    with pytest.raises(UserError, match="is being worked on already"), working_on(tmp_path):
        pytest.fail("two workers at once")
    assert poll(tmp_path).state == "running"
    jobs.start(tmp_path, ["--help"])  # does nothing while one is at work
    assert not (tmp_path / "worker.log").exists()


def test_a_worker_that_is_killed_is_interrupted(tmp_path, holder):
    holder.kill()
    holder.wait(30)
    assert poll(tmp_path).state == "interrupted"
    assert not poll(tmp_path).active
    with working_on(tmp_path):
        pass
    assert poll(tmp_path).state == "done"


def test_cancel_reaches_the_worker(tmp_path, holder):
    jobs.cancel(tmp_path)
    holder.wait(30)
    assert poll(tmp_path).state == "cancelled"
    jobs.cancel(tmp_path)
    assert poll(tmp_path).state == "cancelled"


def test_what_says_running_and_has_no_worker_is_interrupted_at_once(tmp_path):
    jobs.write(tmp_path, Progress(state="running", started=time.time()))
    assert poll(tmp_path).state == "interrupted"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b'{"new_field": 1}',
        b'{"state": "odd"}',
        b'{"started": null}',
        b'{"fraction": 7}',
        b'{"pid": 1e9}',
        b'{"error": {"why": "x"}}',
    ],
)
def test_a_progress_file_that_cannot_be_read_is_said_and_a_new_start_replaces_it(tmp_path, content):
    (tmp_path / "progress.json").write_bytes(content)
    found = poll(tmp_path)
    assert found.state == "failed"
    assert re.search("is damaged|newer Assay", found.error["title"])
    assert set(found.error) == {"title", "detail", "hint"}
    with working_on(tmp_path):
        assert poll(tmp_path).state == "running"
        (tmp_path / "progress.json").write_bytes(content)
        assert (poll(tmp_path).state, poll(tmp_path).error) == ("running", None)  # its worker will write it again
    assert poll(tmp_path).state == "done"


def test_a_progress_file_of_before_is_read_and_a_new_one_says_fraction(tmp_path):
    before = Progress(state="running", title="Training", fraction=0.25, eta=9.0)
    (tmp_path / "progress.json").write_text(json.dumps({"state": "done", "title": "Done", "share": 0.5}))
    assert poll(tmp_path) == Progress(state="done", title="Done", fraction=0.5)
    jobs.write(tmp_path, before)
    written = json.loads((tmp_path / "progress.json").read_text())
    assert (written["fraction"], "share" in written) == (0.25, False)


@pytest.fixture
def workspace_with_data(tmp_path, make_dataset):
    workspace = tmp_path / "workspace"
    return workspace, store.save(workspace, make_dataset(600, side=28, n_test=20), source="test").id


def new_run(workspace, dataset):
    small = (("width", 8), ("hidden", 32))
    config = TrainConfig(epochs=EPOCHS, batch_size=32, augment="flip", precision="fp32", seed=5, model_settings=small)
    return pipeline.new_run(workspace, dataset, config, plan=("train", "activations"))


def epochs_done(run):
    return len(runs.history(run))


def test_a_killed_training_is_resumed_as_if_nothing_had_happened(workspace_with_data, spawn):
    workspace, dataset = workspace_with_data
    whole, cut = new_run(workspace, dataset), new_run(workspace, dataset)
    reference = spawn("-m", "core", "resume", whole.id, "--workspace", workspace)
    worker = spawn("-m", "core", "resume", cut.id, "--workspace", workspace)
    wait_for(lambda: epochs_done(cut) >= 1)
    worker.send_signal(signal.SIGKILL)
    worker.wait(30)
    assert 1 <= epochs_done(cut) < EPOCHS
    assert poll(cut.path).state == "interrupted"
    assert not runs.open_run(workspace, cut.id).done("train")

    again = spawn("-m", "core", "resume", cut.id, "--workspace", workspace)
    wait_for(lambda: poll(cut.path).state == "running" and poll(cut.path).pid == again.pid)
    with pytest.raises(UserError, match="is being worked on already"):
        pipeline.work(cut)
    assert (again.wait(120), reference.wait(120)) == (0, 0)
    assert poll(cut.path).state == "done"

    one, other = runs.open_run(workspace, whole.id), runs.open_run(workspace, cut.id)
    for name in ("losses", "predictions", "final_losses", "activations"):
        assert np.array_equal(one.array(name), other.array(name)), name
    assert (one.path / "model.safetensors").read_bytes() == (other.path / "model.safetensors").read_bytes()
    timeless = [[{**entry, "seconds": 0} for entry in runs.history(run)] for run in (one, other)]
    assert timeless[0] == timeless[1]
    assert not (cut.path / "checkpoint").exists()


def test_interrupted_runs_are_started_again_and_cancelled_ones_are_not(workspace_with_data, asked_of_workers):
    workspace, dataset = workspace_with_data
    states = ("running", "cancelled", "failed", "done")
    made = {state: new_run(workspace, dataset) for state in (*states, "waiting")}
    for state in states:
        jobs.write(made[state].path, Progress(state=state, title="Training", started=1.0))
    assert [run.id for run in jobs.resume_interrupted(workspace)] == [made["running"].id]
    assert [job for job, _ in asked_of_workers] == [made["running"].path]


def test_importing_in_a_worker(tmp_path, workspace, make_dataset):
    dataset = make_dataset(60)
    np.savez(tmp_path / "data.npz", x_train=dataset.inputs[:], y_train=dataset.labels)
    job = pipeline.start_import(workspace, str(tmp_path / "data.npz"), "From a page")
    failing = pipeline.start_import(workspace, str(tmp_path / "missing.npz"), "")
    assert poll(job).active
    wait_for(lambda: (poll(job).state, poll(failing).state) == ("done", "failed"))
    assert [info.name for info in store.describe_all(workspace)] == ["From a page"]
    assert "There is nothing at" in poll(failing).error["title"]
    log = (failing / "worker.log").read_text()
    assert "Traceback" not in log
    assert json.loads((failing / "progress.json").read_text())["state"] == "failed"


def test_a_worker_has_an_empty_folder_and_no_secret_around_it(tmp_path, make_dataset, monkeypatch):
    monkeypatch.chdir(tmp_path)  # from here on every path is relative: all have to mean the same in the worker
    workspace, secrets = (
        Path("workspace"),
        ("STREAMLIT_COOKIE", "OIDC_CLIENT_SECRET", "AWS_SESSION_TOKEN", "PGPASSWORD"),
    )
    for name in secrets:
        monkeypatch.setenv(name, "hush")
    monkeypatch.setenv("ASSAY_DATABASE", "sqlite:///elsewhere-hush.db")
    monkeypatch.setenv("ASSAY_ARCHITECTURES", "mine.py")
    Path("mine.py").write_text(SPY)
    dataset = store.save(workspace, make_dataset(60), source="test").id
    run = pipeline.new_run(workspace, dataset, TrainConfig("own:spy", epochs=1), plan=("train",))
    jobs.start_run(run)
    wait_for(lambda: not poll(run.path).active)  # on a busy machine it may be silent for a while
    assert poll(run.path).state == "done", (run.path / "worker.log").read_text()
    seen = json.loads(Path("mine.json").read_text())
    assert seen["holds"] == []
    assert Path(seen["folder"]).parent == run.path.resolve()
    assert seen["database"] == "sqlite:///elsewhere-hush.db"
    assert [entry for entry in seen["began with"] if "hush" in entry] == []


def test_paths_that_a_worker_is_given_are_absolute(tmp_path, workspace, monkeypatch, asked_of_workers):
    monkeypatch.chdir(tmp_path)
    pipeline.start_import(Path("workspace"), "data", bona_fide="ids.txt")
    pipeline.start_preview(Path("workspace"), "data")
    job = pipeline.start_loading(Path("workspace"), pipeline.LoadRequest("d", TrainConfig(weights="w.pt")))
    started = [arguments for _, arguments in asked_of_workers]
    assert [arguments[-1] for arguments in started[:2]] == [str(tmp_path / "data")] * 2
    assert f"--bona-fide={tmp_path / 'ids.txt'}" in started[0]
    assert json.loads((job / "asked.json").read_text())["config"]["weights"] == str(tmp_path / "w.pt")


def test_only_commands_that_need_a_secret_get_it():
    around = {
        "ASSAY_DATABASE": "postgresql://a:b@c/d",
        "PGPASSWORD": "p",
        "https_proxy": "http://u:p@x",
        "HF_TOKEN": "hf_mine",
        "API_KEY": "k",
    }
    assert set(surroundings.command_environment("resume", around)) == {"ASSAY_DATABASE", "PGPASSWORD"}
    assert set(surroundings.command_environment("download", around)) == {"https_proxy", "HF_TOKEN"}
    assert (
        surroundings.command_environment("preview", around) == surroundings.command_environment("import", around) == {}
    )
    kept = surroundings.worker_environment(
        around | {"PATH": "/bin", "OMP_NUM_THREADS": "2", "PYTHONPATH": "/m"}, jobs.ROOT
    )
    assert {name: value for name, value in kept.items() if value} == {
        "PATH": "/bin",
        "OMP_NUM_THREADS": "2",
        "PYTHONPATH": f"{jobs.ROOT}:/m",
    }
