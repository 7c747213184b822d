"""What is drawn anew for each image: by the image itself, so that it is the same in any order and any company."""

from collections.abc import Iterator
from zlib import crc32

import numpy as np

from core.types import Images, Ints


def generators(images: Images, seed: int) -> Iterator[np.random.Generator]:
    """A generator of random numbers for each image, which hangs on its pixels and the seed alone.

    >>> images = np.arange(8, dtype=np.uint8).reshape(2, 2, 2, 1)
    >>> first, second = (int(rng.integers(1000)) for rng in generators(images, 0))
    >>> first == int(next(generators(images, 0)).integers(1000)), first == second
    (True, False)
    """
    for image in images:
        yield np.random.default_rng([seed, crc32(image.tobytes())])


def places(images: Images, size: tuple[int, int], seed: int) -> Ints:
    """(n, 2) top and left of a box of `size`, anywhere within each image."""
    free = np.array(images.shape[1:3], np.int64) - np.array(size, np.int64) + 1
    return np.array([rng.integers(free) for rng in generators(images, seed)], np.int64).reshape(-1, 2)
