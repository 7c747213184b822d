"""A data set of any size, made up of noise: small grey images with a bright row for each class."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.modalities.image.inputs import ImageInputs
from core.types import Bools, Dataset, Ints

# Samples that are made together. Another number draws other images.
CHUNK = 50_000
# Fraction of the samples that are known to be clean.
BONA_FIDE = 0.0025


def made_up(labels: Ints, n_classes: int, marked: Bools, side: int, rng: np.random.Generator) -> Dataset:
    """Images (n, side, side, 1), mapped from a file that is gone once nobody holds them.

    Args:
        labels: (n,) classes.
        n_classes: k.
        marked: (n,) True for images with a bright corner, of which none is known to be clean.
        side: in pixels.
        rng: what all is drawn with.
    """
    n = len(labels)
    with tempfile.TemporaryDirectory() as folder:
        images = np.lib.format.open_memmap(Path(folder) / "images.npy", "w+", np.uint8, (n, side, side, 1))
        for part in parts(n):
            some = rng.integers(0, 128, images[part].shape, np.uint8)
            some[np.arange(len(some)), labels[part] % side] += np.uint8(100)
            some[marked[part], -1, -1] = 255
            images[part] = some
    trusted = (rng.random(n) < BONA_FIDE) & ~marked
    names = tuple(f"class {index}" for index in range(n_classes))
    none = ImageInputs(images[:0]), np.empty(0, np.int64)
    return Dataset(f"Synthetic {n:,}", np.arange(n), ImageInputs(images), labels, *none, names, trusted)


def parts(n: int) -> Iterator[slice]:
    """The rows that are made together."""
    for start in range(0, n, CHUNK):
        yield slice(start, min(start + CHUNK, n))
