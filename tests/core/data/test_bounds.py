"""Small files that ask for much are refused in words, or opened, within seconds and a bounded memory.

They are opened by a process of their own, each in a child that would be ended at far more: see `benchmarks.hostile`.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.hostile.bombs import KINDS

ROOT = Path(__file__).parents[3]
# A machine may be slow and busy: what was refused in tenths of a second took minutes, or never ended, without a bound.
SECONDS, MEGABYTES = 10.0, 500.0
_MEASURE = """
import json
from dataclasses import asdict
from benchmarks.hostile.bombs import KINDS, opened
for one in opened(KINDS, seconds=30, gigabytes=16):
    print(json.dumps(asdict(one)), flush=True)
"""


@pytest.fixture(scope="module")
def measured():
    """Kind → how opening it went."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE], capture_output=True, text=True, cwd=ROOT, timeout=600, check=True
    )
    return {one["kind"]: one["taken"] for one in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_refused_or_opened_within_bounds(measured, kind):
    taken = measured[kind]
    assert taken["ending"] in ("refused", "opened"), taken["words"]
    assert taken["seconds"] < SECONDS
    assert taken["megabytes"] < MEGABYTES
