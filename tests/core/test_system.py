"""What systems do differently: locks that go with their process, and a library that needs no more than Windows has."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from core import system
from core.runs import worker_lock
from tests.sources import ROOT

HOLDS = """
import sys, time
from core import system
stream = open(sys.argv[1], "ab")
system.lock(stream, shared=len(sys.argv) > 2)
print("held", flush=True)
time.sleep(60)
"""


def holder(path: Path, *more: str) -> "subprocess.Popen[str]":
    """Another process that holds the lock of a file."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(path), *more], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_a_lock_goes_with_its_process_however_that_ends(tmp_path):
    other = holder(tmp_path / "a")
    with (tmp_path / "a").open("ab") as stream:
        with pytest.raises(BlockingIOError):
            system.lock(stream, wait=False)
        other.send_signal(signal.SIGKILL)
        other.communicate(timeout=30)
        system.lock(stream, wait=False)


def test_those_who_look_share_a_lock_and_shut_others_out(tmp_path):
    other = holder(tmp_path / "a", "shared")
    with (tmp_path / "a").open("ab") as stream:
        system.lock(stream, shared=True, wait=False)
    with (tmp_path / "a").open("ab") as stream, pytest.raises(BlockingIOError):
        system.lock(stream, wait=False)
    other.kill()
    other.communicate(timeout=30)


def test_without_reading_at_a_place_the_same_bytes_are_read(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(bytes(range(100)))
    with (tmp_path / "a").open("rb") as stream:
        usual = system.read_at(stream.fileno(), 7, 90), system.read_at(stream.fileno(), 20, 95)
        monkeypatch.delattr(os, "pread")  # Windows has none
        assert (system.read_at(stream.fileno(), 7, 90), system.read_at(stream.fileno(), 20, 95)) == usual
    assert usual == (bytes(range(90, 97)), bytes(range(95, 100)))


def test_a_process_is_told_from_one_that_is_none():
    assert system.began(os.getpid()) == f"{psutil.Process().create_time():.2f}"
    assert system.began(2**22 + 1) == ""
    assert system.memory() > 2**28


def test_who_holds_a_lock_of_an_older_assay_is_known(tmp_path):
    text = '{"pid": 7, "born": "then", "beat": 3.0}'
    (tmp_path / worker_lock.NAME).write_text(text.ljust(200))
    assert worker_lock.holder(tmp_path) == worker_lock.Holder(7, "then", 3.0)
    os.close(worker_lock.take(tmp_path))
    assert worker_lock.holder(tmp_path).pid == 0


def test_the_library_starts_and_works_with_no_more_than_windows_has(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.elsewhere", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["wrong"] == {}
    assert said["jobs"] == {
        "imports begun": ["running", True],
        "imports ended": "done",
        "previews begun": ["running", True],
        "previews ended": "cancelled",
    }
