"""What one look at each image tells: how bright it is, how much there is to see, how colourful; and what is wrong."""

import numpy as np
from numpy.typing import NDArray

from core.modalities.contract import Look, Trait
from core.types import Floats, Images, Inputs

CHUNK_BYTES = 8 * 2**20  # of pixels that are measured together
# Of white, with two standard deviations of its own pixels: above it, an image is not too dark.
DARK = 0.2
# The same from the other end.
BRIGHT = 0.8
# Parts along each side of which levels and detail are told.
PARTS = 7
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


def details(images: Images) -> Floats:
    """(m, f) levels and spread of each part of an image, how much neighbours differ, and colour; f is the same for all.

    Larger sides are told part by part as well, so f does not grow with them.
    """
    size = max(1, CHUNK_BYTES // max(int(np.prod(images.shape[1:])), 1))
    return np.concatenate([_detailed(images[start : start + size]) for start in range(0, len(images), size)])


def _detailed(images: Images) -> Floats:
    pixels = np.asarray(images / np.float32(255), np.float32)
    height, width, _ = pixels.shape[1:]
    down, along = (np.linspace(0, side, min(PARTS, side) + 1).astype(np.int64) for side in (height, width))
    levels = block_means(pixels, down, along)
    grey = np.asarray(pixels.mean(3, keepdims=True), np.float32)
    spread = np.sqrt(np.maximum(block_means(grey * grey, down, along) - block_means(grey, down, along) ** 2, 0))
    steps = [np.abs(np.diff(pixels, axis=axis)).mean((1, 2, 3)) for axis in (1, 2) if pixels.shape[axis] > 1]
    colour = (pixels.max(3) - pixels.min(3)).mean((1, 2))
    parts = [levels.reshape(len(images), -1), spread.reshape(len(images), -1), np.stack([*steps, colour], 1)]
    return np.hstack(parts).astype(np.float32)


def block_means(pixels: NDArray[np.float32], down: NDArray[np.int64], along: NDArray[np.int64]) -> NDArray[np.float32]:
    """(m, a, b, c) the mean of each block of pixels; `down` (a + 1,) and `along` (b + 1,) are their edges."""
    sums = np.add.reduceat(np.add.reduceat(pixels, down[:-1], 1), along[:-1], 2)
    return np.asarray(sums / (np.diff(down)[:, None, None] * np.diff(along)[:, None]), np.float32)
