"""Requests that a worker stop: it is asked first, and killed when it is still there once its time is up.

A worker that is stuck in a library hears nothing, neither a signal that Python handles nor a thread of its own.
"""

import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from core import system
from core.errors import UserError
from core.files import write_json
from core.json_files import read_json
from core.runs import worker_lock
from core.runs.worker_lock import Holder

REQUEST = "cancel.json"
GONE = (ProcessLookupError,) if system.HANDS_DOWN else (OSError,)  # what the system says of a process that is none
PATIENCE_SECONDS = 5.0  # that a worker has to end by itself


@dataclass(frozen=True)
class _Request:
    """That a worker stop, and which one: a later worker is not meant."""

    pid: int
    born: str
    deadline: float


def asked(directory: Path, holder: Holder) -> bool:
    """Whether this very worker was asked to stop."""
    return _request(directory, holder) is not None


def ask(directory: Path, holder: Holder, patience: float) -> None:
    """Ask a worker to stop, and see to it that it is gone after `patience` seconds, with all that it has started."""
    if not asked(directory, holder):  # who asks again does not put it off
        write_json(directory / REQUEST, asdict(_Request(holder.pid, holder.born, time.monotonic() + patience)))
    if holder.lives:
        with suppress(*GONE):
            os.kill(holder.pid, signal.SIGTERM)
    end_later(directory)


def end_the_deaf(workspace: Path) -> None:
    """See to the end of every worker that was asked to stop and has not, whoever asked."""
    for request in workspace.glob(f"*/*/{REQUEST}"):
        if worker_lock.held(request.parent):
            end_later(request.parent)


def end_later(directory: Path) -> None:
    """Kill the worker that was asked to stop once its time is up; nobody has to wait for it or to look on."""
    threading.Thread(target=_end, args=(directory,), daemon=True).start()


def _end(directory: Path) -> None:
    holder = worker_lock.holder(directory)
    request = _request(directory, holder)
    while request and worker_lock.held(directory) and holder.lives:
        if time.monotonic() >= request.deadline:
            with suppress(*GONE):
                system.end(holder.pid)
        time.sleep(0.05)


def _request(directory: Path, holder: Holder) -> _Request | None:
    try:
        request = read_json(directory / REQUEST, _Request, "The request to stop", "Cancel again.")
    except UserError:  # there is none, or none that can be read
        return None
    return request if (request.pid, request.born) == (holder.pid, holder.born) else None
