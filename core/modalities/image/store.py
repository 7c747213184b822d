"""Images on disk: one NumPy file of uint8 (m, h, w, c), mapped when it is opened."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from core.files import write_array
from core.modalities.image.inputs import ImageInputs
from core.modalities.mapped import appending_rows, mapped
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
    return ImageInputs(mapped(path))


def write_inputs(path: Path, inputs: Inputs) -> None:
    """Write all images to one file."""
    write_array(path, inputs[:])


@contextmanager
def appending(path: Path, shape: tuple[int, ...]) -> Iterator[Callable[[Samples], None]]:
    """What is called with each image (h, w, c), which becomes the next row of the file; it is whole at the end."""
    with appending_rows(path, shape, np.dtype(np.uint8)) as append:
        yield lambda image: append(np.ascontiguousarray(image).data)


def sampled(inputs: Inputs) -> Iterator[bytes]:
    """The pixels of evenly spaced images: at most 4,096 of them, and no more than 32 MB."""
    n_images = min(FINGERPRINT_IMAGES, max(1, FINGERPRINT_BYTES // int(np.prod(inputs.shape))))
    for row in np.unique(np.linspace(0, len(inputs) - 1, n_images).astype(int)).tolist():
        yield np.ascontiguousarray(inputs[row]).tobytes()
