"""The lock that a worker holds on its directory, who holds it, and when it last gave a sign of life.

The lock vanishes with the process however it ends. Whoever starts a worker takes the lock first and hands it down, so
that a worker is known from the moment it exists, long before it has imported anything. Where nothing can be handed
down, the worker takes the lock itself, and until then it counts as at work while its process is there.

Who holds it stands in a file of its own: where a lock keeps others from reading, that one stays readable.
"""

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from core import system
from core.errors import UserError
from core.files import writing
from core.json_files import fitted

NAME = "worker.lock"
HOLDER = "worker.json"  # until November 2026 it stood in the lock itself
VARIABLE = "WORKER_LOCK_DESCRIPTOR"  # what a worker was handed; no setting of a person
BEAT_SECONDS = 2.0  # between two signs of life; a page calls a worker silent after many of them
LENGTH = 200  # of what is written: always the same, so that a reader never sees the end of an older text
TAKING_SECONDS = 0.5  # somebody who only looks holds the lock for an instant


@dataclass(frozen=True)
class Holder:
    """Who holds the lock, or held it last.

    Attributes:
        pid: of the process; 0 where it is not known.
        born: what tells it from another process that gets the same number later; empty where the system says nothing.
        beat: when it last gave a sign of life, in seconds of this machine's monotonic clock: no clock that is set
            matters, and neither does a night asleep.
    """

    pid: int = 0
    born: str = ""
    beat: float = 0.0

    @property
    def lives(self) -> bool:
        """Whether that very process is still there."""
        return self.pid > 0 and born(self.pid) == self.born


def born(pid: int) -> str:
    """When a process began, in words of the system that no other process with its number has; empty if unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot} {Path(f'/proc/{pid}/stat').read_text('utf-8', 'replace').rpartition(')')[2].split()[19]}"
    except (OSError, IndexError):  # no Linux, or gone
        return "" if Path("/proc/self/stat").exists() else system.began(pid)


def holder(directory: Path) -> Holder:
    """Who holds the lock of `directory`, or held it last."""
    path = directory / HOLDER
    try:
        content = (path if path.exists() else directory / NAME).read_bytes()
        return fitted(json.loads(content), Holder, "The lock", "")
    except (OSError, ValueError, UserError):  # no worker ever was here
        return Holder()


def held(directory: Path) -> bool:
    """Whether a worker is there."""
    if not system.HANDS_DOWN and holder(directory).lives:
        return True
    try:
        with (directory / NAME).open("rb") as lock:
            system.lock(lock, shared=True, wait=False)
    except FileNotFoundError:  # no worker ever was here
        return False
    except BlockingIOError:
        return True
    return False


def take(directory: Path) -> int:
    """The descriptor of the lock, now held, until it is closed here and by all it was handed to.

    Raises:
        UserError: another worker is at work there.
    """
    with writing(directory / NAME):
        descriptor = os.open(directory / NAME, os.O_RDWR | os.O_CREAT, 0o666)
    deadline = time.monotonic() + TAKING_SECONDS
    while True:
        try:
            system.lock(descriptor, wait=False)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise UserError(
                    f"{directory.name} is being worked on already.", "", "Wait for it, or cancel it."
                ) from None
            time.sleep(0.01)
    try:
        with writing(directory / HOLDER):
            # Only now: beside an empty one, the name of a worker that stands in the lock itself would not be read.
            (directory / HOLDER).touch()
    except (OSError, UserError):
        os.close(descriptor)
        raise
    sign(directory, 0)  # whoever held it before is not meant any more
    return descriptor


def handed(directory: Path) -> int | None:
    """The descriptor of the lock of `directory`, where whoever started this process took it."""
    number = os.environ.get(VARIABLE, "")
    try:
        if not number.isdecimal() or not os.path.samestat(os.fstat(int(number)), (directory / NAME).stat()):
            return None
    except OSError:
        return None
    del os.environ[VARIABLE]
    os.set_inheritable(int(number), False)
    return int(number)


def sign(directory: Path, pid: int) -> None:
    """Write beside the lock of `directory` that the process `pid` holds it and lives; 0 where none is known."""
    text = json.dumps(asdict(Holder(pid, born(pid) if pid else "", time.monotonic())))
    # A full disk stops no worker, and in a directory that is being removed nothing is made again.
    with suppress(OSError), (directory / HOLDER).open("r+b", buffering=0) as stream:
        stream.write(text.ljust(LENGTH).encode())


@contextmanager
def holding(directory: Path) -> Iterator[None]:
    """Hold the lock, and say every two seconds that this process lives. Raises UserError where another one holds it."""
    descriptor = handed(directory)
    descriptor = take(directory) if descriptor is None else descriptor
    over = threading.Event()
    beats = threading.Thread(target=_beat, args=(directory, over), daemon=True)
    try:
        sign(directory, os.getpid())
        beats.start()
        yield
    finally:
        over.set()
        if beats.is_alive():
            beats.join()
        if not system.HANDS_DOWN:
            sign(directory, 0)  # its process may go on
        os.close(descriptor)


def _beat(directory: Path, over: threading.Event) -> None:
    while not over.wait(BEAT_SECONDS):
        sign(directory, os.getpid())
