"""How long something takes and how much memory it needs beyond what is there already."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

Result = TypeVar("Result")
SAMPLING = 0.002


@dataclass(frozen=True)
class Timed(Generic[Result]):
    """What a call returned, its wall time and processor time in seconds, and its peak of extra memory in bytes."""

    result: Result
    wall: float
    processor: float
    memory: int


def timed(call: Callable[[], Result]) -> Timed[Result]:
    """Run `call` and watch its resident memory, all threads and native code included, every 2 ms."""
    before = peak = resident_memory()
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(SAMPLING):
            peak = max(peak, resident_memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    wall, processor = time.perf_counter(), time.process_time()
    try:
        result = call()
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
    finally:
        done.set()
        watcher.join()
    return Timed(result, wall, processor, max(peak, resident_memory()) - before)


def resident_memory() -> int:
    """Bytes of this process in memory; 0 where the system does not tell (anything but Linux)."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024
