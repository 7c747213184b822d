"""Images on disk: one NumPy file of uint8 (m, h, w, c), mapped when it is opened."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.files import write_array
from core.modalities.image.inputs import ImageInputs
from core.types import Inputs, Samples

FILES = ("images.npy", "test_images.npy")
FINGERPRINT_IMAGES = 4096  # evenly spaced ones; a change of both would make all stored fingerprints invalid
FINGERPRINT_BYTES = 32 * 2**20  # at most, so that opening 224 px images takes a moment, too


def open_inputs(path: Path) -> ImageInputs:
    """The images in a file, memory-mapped unless there are none (an empty file cannot be mapped).

    Raises:
        OSError: there is no such file.
        ValueError: it holds no images.
    """
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:
        array = np.load(path, allow_pickle=False)
    return ImageInputs(array)


def write_inputs(path: Path, inputs: Inputs) -> None:
    """Write all images to one file."""
    write_array(path, inputs[:])


@contextmanager
def appending(path: Path, shape: tuple[int, ...]) -> Iterator[Callable[[Samples], None]]:
    """What is called with each image (h, w, c), which becomes the next row of the file; it is whole at the end."""
    n_images = 0

    def append(image: Samples) -> None:
        nonlocal n_images
        stream.write(np.ascontiguousarray(image).data)
        n_images += 1

    with path.open("wb") as stream:
        _write_header(stream, 0, shape)
        yield append
        _write_header(stream, n_images, shape)
        os.fsync(stream.fileno())


def _write_header(stream: BinaryIO, n_images: int, shape: tuple[int, ...]) -> None:
    """The array's header at the start of the file; NumPy leaves room in it for the number of rows to grow."""
    stream.seek(0)
    header = {"descr": "|u1", "fortran_order": False, "shape": (n_images, *shape)}
    np.lib.format.write_array_header_1_0(stream, header)


def sampled(inputs: Inputs) -> Iterator[bytes]:
    """The pixels of evenly spaced images: at most 4,096 of them, and no more than 32 MB."""
    n_images = min(FINGERPRINT_IMAGES, max(1, FINGERPRINT_BYTES // int(np.prod(inputs.shape))))
    for row in np.unique(np.linspace(0, len(inputs) - 1, n_images).astype(int)).tolist():
        yield np.ascontiguousarray(inputs[row]).tobytes()
