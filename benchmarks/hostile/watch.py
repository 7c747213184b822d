"""What opening one file takes: seconds of the processor, peak memory, and how it ended.

Each file is opened in a child of its own, which is ended when it takes far too long or far too much.
"""

import os
import resource
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.errors import UserError

Ending = Literal["opened", "refused", "killed", "other"]


@dataclass(frozen=True)
class Taken:
    """How one file was opened.

    Attributes:
        ending: opened, refused in words, killed by a limit, or any other exception.
        words: the error's.
        seconds: of the processor, all threads together.
        megabytes: the peak of resident memory above what the process had before.
    """

    ending: Ending
    words: str
    seconds: float
    megabytes: float


def data(path: Path) -> None:
    """Look at a data set as the Data page does, at a few of its images."""
    from core.pipeline.data import preview_source

    preview_source(path, most=8)


def model(path: Path) -> None:
    """Open a file of weights, or a graph, as the Train page does."""
    from core.models.graphs import import_graph
    from core.models.weight_files import kind_of
    from core.models.weights import read_weights

    if kind_of(path) == "onnx":
        import_graph(path, 3)
    else:
        read_weights(path)


def prepare() -> None:
    """Import what opening files takes, so that no child has to."""
    import core.models.graphs
    import core.models.weights
    import core.pipeline.data  # noqa: F401
    from core.data import SOURCES
    from core.data.tables import parquet_files  # noqa: F401

    for source in SOURCES.values():
        source.load()
    import scipy.io  # noqa: F401


def tried(work: Callable[[Path], None], path: Path) -> Taken:
    """What `work` takes for `path`, in this process."""
    before, started = _reset(), time.process_time()
    ending: Ending = "opened"
    words = ""
    try:
        work(path)
    except UserError as error:
        ending, words = "refused", str(error)
    except BaseException as error:  # noqa: BLE001
        ending, words = "other", f"{type(error).__name__}: {str(error)[:200]}"
    return Taken(ending, words, time.process_time() - started, _resident("VmHWM") - before)


def apart(work: Callable[[Path], None], path: Path, *, seconds: int = 60, gigabytes: float = 10.0) -> Taken:
    """The same in a child that is killed after so many seconds of the processor or at so much memory."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (int(gigabytes * 2**30), resource.RLIM_INFINITY))
        found = tried(work, path)
        os.write(write, repr((found.ending, found.words, found.seconds, found.megabytes)).encode()[:4000])
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        told = stream.read()
    _, status, used = os.wait4(child, 0)
    if told:
        return Taken(*eval(told))  # noqa: S307
    name = signal.Signals(os.waitstatus_to_exitcode(status) * -1).name if os.WIFSIGNALED(status) else str(status)
    return Taken("killed", name, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _reset() -> float:
    """Let the peak of memory begin anew; megabytes that are resident now."""
    Path("/proc/self/clear_refs").write_text("5")
    return _resident("VmRSS")


def _resident(field: str) -> float:
    with Path("/proc/self/status").open() as stream:
        return next(int(line.split()[1]) for line in stream if line.startswith(field)) / 1024
