"""Good files of every kind are opened; damaged at random, they are opened or refused in words, quickly."""

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from benchmarks.hostile.damage import damaged
from benchmarks.hostile.fuzz import READERS
from benchmarks.hostile.watch import tried

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("reader", READERS)
def test_the_good_files_are_opened(tmp_path, reader):
    make, work = READERS[reader]
    taken = tried(work, make(tmp_path))
    assert taken.ending == "opened", taken.words


def test_the_damage_is_the_same_for_the_same_seed_and_differs_otherwise():
    content = bytes(range(256))
    some = [damaged(content, Random(seed), [b"other"]) for seed in (1, 1, 2)]
    assert some[0] == some[1] != some[2]


def test_a_few_hundred_damaged_files_end_well():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "fuzz", "--inputs", "15"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=600,
        check=True,
    )
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("|")][2:]
    assert {row[0] for row in rows} == set(READERS)
    for row in rows:
        assert row[1] == "15", row
        assert row[4:] == ["0"] * 4, done.stderr
