"""What comes after a model or a recording was loaded: the work on its run, whoever looks on.

The worker that reads a file of somebody else's is limited for good, and so would be all that it starts. So this process
waits for it, and the next server does where this one ends before.
"""

import threading
import time
from contextlib import suppress
from pathlib import Path

from core import runs
from core.errors import UserError
from core.pipeline.started import REQUEST, RESULT, result_of
from core.runs import Run, jobs

_HINT = "Load the file again."


def loaded_run(workspace: Path, job: Path) -> Run:
    """The run that a finished job made."""
    return runs.open_run(workspace, result_of(job, "run", "What the loading made", _HINT))


def begin_when_loaded(workspace: Path, job: Path) -> threading.Thread:
    """A thread, at work, that waits for a job that loads something and then has its run worked on."""
    thread = threading.Thread(target=_wait_and_begin, args=(workspace, job), daemon=True)
    thread.start()
    return thread


def begin_all_loaded(workspace: Path) -> None:
    """Have every run worked on that was loaded and never begun, as the server ended before."""
    for job in [asked.parent for asked in sorted((workspace / "loads").glob(f"*/{REQUEST}"))]:
        if jobs.poll(job).active:
            begin_when_loaded(workspace, job)
        elif (job / RESULT).exists():
            begin_loaded(workspace, job)


def begin_loaded(workspace: Path, job: Path) -> None:
    """Start the work on the run that a finished job made, unless it was begun or is gone."""
    with suppress(UserError):  # it was deleted, or the disk is full: its page says so and offers to resume
        run = loaded_run(workspace, job)
        if jobs.poll(run.path).state == "waiting":
            jobs.start_run(run)


def _wait_and_begin(workspace: Path, job: Path) -> None:
    while jobs.poll(job).active:
        time.sleep(0.2)
    if (job / RESULT).exists():
        begin_loaded(workspace, job)
