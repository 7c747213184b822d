"""What one look at each image tells: how bright it is, how much there is to see, how colourful; and what is wrong."""

import numpy as np
from numpy.typing import NDArray

from core.modalities.contract import Look, Trait
from core.types import Images, Inputs

CHUNK_BYTES = 8 * 2**20  # of pixels that are measured together
# Of white, with two standard deviations of its own pixels: above it, an image is not too dark.
DARK = 0.2
# The same from the other end.
BRIGHT = 0.8
# Standard deviation of the pixels, of white: grain and compression stay below, the faintest drawing above.
BLANK = 0.02


def look(inputs: Inputs) -> Look:
    """Brightness and contrast of each image, and its colour if any has some; which are dark, bright or blank."""
    size = max(1, CHUNK_BYTES // max(int(np.prod(inputs.shape)), 1))
    parts = [_measured(inputs[start : start + size]) for start in range(0, len(inputs), size)]
    mean, spread, colour = np.concatenate([np.empty((0, 3), np.float32), *parts]).T
    blank = spread < BLANK
    found = {
        "blank": blank,
        "too dark": mean + 2 * spread < DARK,
        "too bright": mean - 2 * spread > BRIGHT,
    }
    traits = [
        Trait("brightness", "%", 100 * mean, "The mean of all pixels: 0% is black, 100% is white."),
        Trait("contrast", "%", 100 * spread, "The standard deviation of the pixels: 0% is one flat tone."),
    ]
    if colour.any():
        traits.append(Trait("colour", "%", 100 * colour, "How far the channels differ: 0% is grey."))
    return Look(tuple(traits), {kind: np.flatnonzero(rows) for kind, rows in found.items() if rows.any()})


def _measured(images: Images) -> NDArray[np.float32]:
    """(m, 3) mean and standard deviation of the pixels, and the mean range over the channels, of white."""
    pixels = images.astype(np.float32) / 255
    flat = pixels.reshape(len(images), -1)
    colour = pixels.max(3) - pixels.min(3)
    return np.stack([flat.mean(1), flat.std(1), colour.reshape(len(images), -1).mean(1)], 1)
