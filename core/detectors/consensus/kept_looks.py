"""Samples of a class looked at once, though three steps of the consensus ask: kept in a nameless file meanwhile."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

import numpy as np

from core.detectors.consensus.templates import Patterns, looks
from core.types import Inputs, Ints

# Bytes on disk at most; what is beyond is worked out again whenever it is asked for.
MOST_BYTES = 2 * 2**30
Look = Callable[[Ints], list[Patterns]]


@contextmanager
def kept_looks(inputs: Inputs | None, *, most_bytes: int = MOST_BYTES) -> Iterator[Look]:
    """A function: rows → what `looks` says of them, the same arrays bit for bit however often it is asked.

    Args:
        inputs: n samples; None where there are none, and nobody asks.
        most_bytes: see MOST_BYTES.
    """
    places: dict[bytes, list[tuple[int, tuple[int, ...]]]] = {}
    with tempfile.TemporaryFile() as file:

        def look(rows: Ints) -> list[Patterns]:
            known = places.get(key := rows.tobytes())
            if known:
                return [_read(file, start, shape) for start, shape in known]
            assert inputs is not None
            seen = looks(inputs.take(rows))
            end = file.seek(0, 2)
            if end + sum(patterns.nbytes for patterns in seen) <= most_bytes:
                places[key] = [(_written(file, patterns), patterns.shape) for patterns in seen]
            return seen

        yield look


def _written(file: IO[bytes], patterns: Patterns) -> int:
    """Where the patterns begin in the file."""
    start = file.tell()
    file.write(np.ascontiguousarray(patterns).data)
    return start


def _read(file: IO[bytes], start: int, shape: tuple[int, ...]) -> Patterns:
    patterns = np.empty(shape, np.float32)
    file.seek(start)
    file.readinto(patterns.reshape(-1).view(np.uint8).data)  # type: ignore[attr-defined]
    return patterns
