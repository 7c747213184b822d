"""Samples of a class looked at once, though three steps of the consensus ask: kept in a nameless file meanwhile."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Literal

import numpy as np

from core.detectors.consensus.templates import Patterns, looks
from core.types import Inputs, Ints

# Bytes on disk at most; what is beyond is worked out again whenever it is asked for.
MOST_BYTES = 2 * 2**30
Look = Callable[[Ints], list[Patterns]]


@contextmanager
def kept_looks(inputs: Inputs | None, *, most_bytes: int = MOST_BYTES) -> Iterator[Look]:
    """A function: rows → what `looks` says of them, the same arrays bit for bit however often it is asked.

    They are mapped: the system can have the memory back at any time. What somebody writes into them stays with him.

    Args:
        inputs: n samples; None where there are none, and nobody asks.
        most_bytes: see MOST_BYTES.
    """
    places: dict[bytes, list[tuple[int, tuple[int, ...]]]] = {}
    full = False
    with tempfile.TemporaryFile() as file:

        def look(rows: Ints) -> list[Patterns]:
            key, kept = rows.tobytes(), list[tuple[int, tuple[int, ...]]]()

            def room(shape: tuple[int, ...]) -> Patterns:
                nonlocal full
                start, size = file.seek(0, 2), 4 * int(np.prod(shape))
                full = full or start + size > most_bytes
                if full or not size:
                    return np.empty(shape, np.float32)
                _reserve(file, start, size)
                kept.append((start, shape))
                return _mapped(file, "r+", start, shape)

            if key not in places:
                assert inputs is not None
                seen = looks(inputs.take(rows), room)
                if len(kept) < len(seen):
                    return seen
                places[key] = kept
            return [_mapped(file, "c", *place) for place in places[key]]

        yield look


def _reserve(file: IO[bytes], start: int, size: int) -> None:
    """Make the file that much longer. A full disk is told here: whoever writes into a mapping would be killed by it."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), start, size)
    else:
        file.truncate(start + size)


def _mapped(file: IO[bytes], mode: Literal["r+", "c"], start: int, shape: tuple[int, ...]) -> Patterns:
    """A part of the file as an array: written to, or copied where it is written to."""
    return np.asarray(np.memmap(file, np.float32, mode, start, shape))
