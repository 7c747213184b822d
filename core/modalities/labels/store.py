"""Names on disk: one NumPy file of bytes (m,), mapped when it is opened."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.files import write_array
from core.modalities.labels.inputs import BYTES, NameInputs, encoded, name_inputs
from core.types import Inputs, Samples

FILES = ("samples.npy", "test_samples.npy")
FINGERPRINT_NAMES = 4096  # evenly spaced ones; a change would make stored fingerprints invalid
TYPE = np.dtype(f"S{BYTES}")


def open_inputs(path: Path) -> NameInputs:
    """The names in a file, memory-mapped unless there are none (an empty file cannot be mapped).

    Raises:
        OSError: there is no such file.
        ValueError: it holds no names.
    """
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:
        array = np.load(path, allow_pickle=False)
    if array.dtype != TYPE or array.ndim != 1:
        raise ValueError(f"{path.name} holds no names.")
    return NameInputs(array)


def write_inputs(path: Path, inputs: Inputs) -> None:
    """Write all names to one file."""
    write_array(path, name_inputs(map(str, inputs[:])).held)


@contextmanager
def appending(path: Path, _: tuple[int, ...]) -> Iterator[Callable[[Samples], None]]:
    """What is called with each name, which becomes the next row of the file; it is whole at the end."""
    n_names = 0

    def append(name: Samples) -> None:
        nonlocal n_names
        stream.write(encoded(str(name)).ljust(BYTES, b"\0"))
        n_names += 1

    with path.open("wb") as stream:
        _write_header(stream, 0)
        yield append
        _write_header(stream, n_names)
        os.fsync(stream.fileno())


def sampled(inputs: Inputs) -> Iterator[bytes]:
    """Evenly spaced names, at most 4,096 of them."""
    rows = np.unique(np.linspace(0, max(len(inputs) - 1, 0), FINGERPRINT_NAMES).astype(np.int64))[: len(inputs)]
    for name in inputs[rows]:
        yield str(name).encode() + b"\0"


def _write_header(stream: BinaryIO, n_names: int) -> None:
    """The array's header at the start of the file; NumPy leaves room in it for the number of rows to grow."""
    stream.seek(0)
    header = {"descr": TYPE.str, "fortran_order": False, "shape": (n_names,)}
    np.lib.format.write_array_header_1_0(stream, header)
