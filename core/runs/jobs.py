"""Jobs: work in a process of its own, with a progress file in its directory that any page can poll.

A worker holds a lock on that directory for as long as it lives: see `core.runs.worker_lock`. So "is it alive?" has a
true answer after a SIGKILL too, and two workers never write to one place. One that is asked to stop and does not is
killed.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Literal

from core import system
from core.errors import UserError
from core.files import full, has_room, locked, sweep, write_json, writing
from core.json_files import read_json
from core.runs import Run, all_runs, limits, stopping, worker_lock
from core.runs import environment as surroundings
from core.runs.worker_lock import Holder
from core.settings import HANDED, MOST_READERS

SILENT_SECONDS = 30.0  # without a sign of life, after which a worker is said not to answer
# The same of one that never gave any: it gives none while it imports, which takes long on a busy machine.
STARTING_SECONDS = 300.0
ROOT = Path(__file__).parents[2]
_RENAMED = {"share": "fraction"}  # in progress files until November 2026
State = Literal["waiting", "running", "silent", "done", "failed", "cancelled", "interrupted"]


@dataclass(frozen=True)
class Progress:
    """How far a job is.

    Attributes:
        state: waiting, running, silent (its process is there and gives no sign of life), done, failed, cancelled or
            interrupted (its process is gone).
        title: the stage in words; `message` says more, such as the epoch and the loss.
        fraction: of the whole job, in [0, 1].
        started: seconds since the epoch; `eta` is the number of seconds left, None while unknown.
        told: when that was said, seconds since the epoch; 0 where it was not.
        error: title, detail and hint of what went wrong, or of what was refused while the rest was done.
    """

    state: State = "waiting"
    title: str = ""
    message: str = ""
    fraction: float = 0.0
    started: float = 0.0
    eta: float | None = None
    told: float = 0.0
    pid: int = 0
    error: dict[str, str] | None = None

    @property
    def active(self) -> bool:
        """Whether something is still going to happen by itself."""
        return self.state in ("running", "silent")

    @property
    def stopped(self) -> bool:
        """Whether it ended before it was done."""
        return self.state in ("failed", "cancelled", "interrupted")


class Cancelled(BaseException):
    """Raised in a worker that was asked to stop."""


def poll(directory: Path, *, patience: float = SILENT_SECONDS, starting: float = STARTING_SECONDS) -> Progress:
    """The progress of the latest job in `directory`; `waiting` when none was ever started.

    Where it cannot be read, the job has failed with these words, unless a worker is there who will write it again. The
    worker is silent after `patience` seconds without a sign of life, or `starting` seconds where it never gave one.
    """
    try:
        progress = _read(directory)
    except UserError as error:
        if not worker_lock.held(directory):
            return Progress("failed", error=error.as_dict())
        progress = Progress("running", "Working", started=time.time())
    if not progress.active:
        return progress
    holder = worker_lock.holder(directory)
    ending = stopping.asked(directory, holder)
    if not worker_lock.held(directory):
        ended = _last(directory, progress)  # it may have ended since
        if not ended.active:
            return ended
        if not ending and (words := limits.words_of(directory) or _no_room(directory)):
            return replace(progress, state="failed", eta=None, error=words.as_dict())
        return replace(progress, state="cancelled" if ending else "interrupted", eta=None)
    silent = 0 < holder.beat < time.monotonic() - (patience if progress.pid else starting)
    progress = replace(progress, state="silent" if silent else "running", pid=holder.pid or progress.pid)
    return replace(progress, title="Stopping", message="", eta=None) if ending else progress


def _no_room(directory: Path) -> UserError | None:
    """Why a worker may be gone that could not say so itself: the disk is full."""
    return None if has_room(directory) else full(directory / "progress.json")


def seconds_left(progress: Progress, now: float) -> float | None:
    """What is left of the job now: a stage that says nothing counts down meanwhile; None while unknown.

    >>> seconds_left(Progress(eta=30.0, told=100.0), 110.0), seconds_left(Progress(eta=30.0, told=100.0), 200.0)
    (20.0, 25.0)
    """
    if progress.eta is None or not progress.told:
        return progress.eta
    since = max(now - progress.told, 0.0)
    return max(progress.eta - since, since / 4)  # overdue: a further quarter of what it took so far


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
    handed, empty = surroundings.command_environment(arguments[0], os.environ), directory.absolute() / "worker.empty"
    command = [sys.executable, "-P", "-m", "core", *([HANDED] if handed else []), *arguments]
    environment = surroundings.worker_environment(os.environ, ROOT)
    with locked(directory / "progress.lock"):  # two sessions may ask for it at once
        if poll(directory).active:
            return
        try:
            lock = worker_lock.take(directory)
        except UserError:  # one that was started elsewhere has been faster
            return
        try:
            write(directory, Progress(state="running", started=time.time()))
            with writing(directory / "worker.log"), (directory / "worker.log").open("ab") as log:
                empty.mkdir(mode=0o500, exist_ok=True)
                worker = subprocess.Popen(
                    command,
                    cwd=empty,
                    env=environment | ({worker_lock.VARIABLE: str(lock)} if system.HANDS_DOWN else {}),
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    pass_fds=[lock] if system.HANDS_DOWN else [],
                    start_new_session=True,
                    creationflags=system.NEW_GROUP,
                )
            worker_lock.sign(directory, worker.pid)
        finally:
            os.close(lock)  # the worker holds it now, or will
    if worker.stdin:
        with suppress(BrokenPipeError), worker.stdin:  # it may have ended already
            worker.stdin.write(json.dumps(handed).encode())


def _require_few(directory: Path) -> None:
    """Refuse one more reader beside those of the same kind, and drop its directory."""
    most = limits.readers_at_once()
    others = (other for other in directory.parent.iterdir() if other != directory and other.is_dir())
    if sum(poll(other).active for other in others) >= most:
        shutil.rmtree(directory, ignore_errors=True)
        raise UserError(
            f"{most} workers of this kind are at work already.",
            "More of them at once would take the machine from everybody.",
            f"Wait until one is done, or cancel it. {MOST_READERS} allows more.",
        )


def cancel(directory: Path, *, patience: float = stopping.PATIENCE_SECONDS) -> None:
    """Ask the worker in `directory` to stop; what it has finished stays.

    It is killed, with all that it has started, when it is still there after `patience` seconds. That needs nobody to
    look on; should this process end before, the next server does it (`stopping.end_the_deaf`).
    """
    with locked(directory / "progress.lock"):
        progress = poll(directory)
        if not progress.active:
            return
        holder = worker_lock.holder(directory)
        holder = holder if holder.pid else Holder(progress.pid, worker_lock.born(progress.pid))
        stopping.ask(directory, holder, patience)


def at_work(workspace: Path) -> list[Path]:
    """The directories of all jobs that are no runs' and have a worker, whoever started it."""
    kinds = ("attacks", "copies", "downloads", "imports", "loads", "previews", "repeats")
    busy = [lock.parent for kind in kinds for lock in sorted((workspace / kind).glob(f"*/{worker_lock.NAME}"))]
    return [job for job in busy if worker_lock.held(job)]


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
def working_on(directory: Path, refused: Sequence[UserError] = ()) -> Iterator[None]:
    """Hold the lock of `directory`, turn SIGTERM into `Cancelled`, and leave the right state behind.

    Args:
        directory: of the job.
        refused: what was refused meanwhile and left the rest to be done: the first is kept beside the state "done".

    Raises:
        UserError: another worker is at work there.
    """
    with worker_lock.holding(directory):
        begun = Progress(state="running", title="Starting", started=time.time(), pid=os.getpid())
        previous = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            signal.signal(signal.SIGTERM, _once(Cancelled))
            if previous[signal.SIGINT] is signal.default_int_handler:
                signal.signal(signal.SIGINT, _once(KeyboardInterrupt))
            sweep(directory)
            write(directory, begun)
            if stopping.asked(directory, worker_lock.holder(directory)):
                raise Cancelled
            yield
            error = refused[0].as_dict() if refused else None
            write(directory, replace(begun, state="done", title="Done", fraction=1.0, error=error))
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
            for number, handler in previous.items():
                signal.signal(number, handler)


