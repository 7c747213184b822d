"""A disk that runs full: words that say what to do, nothing half written, and nothing lost.

Each test fills a real disk of its own, in a namespace where mounting needs no rights; elsewhere it is skipped.
"""

import subprocess
import sys

import pytest

from tests.sources import ROOT

MOUNTED = "mount -t tmpfs -o size={size}k none {place} && exec {python} -"
PRELUDE = """
import sys
from pathlib import Path
import numpy as np
from core.errors import UserError
place = Path({place!r})

def refused(act):
    try:
        act()
    except UserError as error:
        print(error)
    print(sorted(path.name for path in place.rglob("*") if path.is_file()))
"""


def on_a_disk(place, kilobytes, text):
    """What a process prints that does what `text` says, with `place` on a disk of so many kilobytes."""
    alone = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    place.mkdir()
    command = MOUNTED.format(size=kilobytes, place=place, python=sys.executable)
    try:
        subprocess.run([*alone, MOUNTED.format(size=4, place=place, python="true")], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no disk can be mounted here")
    given = PRELUDE.format(place=str(place)) + text
    done = subprocess.run([*alone, command], input=given, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.splitlines(), done.stderr + str(done.returncode)


def test_an_array_that_does_not_fit_is_refused_in_words_and_leaves_nothing(tmp_path):
    text = "from core.files import write_array\nrefused(lambda: write_array(place / 'a.npy', np.zeros(2**16)))"
    said, went = on_a_disk(tmp_path / "disk", 100, text)
    assert said == [
        f"The disk is full. a.npy was not written. Free space on the disk that holds {tmp_path}/disk, then try again.",
        "[]",
    ], went


def test_a_mapped_array_that_does_not_fit_is_refused_before_it_is_written_into(tmp_path):
    text = """
from core.files import mapped_array
def act():
    mapped_array(place / "a.npy", np.float32, (2**16,))[:] = 1
refused(act)
"""
    said, went = on_a_disk(tmp_path / "disk", 100, text)
    assert said[0].startswith("The disk is full. a.npy was not written."), went
    assert said[1:] == ["[]"], went


def test_weights_and_checkpoints_that_do_not_fit_are_refused_in_words(tmp_path):
    text = """
import torch
from core.files import write_file
refused(lambda: write_file(place / "last.pt", lambda stream: torch.save(torch.zeros(2**16), stream)))
from types import SimpleNamespace
from core.stages.load import save_weights
refused(lambda: save_weights(SimpleNamespace(path=place), torch.nn.Linear(2**8, 2**8)))
"""
    said, went = on_a_disk(tmp_path / "disk", 100, text)
    assert said[0].startswith("The disk is full. last.pt was not written."), went
    assert said[1] == "[]", went
    assert said[2].startswith("The disk is full. model.safetensors was not written."), went


def test_a_data_set_that_does_not_fit_is_refused_in_words_and_leaves_nothing(tmp_path):
    text = """
from core.data.store.unfinished import unfinished
def act():
    with unfinished(place / "datasets") as made:
        for number in range(100):
            (made / str(number)).write_bytes(bytes(4096))
refused(act)
"""
    said, went = on_a_disk(tmp_path / "disk", 100, text)
    assert said[0].startswith("The disk is full. the data set was not written."), went
    assert said[1:] == ["[]"], went


def test_a_worker_that_could_not_say_so_is_said_to_have_failed_of_a_full_disk(tmp_path):
    text = """
from core.runs import jobs
jobs.write(place, jobs.Progress("running", "Training", pid=1, started=1.0))
print(jobs.poll(place).state)
try:
    (place / "filler").write_bytes(bytes(2**20))
except OSError:
    pass
progress = jobs.poll(place)
print(progress.state, progress.error["title"])
(place / "filler").unlink()
print(jobs.poll(place).state)
"""
    said, went = on_a_disk(tmp_path / "disk", 100, text)
    assert said == ["interrupted", "failed The disk is full.", "interrupted"], went
