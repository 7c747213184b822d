"""Names on disk: one NumPy file of bytes (m,), mapped when it is opened."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from core.files import write_array
from core.modalities.labels.inputs import BYTES, NameInputs, encoded, name_inputs
from core.modalities.mapped import appending_rows, mapped
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
    array = mapped(path)
    if array.dtype != TYPE or array.ndim != 1:
        raise ValueError(f"{path.name} holds no names.")
    return NameInputs(array)


def write_inputs(path: Path, inputs: Inputs) -> None:
    """Write all names to one file."""
    write_array(path, name_inputs(map(str, inputs[:])).held)


@contextmanager
def appending(path: Path, _: tuple[int, ...]) -> Iterator[Callable[[Samples], None]]:
    """What is called with each name, which becomes the next row of the file; it is whole at the end."""
    with appending_rows(path, (), TYPE) as append:
        yield lambda name: append(encoded(str(name)).ljust(BYTES, b"\0"))


def sampled(inputs: Inputs) -> Iterator[bytes]:
    """Evenly spaced names, at most 4,096 of them."""
    rows = np.unique(np.linspace(0, max(len(inputs) - 1, 0), FINGERPRINT_NAMES).astype(np.int64))[: len(inputs)]
    for name in inputs[rows]:
        yield str(name).encode() + b"\0"