def _last(directory: Path, otherwise: Progress) -> Progress:
    try:
        return _read(directory)
    except UserError:
        return otherwise


def _read(directory: Path) -> Progress:
    owner, hint = f"The progress of {directory.name}", "What is done is kept: start it again."
    return read_json(
        directory / "progress.json",
        Progress,
        owner,
        hint,
        otherwise=Progress(),
        renamed=_RENAMED,
        sound=_sound,
    )


def _sound(progress: Progress) -> bool:
    said = progress.error is None or {"title"} <= set(progress.error) <= {"title", "detail", "hint"}
    return said and 0 <= progress.fraction <= 1 + 1e-6 and 0 <= progress.pid < 2**31


def _once(error: type[BaseException]) -> Callable[[int, FrameType | None], None]:
    """A handler that raises `error`; one that is impatient does not disturb what ends because of the first."""
    last = -stopping.PATIENCE_SECONDS

    def handle(_: int, __: FrameType | None) -> None:
        nonlocal last
        if time.monotonic() - last >= stopping.PATIENCE_SECONDS:
            last = time.monotonic()
            raise error

    return handle


def new_job(workspace: Path, kind: str) -> Path:
    """A new, empty directory for a job that is no run's."""
    job = workspace / kind / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    with writing(job):
        job.mkdir(parents=True)
    return job
