"""How much of the machine a worker may take that reads a file of somebody else's, and what is said when it takes more.

The readers have bounds of their own. These limits are for what nobody thought of: a reader in another language that
goes round in circles, or one that believes a length. They are generous, for they must never stop honest work.
"""

import importlib.util
import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from core import system
from core.errors import UserError
from core.files import write_json
from core.settings import MOST_MEMORY, MOST_MINUTES, MOST_READERS

COMMANDS = ("preview", "import", "load-model", "load-run", "download", "hub")
FILE = "limits.json"  # lies in a job's directory as long as its worker is limited
LEAST_BYTES = 4 * 2**30  # of memory: PyTorch and a data set of a million names take two
PART_OF_MACHINE = 0.5  # of its memory, for one worker
SECONDS = 1200.0  # of the processor, whatever the file; a look at 20,000 large photographs takes 300
SECONDS_PER_MB = 10.0  # fifty times what the import of photographs takes
READERS_AT_ONCE = 4  # of one kind; each decodes with several threads
_MOST_ENTRIES = 200_000  # of a folder that are added up; more of them are taken to go on like these
_OUT_OF_MEMORY = ("bad_alloc", "bad allocation", "t allocate")  # as ONNX Runtime and PyTorch say it
_LINUX = Path("/proc/self/statm")


@dataclass(frozen=True)
class Limits:
    """What a worker may take.

    Attributes:
        memory: bytes more than it has when it begins to read, what it maps of the file not counted.
        seconds: of the processor, all threads together.
        grace: seconds of it after which a worker that does not listen is killed.
    """

    memory: int
    seconds: float
    grace: int = 30


def limits_for(size: int, around: Mapping[str, str] = os.environ) -> Limits:
    """The limits for a file or folder of `size` bytes: what the environment says, else from the size and the machine.

    Raises:
        UserError: a variable holds no number above 0.
    """
    machine = system.memory()
    gigabytes, minutes = _number(around, MOST_MEMORY), _number(around, MOST_MINUTES)
    return Limits(
        memory=int(gigabytes * 2**30) if gigabytes else max(LEAST_BYTES, int(PART_OF_MACHINE * machine)),
        seconds=60 * minutes if minutes else SECONDS + SECONDS_PER_MB * size / 2**20,
    )


def readers_at_once(around: Mapping[str, str] = os.environ) -> int:
    """How many workers of one kind may read at the same time. Raises UserError as `limits_for` does."""
    return int(_number(around, MOST_READERS) or READERS_AT_ONCE)


@contextmanager
def confined(path: Path | None, job: Path | None = None, limits: Limits | None = None) -> Iterator[None]:
    """Limit this process while it reads what lies at `path`, and say so in words where a limit is met.

    Args:
        path: a file or a folder; None for what comes from elsewhere.
        job: the directory of the job that this process does, if it does nothing else. Only then is it killed when it
            does not listen; `words_of` says why afterwards.
        limits: instead of those of `limits_for`.

    Raises:
        UserError: a limit was met.
    """
    size = _size(path) if path else 0
    limits = limits or limits_for(size)
    name = path.name if path else "what was fetched"
    if job:
        write_json(job / FILE, {"name": name, "memory": limits.memory, "seconds": limits.seconds})
    try:
        with _limited(limits, 2 * size, _out_of_time(name, limits), killed=job is not None):
            yield
    except (UserError, MemoryError, RuntimeError) as error:
        if _is_of_memory(error):
            raise _out_of_memory(name, limits) from error
        raise
    finally:
        if job:
            (job / FILE).unlink(missing_ok=True)


def words_of(job: Path) -> UserError | None:
    """What to say of a worker that is gone: that a limit ended it. None for one that was not limited when it went."""
    try:
        entries = json.loads((job / FILE).read_text("utf-8"))
        limits = Limits(int(entries["memory"]), float(entries["seconds"]))
        name = str(entries["name"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return UserError(
        f"Reading {name} was stopped.",
        f"It took more than {limits.seconds / 60:,.0f} minutes of the processor, or so much memory that the system "
        "ended it; files that are made to exhaust a machine do so.",
        f"Do not open it. For a file that you trust, set {MOST_MINUTES} or {MOST_MEMORY} to more.",
    )


@contextmanager
def _limited(limits: Limits, mapped: int, words: UserError, *, killed: bool) -> Iterator[None]:
    """Set the limits meanwhile, as far as the system has them: macOS has none of memory, and Windows none at all."""
    if importlib.util.find_spec("resource") is None:
        yield
        return
    import resource

    def put(kind: int, soft: int, hard: int) -> None:
        with suppress(ValueError, OSError):  # the system refuses it, or a lower hard limit is in force
            resource.setrlimit(kind, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))

    def out_of_time(_: int, __: FrameType | None) -> None:
        raise words

    before = {kind: resource.getrlimit(kind) for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU)}
    previous = signal.getsignal(signal.SIGXCPU)
    try:
        signal.signal(signal.SIGXCPU, out_of_time)
        if _LINUX.exists():
            held = int(_LINUX.read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
            put(resource.RLIMIT_AS, held + mapped + limits.memory, before[resource.RLIMIT_AS][1])
        seconds, most = int(time.process_time() + limits.seconds) + 1, before[resource.RLIMIT_CPU][1]
        hard = seconds + limits.grace if killed else most
        put(resource.RLIMIT_CPU, seconds, hard if most == resource.RLIM_INFINITY else min(hard, most))
        yield
    finally:
        for kind, (soft, _) in before.items():  # a hard limit stays, as nobody may lift it
            hard = resource.getrlimit(kind)[1]
            put(kind, soft if hard == resource.RLIM_INFINITY else hard, hard)
        signal.signal(signal.SIGXCPU, previous)


def _is_of_memory(error: BaseException | None) -> bool:
    """Whether memory ran out, in Python or in a library: readers take that for damage, and say so."""
    while error is not None:
        said = str(error)
        if isinstance(error, MemoryError) or any(words in said for words in _OUT_OF_MEMORY):
            return True
        error = error.__cause__ or error.__context__
    return False


def _out_of_memory(name: str, limits: Limits) -> UserError:
    return UserError(
        f"Reading {name} was stopped.",
        f"It asked for more than {limits.memory / 2**30:,.1f} GB of memory; files made to exhaust a machine do.",
        f"Do not open it. For a file that you trust, set {MOST_MEMORY} to more gigabytes.",
    )


def _out_of_time(name: str, limits: Limits) -> UserError:
    return UserError(
        f"Reading {name} was stopped.",
        f"It took more than {limits.seconds / 60:,.1f} minutes of the processor; files made to exhaust a machine do.",
        f"Do not open it. For a file that you trust, set {MOST_MINUTES} to more.",
    )


def _number(around: Mapping[str, str], variable: str) -> float:
    """What a variable says; 0 where it is not set."""
    text = around.get(variable, "")
    try:
        value = float(text or 0)
    except ValueError:
        value = -1.0
    if text and not 0 < value < 1e9:
        raise UserError(f"{variable} is {text[:40]!r}.", "It has to be a number above 0.", "Correct or remove it.")
    return value


def _size(path: Path) -> int:
    """Bytes of a file, or of what lies in a folder, links not followed."""
    if not path.is_dir():
        return path.stat().st_size if path.exists() else 0
    total = entries = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118 - a million of them
        entries += len(names)
        if entries > _MOST_ENTRIES:
            return total * 10
    return total
