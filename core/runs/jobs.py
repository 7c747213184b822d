"""Jobs: work in a process of its own, with a progress file in its directory that any page can poll.

A worker holds a lock on that directory for as long as it lives. The lock vanishes with the process however it ends, so
"is it alive?" has a true answer after a SIGKILL too, and two workers never write to one place.
"""

import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Literal

from core.errors import UserError
from core.files import locked, write_json, writing
from core.json_files import read_json
from core.runs import Run, all_runs, limits
from core.runs import environment as surroundings

START_GRACE_SECONDS = 60.0
ROOT = Path(__file__).parents[2]
State = Literal["waiting", "running", "done", "failed", "cancelled", "interrupted"]


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

    state: State = "waiting"
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

    @property
    def stopped(self) -> bool:
        """Whether it ended before it was done."""
        return self.state in ("failed", "cancelled", "interrupted")


class Cancelled(BaseException):
    """Raised in a worker that was asked to stop."""


def poll(directory: Path) -> Progress:
    """The progress of the latest job in `directory`; `waiting` when none was ever started.

    Where it cannot be read, the job has failed with these words, unless a worker is there who will write it again.
    """
    try:
        progress = _read(directory)
    except UserError as error:
        if _locked(directory):
            return Progress("running", "Working", started=time.time())
        return Progress("failed", error=error.as_dict())
    starting = abs(time.time() - progress.started) < START_GRACE_SECONDS and not progress.title
    if progress.state == "running" and not starting and not _locked(directory):
        if words := limits.words_of(directory):
            return replace(progress, state="failed", eta=None, error=words.as_dict())
        return replace(progress, state="interrupted", eta=None)
    return progress


def start_run(run: Run) -> None:
    """Start a worker for the stages that are left of a run, unless one is at work."""
    start(run.path, ["resume", run.id, "--workspace", str(run.workspace.resolve())])


def start(directory: Path, arguments: Sequence[str]) -> None:
    """Start `python -m core …` as a worker in `directory`, unless one is at work there.

    Its current folder is an empty one, where a file that it reads could name no other, and its environment holds no
    secret: see `core.runs.environment`.

    Args:
        directory: of the job.
        arguments: the command and its options; paths among them are absolute.

    Raises:
        UserError: the command reads files of strangers, and as many workers as may do so at once are at it.
    """
    if arguments[0] in limits.COMMANDS:
        _require_few(directory)
    with locked(directory / "progress.lock"):  # two sessions may ask for it at once
        if poll(directory).active:
            return
        write(directory, Progress(state="running", started=time.time()))
    handed, empty = surroundings.handed(arguments[0], os.environ), directory.absolute() / "worker.empty"
    command = [sys.executable, "-P", "-m", "core", *([surroundings.FLAG] if handed else []), *arguments]
    with writing(directory / "worker.log"), (directory / "worker.log").open("ab") as log:
        empty.mkdir(mode=0o500, exist_ok=True)
        environment = surroundings.plain_environment(os.environ, ROOT)
        worker = subprocess.Popen(
            command, cwd=empty, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
        )
    if worker.stdin:
        with suppress(BrokenPipeError), worker.stdin:  # it may have ended already
            worker.stdin.write(json.dumps(handed).encode())


def _require_few(directory: Path) -> None:
    """Refuse one more reader beside those of the same kind, and drop its directory."""
    most = limits.readers_at_once()
    others = (one for one in directory.parent.iterdir() if one != directory and one.is_dir())
    if sum(poll(one).active for one in others) >= most:
        shutil.rmtree(directory, ignore_errors=True)
        raise UserError(
            f"{most} workers of this kind are at work already.",
            "More of them at once would take the machine from everybody.",
            f"Wait until one is done, or cancel it. {limits.READERS} allows more.",
        )


def cancel(directory: Path) -> None:
    """Ask the worker in `directory` to stop; what it has finished stays."""
    with locked(directory / "progress.lock"):
        progress = poll(directory)
        if progress.active and progress.pid and _locked(directory):
            os.kill(progress.pid, signal.SIGTERM)
        elif progress.active:
            write(directory, replace(progress, state="cancelled"))


def resume_interrupted(workspace: Path) -> list[Run]:
    """Start again every run whose worker died without being cancelled; returns those runs."""
    interrupted = [run for run in all_runs(workspace) if poll(run.path).state == "interrupted"]
    for run in interrupted:
        start_run(run)
    return interrupted


def write(directory: Path, progress: Progress) -> None:
    """Publish the progress of the job in `directory`."""
    write_json(directory / "progress.json", asdict(progress))


@contextmanager
def working_on(directory: Path) -> Iterator[None]:
    """Hold the lock of `directory`, turn SIGTERM into `Cancelled`, and leave the right state behind.

    Raises:
        UserError: another worker is at work there.
    """
    with (directory / "worker.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"{directory.name} is being worked on already.", "", "Wait for it, or cancel it.") from None
        previous = signal.signal(signal.SIGTERM, _raise_cancelled)
        begun = Progress(state="running", title="Starting", started=time.time(), pid=os.getpid())
        write(directory, begun)
        try:
            yield
            write(directory, replace(begun, state="done", title="Done", share=1.0))
        except (Cancelled, KeyboardInterrupt):
            write(directory, replace(_last(directory, begun), state="cancelled", eta=None))
            raise
        except UserError as error:
            write(directory, replace(_last(directory, begun), state="failed", eta=None, error=error.as_dict()))
            raise
        except Exception as error:
            words = UserError(
                "The job stopped on an unexpected error.",
                f"{type(error).__name__}: {error}",
                f"Details: {directory}/worker.log.",
            )
            write(directory, replace(_last(directory, begun), state="failed", eta=None, error=words.as_dict()))
            raise
        finally:
            signal.signal(signal.SIGTERM, previous)


def _last(directory: Path, otherwise: Progress) -> Progress:
    try:
        return _read(directory)
    except UserError:
        return otherwise


def _read(directory: Path) -> Progress:
    owner, hint = f"The progress of {directory.name}", "What is done is kept: start it again."
    return read_json(directory / "progress.json", Progress, owner, hint, otherwise=Progress(), sound=_sound)


def _sound(progress: Progress) -> bool:
    said = progress.error is None or {"title"} <= set(progress.error) <= {"title", "detail", "hint"}
    return said and 0 <= progress.share <= 1 + 1e-6 and 0 <= progress.pid < 2**31


def _raise_cancelled(_: int, __: FrameType | None) -> None:
    raise Cancelled


def _locked(directory: Path) -> bool:
    try:
        with (directory / "worker.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:  # no worker ever was here
        return False
    except BlockingIOError:
        return True
    return False


def new_job(workspace: Path, kind: str) -> Path:
    """A new, empty directory for a job that is no run's."""
    job = workspace / kind / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    with writing(job):
        job.mkdir(parents=True)
    return job
