"""Samples of one size on disk: one NumPy file, one row a sample, written row by row and mapped when it is opened."""

import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray


def mapped(path: Path) -> NDArray[Any]:
    """The array in a file, memory-mapped unless it is empty, for such a file cannot be mapped.

    Raises:
        OSError: there is no such file.
        ValueError: it holds no array.
    """
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:
        array = np.load(path, allow_pickle=False)
    return array


def let_go(array: NDArray[Any]) -> None:
    """Give the memory of a mapped array back to the system, which reads it again when it is asked for.

    Nothing is lost: only what cannot be written is let go. An array in memory stays as it is.
    """
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and not array.flags.writeable and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)


@contextmanager
def appending_rows(
    path: Path, shape: tuple[int, ...], kind: np.dtype[Any]
) -> Iterator[Callable[[bytes | memoryview], None]]:
    """What is called with the bytes of each sample, which become the next row of the file; it is whole at the end.

    Args:
        path: of the file.
        shape: of one sample.
        kind: of its values.
    """
    n_rows = 0

    def append(row: bytes | memoryview) -> None:
        nonlocal n_rows
        stream.write(row)
        n_rows += 1

    with path.open("wb") as stream:
        _write_header(stream, (0, *shape), kind)
        yield append
        _write_header(stream, (n_rows, *shape), kind)
        os.fsync(stream.fileno())


def _write_header(stream: BinaryIO, shape: tuple[int, ...], kind: np.dtype[Any]) -> None:
    """The array's header at the start of the file; NumPy leaves room in it for the number of rows to grow."""
    stream.seek(0)
    header = {"descr": kind.str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
