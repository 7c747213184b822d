"""Jobs: a run's stages in a process of their own, with a progress file that any page can poll.

A worker holds a lock on its run for as long as it lives. The lock vanishes with the process however it ends, so "is it
alive?" has a true answer after a SIGKILL too, and two workers never write to one run.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType

from core.errors import UserError
from core.files import write_json
from core.runs import Run, all_runs

START_GRACE_SECONDS = 20.0
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Progress:
    """How far a job is.

    Attributes:
        state: waiting, running, done, failed, cancelled or interrupted (its process is gone).
        title: the stage in words; `message` says more, such as the epoch and the loss.
        share: of the whole job, in [0, 1].
        started: seconds since the epoch; `eta` is the number of seconds left, None while unknown.
        error: title, detail and hint of what went wrong.
    """

    state: str = "waiting"
    title: str = ""
    message: str = ""
    share: float = 0.0
    started: float = 0.0
    eta: float | None = None
    pid: int = 0
    error: dict[str, str] | None = None

    @property
    def active(self) -> bool:
        """Whether something is still going to happen by itself."""
        return self.state == "running"


class Cancelled(BaseException):
    """Raised in a worker that was asked to stop."""


def poll(run: Run) -> Progress:
    """The progress of the run's latest job; `waiting` when none was ever started."""
    try:
        progress = Progress(**json.loads((run.path / "progress.json").read_text("utf-8")))
    except (FileNotFoundError, json.JSONDecodeError):
        return Progress()
    starting = time.time() - progress.started < START_GRACE_SECONDS and not progress.title
    if progress.state == "running" and not starting and not _locked(run):
        return replace(progress, state="interrupted", eta=None)
    return progress


def start(run: Run) -> None:
    """Start a worker for the stages that are left, unless one is at work."""
    if poll(run).active:
        return
    write(run, Progress(state="running", started=time.time()))
    command = [sys.executable, "-m", "core", "resume", run.id, "--workspace", str(run.workspace.resolve())]
    with (run.path / "worker.log").open("ab") as log:
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def cancel(run: Run) -> None:
    """Ask the run's worker to stop; what it has finished stays."""
    progress = poll(run)
    if progress.active and progress.pid and _locked(run):
        os.kill(progress.pid, signal.SIGTERM)
    elif progress.active:
        write(run, replace(progress, state="cancelled"))


def resume_interrupted(workspace: Path) -> list[Run]:
    """Start again every run whose worker died without being cancelled; returns those runs."""
    interrupted = [run for run in all_runs(workspace) if poll(run).state == "interrupted"]
    for run in interrupted:
        start(run)
    return interrupted


def write(run: Run, progress: Progress) -> None:
    """Publish the progress of a run."""
    write_json(run.path / "progress.json", asdict(progress))


@contextmanager
def working_on(run: Run) -> Iterator[None]:
    """Hold the run's lock, turn SIGTERM into `Cancelled`, and leave the right state behind.

    Raises:
        UserError: another worker is at this run.
    """
    with (run.path / "worker.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"The run {run.id} is being worked on already.", "", "Wait for it, or cancel it.") from None
        previous = signal.signal(signal.SIGTERM, _raise_cancelled)
        begun = Progress(state="running", title="Starting", started=time.time(), pid=os.getpid())
        write(run, begun)
        try:
            yield
            write(run, replace(begun, state="done", title="Done", share=1.0))
        except (Cancelled, KeyboardInterrupt):
            write(run, replace(_last(run, begun), state="cancelled", eta=None))
            raise
        except UserError as error:
            write(run, replace(_last(run, begun), state="failed", eta=None, error=error.as_dict()))
            raise
        except Exception as error:
            words = UserError(
                "The job stopped on an unexpected error.",
                f"{type(error).__name__}: {error}",
                f"Details: {run.path}/worker.log.",
            )
            write(run, replace(_last(run, begun), state="failed", eta=None, error=words.as_dict()))
            raise
        finally:
            signal.signal(signal.SIGTERM, previous)


def _last(run: Run, otherwise: Progress) -> Progress:
    try:
        return Progress(**json.loads((run.path / "progress.json").read_text("utf-8")))
    except (FileNotFoundError, json.JSONDecodeError):
        return otherwise


def _raise_cancelled(number: int, frame: FrameType | None) -> None:
    raise Cancelled


def _locked(run: Run) -> bool:
    with (run.path / "worker.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
