"""Seconds and memory of work on a device, and the rows of the one table."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch

from core.settings import DEVICE

T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """One line of the table; cells are "" where there is nothing to say.

    Attributes:
        what: was measured.
        here: by this project.
        plain: by plain PyTorch, or on the CPU.
        ratio: of the two.
        limit: what the card could do at best.
        memory: peak of the device's memory.
    """

    what: str
    here: str
    plain: str = ""
    ratio: str = ""
    limit: str = ""
    memory: str = ""

    def line(self) -> str:
        """As Markdown."""
        cells = (self.what, self.here, self.plain, self.ratio, self.limit, self.memory)
        return f"| {' | '.join(cells)} |"


HEAD = "| what | here | plain PyTorch, or the CPU | ratio | the card's limit | peak memory |\n|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Took(Generic[T]):
    """What a call returned, its seconds, and the peak of the device's memory in bytes; 0 on a CPU."""

    result: T
    seconds: float
    memory: int


@dataclass(frozen=True)
class Clock:
    """How much of the time for the whole script is left."""

    ends: float

    @property
    def left(self) -> float:
        """Seconds."""
        return self.ends - time.monotonic()


def took(call: Callable[[], T], device: torch.device) -> Took[T]:
    """Call it, and wait until the device is done."""
    settle(device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    began = time.monotonic()
    result = call()
    settle(device)
    seconds = time.monotonic() - began
    return Took(result, seconds, torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0)


def settle(device: torch.device) -> None:
    """Wait until the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@contextmanager
def on_cpu() -> Iterator[None]:
    """All that asks for the best device gets the CPU."""
    before = os.environ.get(DEVICE)
    os.environ[DEVICE] = "cpu"
    try:
        yield
    finally:
        if before is None:
            del os.environ[DEVICE]
        else:
            os.environ[DEVICE] = before


def rate(images: float, seconds: float) -> str:
    """Images a second."""
    return f"{images / seconds:,.0f} images/s" if seconds > 0 else "–"


def times(ratio: float) -> str:
    """A ratio."""
    return f"{ratio:.2f}×"


def gigabytes(memory: int) -> str:
    """Bytes as GB; "" for none."""
    return f"{memory / 1e9:.1f} GB" if memory else ""
