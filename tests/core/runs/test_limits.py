"""A worker that takes too much while it reads a file of somebody else's ends, and its job says why in words."""

import os
import re
import resource
import subprocess
import sys
import time

import pytest

from core.errors import UserError
from core.runs import jobs
from core.runs.limits import FILE, Limits, confined, limits_for, words_of

KINDS = (resource.RLIMIT_AS, resource.RLIMIT_CPU)
HUNGRY = "held = bytearray(8 * 2**30)"
STUBBORN = """
pair = ()
for _ in range(60):
    pair = (pair, pair)
hash(pair)  # one call that Python cannot interrupt
"""
BUSY = "while True: pass"
SWALLOWED = """
try:
    held = bytearray(8 * 2**30)
except MemoryError as error:
    raise UserError("It is damaged.") from error
"""
WORK = """
import sys
from pathlib import Path
from core.errors import UserError
from core.runs.jobs import working_on
from core.runs.limits import Limits, confined
job = Path(sys.argv[1])
(job / "strange.bin").write_bytes(b"0" * 1000)
with working_on(job), confined(job / "strange.bin", job, Limits(2**30, 1.0, grace=1)):
    exec(sys.argv[2])
"""


def done(folder, code):
    """The progress of a job whose worker runs `code` under narrow limits."""
    worker = subprocess.run(
        [sys.executable, "-c", WORK, str(folder), code], cwd=jobs.ROOT, capture_output=True, check=False, timeout=300
    )
    return worker, jobs.poll(folder)


@pytest.mark.parametrize(("code", "what"), [(HUNGRY, "memory"), (SWALLOWED, "memory"), (BUSY, "processor")])
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have no limit of memory")
def test_a_limit_that_is_met_is_said_in_words(tmp_path, code, what):
    _, progress = done(tmp_path, code)
    assert progress.state == "failed"
    assert progress.error["title"] == "Reading strange.bin was stopped."
    assert what in progress.error["detail"]
    assert "ASSAY_MOST_" in progress.error["hint"]
    assert not (tmp_path / FILE).exists()


def test_a_worker_that_does_not_listen_is_killed_and_its_job_says_why(tmp_path):
    worker, progress = done(tmp_path, STUBBORN)
    assert worker.returncode < 0
    assert progress.state == "failed"
    assert progress.error["title"] == "Reading strange.bin was stopped."


def test_what_reads_within_the_limits_is_left_alone_and_the_limits_end_with_it(tmp_path):
    before = [resource.getrlimit(kind) for kind in KINDS]
    with confined(tmp_path, limits=Limits(2**40, 60.0)):
        inside = resource.getrlimit(resource.RLIMIT_CPU)
        assert time.process_time() + 50 < inside[0] <= time.process_time() + 61
    assert inside[1] == before[1][1]
    assert [resource.getrlimit(kind) for kind in KINDS] == before


def test_another_error_stays_what_it_is(tmp_path):
    with pytest.raises(UserError, match="no image"), confined(tmp_path):
        raise UserError("It is no image.")


def test_the_limits_grow_with_the_file_and_can_be_set():
    assert limits_for(2**40, {}).seconds > limits_for(0, {}).seconds > 600
    assert limits_for(0, {}).memory >= 4 * 2**30
    assert limits_for(0, {"ASSAY_MOST_MEMORY": "1.5", "ASSAY_MOST_MINUTES": "2"}) == Limits(3 * 2**29, 120.0)
    with pytest.raises(UserError, match="ASSAY_MOST_MEMORY is 'much'"):
        limits_for(0, {"ASSAY_MOST_MEMORY": "much"})


def test_a_damaged_note_of_the_limits_says_nothing(tmp_path):
    assert words_of(tmp_path) is None
    (tmp_path / FILE).write_text("[" * 100_000)
    assert words_of(tmp_path) is None


def test_one_reader_more_than_may_run_is_refused_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setitem(os.environ, "ASSAY_MOST_READERS", "1")
    busy, another = jobs.new_job(tmp_path, "previews"), jobs.new_job(tmp_path, "previews")
    with jobs.working_on(busy), pytest.raises(UserError, match=re.escape("1 workers of this kind")):
        jobs.start(another, ["preview", "--job", str(another), "--", "/nowhere"])
    assert busy.exists()
    assert not another.exists()
