"""How a trigger is applied to images: on a copy in memory, some of them at a time."""

import numpy as np

from core.modalities.contract import Painter
from core.modalities.image.inputs import ImageInputs
from core.types import Inputs, Ints

CHUNK = 128  # images painted at once: what a trigger makes in floats stays small beside the data


def copied(inputs: Inputs) -> ImageInputs:
    """A copy in memory that may be painted on."""
    return ImageInputs(np.array(inputs[:]))


def paint(copied: Inputs, rows: Ints, painter: Painter) -> None:
    """Apply a trigger to some rows of such a copy.

    >>> images = ImageInputs(np.zeros((2, 1, 1, 1), np.uint8))
    >>> paint(images, np.array([1]), lambda some: some + np.uint8(9))
    >>> images[:].ravel().tolist()
    [0, 9]
    """
    images = copied[:]  # of a copy, a view
    for part in np.array_split(rows, -(-len(rows) // CHUNK)) if len(rows) else ():
        images[part] = painter(images[part])


def painted(inputs: Inputs, painter: Painter) -> ImageInputs:
    """Triggered copies of all the images."""
    return ImageInputs(painter(inputs[:]))
