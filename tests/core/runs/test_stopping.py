"""Workers that are to stop: whenever they are asked, whatever they are stuck in, and whoever still looks on."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core import pipeline, runs
from core.runs import jobs, stopping, worker_lock
from core.runs.jobs import Progress, poll

Spawn = Callable[[str, Path], "subprocess.Popen[str]"]
STUCK_IN_C = """
import collections, functools, itertools, subprocess, sys
from pathlib import Path
from core.runs.jobs import working_on
with working_on(Path(sys.argv[1])):
    child = subprocess.Popen(["sleep", "600"])
    says = iter(functools.partial(print, child.pid, flush=True), None)  # once: when it is stuck, not just before
    collections.deque(itertools.chain(says, itertools.repeat(0)), maxlen=0)  # no handler or thread runs meanwhile
"""
ENDS_SLOWLY = """
import sys, time
from pathlib import Path
from core.runs.jobs import working_on
with working_on(Path(sys.argv[1])):
    try:
        print("working", flush=True)
        time.sleep(60)
    finally:
        time.sleep(0.5)
        (Path(sys.argv[1]) / "tidied").touch()
"""
ASKS_AND_DIES = """
import os, sys
from pathlib import Path
from core.runs import jobs
jobs.cancel(Path(sys.argv[1]), patience=1.0)
os._exit(0)
"""


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until `condition()` holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def gone(pid: int) -> bool:
    """Whether a process has ended, waited for or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Starts a script on a directory in a session of its own, which does not outlive the test."""
    started: list[subprocess.Popen[str]] = []

    def start(script: str, directory: Path) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(directory)],
            cwd=jobs.ROOT,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=30)


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_a_worker_that_is_stuck_in_c_is_killed_with_what_it_started(tmp_path: Path, spawn: Spawn) -> None:
    worker = spawn(STUCK_IN_C, tmp_path)
    child = int(said(worker))
    jobs.cancel(tmp_path, patience=0.3)
    assert (poll(tmp_path).state, poll(tmp_path).title) == ("running", "Stopping")
    assert worker.wait(30) == -signal.SIGKILL
    assert poll(tmp_path).state == "cancelled"
    wait_for(lambda: gone(child))


def test_a_worker_that_gives_no_sign_of_life_does_not_answer_and_can_be_cancelled(tmp_path: Path, spawn: Spawn) -> None:
    worker = spawn(STUCK_IN_C, tmp_path)
    said(worker)
    assert poll(tmp_path).state == "running"
    time.sleep(0.3)
    silent = poll(tmp_path, patience=0.2)
    assert (silent.state, silent.active, silent.stopped, silent.pid) == ("silent", True, False, worker.pid)
    jobs.cancel(tmp_path, patience=0.0)
    worker.wait(30)
    assert poll(tmp_path, patience=0.2).state == "cancelled"


def test_a_worker_that_was_only_started_is_starting_and_not_called_silent(tmp_path: Path, spawn: Spawn) -> None:
    worker = spawn(STUCK_IN_C, tmp_path)
    said(worker)
    jobs.write(tmp_path, Progress("running", started=time.time()))  # as whoever starts a worker leaves it
    time.sleep(0.3)
    assert (poll(tmp_path, patience=0.2).state, poll(tmp_path, patience=0.2).title) == ("running", "")
    assert poll(tmp_path, patience=0.2, starting=0.2).state == "silent"


def test_a_worker_at_work_gives_signs_of_life(tmp_path: Path, spawn: Spawn) -> None:
    said(spawn(ENDS_SLOWLY, tmp_path))
    first = worker_lock.holder(tmp_path).beat
    wait_for(lambda: worker_lock.holder(tmp_path).beat > first)
    assert first > 0
    assert poll(tmp_path, patience=2 * worker_lock.BEAT_SECONDS).state == "running"


def test_the_next_server_ends_what_the_last_one_was_asked_to(tmp_path: Path, spawn: Spawn) -> None:
    job = tmp_path / "loads" / "a"
    job.mkdir(parents=True)
    worker = spawn(STUCK_IN_C, job)
    said(worker)
    assert spawn(ASKS_AND_DIES, job).wait(30) == 0
    time.sleep(1.3)
    assert worker.poll() is None
    assert jobs.at_work(tmp_path) == [job]
    stopping.end_the_deaf(tmp_path)
    assert worker.wait(30) == -signal.SIGKILL
    assert poll(job).state == "cancelled"
    assert jobs.at_work(tmp_path) == []


def test_a_worker_is_known_from_its_start_and_hears_a_cancel_while_it_imports(workspace: Path) -> None:
    for delay in (0.0, 0.05, 0.2):
        job = jobs.new_job(workspace, "imports")
        jobs.start(job, ["import", "--job", str(job), "--workspace", str(workspace), "--", "/nowhere"])
        started = poll(job)
        assert (started.state, started.pid > 0) == ("running", True)
        time.sleep(delay)
        jobs.cancel(job)
        wait_for(lambda pid=started.pid: gone(pid))
        # Who is killed between fork and exec of a helper leaves the lock to it for a moment.
        wait_for(lambda job=job: poll(job).state == "cancelled")
        assert not (job / "result.json").exists()


def test_a_worker_that_is_killed_at_its_start_is_interrupted_at_once(workspace: Path) -> None:
    job = jobs.new_job(workspace, "imports")
    jobs.start(job, ["import", "--job", str(job), "--workspace", str(workspace), "--", "/nowhere"])
    os.kill(poll(job).pid, signal.SIGKILL)
    wait_for(lambda: poll(job).state != "running", 5.0)
    assert poll(job).state == "interrupted"


def test_two_signals_at_once_leave_cancelled_and_what_was_begun_is_tidied(tmp_path: Path, spawn: Spawn) -> None:
    worker = spawn(ENDS_SLOWLY, tmp_path)
    assert said(worker) == "working"
    for _ in range(4):
        worker.send_signal(signal.SIGTERM)
        time.sleep(0.03)
    worker.wait(30)
    assert poll(tmp_path).state == "cancelled"
    assert (tmp_path / "tidied").exists()


def test_a_request_means_one_worker_and_no_later_one(tmp_path: Path, spawn: Spawn) -> None:
    worker = spawn(ENDS_SLOWLY, tmp_path)
    said(worker)
    jobs.cancel(tmp_path)
    worker.wait(30)
    assert json.loads((tmp_path / stopping.REQUEST).read_text())["pid"] == worker.pid
    again = spawn(ENDS_SLOWLY, tmp_path)
    assert said(again) == "working"
    assert poll(tmp_path).state == "running"
    again.kill()
    again.wait(30)
    assert poll(tmp_path).state == "interrupted"


def test_who_only_looks_shuts_no_worker_out(tmp_path: Path) -> None:
    (tmp_path / worker_lock.NAME).touch()
    look = "import fcntl, sys, time; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_SH); print(1, flush=True)"
    looker = subprocess.Popen(
        [sys.executable, "-c", f"{look}; time.sleep(0.2)", str(tmp_path / worker_lock.NAME)], stdout=subprocess.PIPE
    )
    assert looker.stdout
    looker.stdout.readline()
    with jobs.working_on(tmp_path):
        assert poll(tmp_path).state == "running"
    looker.communicate(timeout=30)


def test_a_damaged_lock_file_hides_no_worker(tmp_path: Path) -> None:
    with jobs.working_on(tmp_path):
        (tmp_path / worker_lock.HOLDER).write_bytes(b"\xff{")
        assert poll(tmp_path).state == "running"
        assert worker_lock.holder(tmp_path) == worker_lock.Holder()


def test_a_server_that_wakes_ends_the_deaf(workspace: Path, spawn: Spawn) -> None:
    job = jobs.new_job(workspace, "loads")
    worker = spawn(STUCK_IN_C, job)
    said(worker)
    assert spawn(ASKS_AND_DIES, job).wait(30) == 0
    pipeline.wake(workspace, demo=False)
    assert worker.wait(30) == -signal.SIGKILL
    assert runs.all_runs(workspace) == []


def test_cancel_of_what_has_ended_changes_nothing(tmp_path: Path) -> None:
    jobs.write(tmp_path, Progress(state="done", title="Done", fraction=1.0))
    jobs.cancel(tmp_path)
    assert poll(tmp_path) == Progress(state="done", title="Done", fraction=1.0)
    assert not (tmp_path / stopping.REQUEST).exists()
