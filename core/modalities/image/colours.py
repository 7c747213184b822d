"""Recovered changes of colour: each channel becomes a weighted sum of all, as in a tint or in less contrast."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.modalities.image.overlay import PictureStamp
from core.types import Floats, Images, Samples

NAME = "a change of colours"
# Pixels along a side that are measured: colours of larger images are told by every so many-th.
MEASURED = 64
# Levels below which a spread of pixels says nothing.
LEAST_SPREAD = 1.0
# Largest weight of a channel, beyond which a change that is read from a file is none.
LARGEST = 100.0


@dataclass(frozen=True, eq=False)
class ColourStamp(PictureStamp):
    """A recovered change of colours.

    Attributes:
        matrix: (c, c) how much of each channel goes into which.
        levels: (c,) what is added after that.
        sides: (h, w) of the images.
    """

    matrix: Floats
    levels: Floats
    sides: tuple[int, int]
    name: str = NAME

    def put_on(self, samples: Samples) -> Samples:
        """(m, h, w, c) the images in changed colours."""
        return rounded(samples.astype(np.float32) @ self.matrix + self.levels)

    def taken_off(self, samples: Samples, beneath: Floats) -> Samples:
        """(m, h, w, c) the images before it, as far as their colours can be told apart."""
        del beneath
        return rounded((samples.astype(np.float32) - self.levels) @ np.linalg.pinv(self.matrix, rcond=1e-2))

    @property
    def parts(self) -> dict[str, NDArray[Any]]:
        """Name, matrix and levels."""
        return {"name": np.array(self.name), "matrix": self.matrix, "levels": self.levels}

    @property
    def picture(self) -> Images:
        """(h, w, c) all colours, or greys: above as they were, below changed by it."""
        (height, width), channels = self.sides, len(self.levels)
        shown = np.broadcast_to(rounded(255 * colour_wheel(width, channels)), (height, width, channels)).copy()
        shown[height // 2 :] = self.put_on(shown[height // 2 :])
        return shown


def colour_wheel(width: int, channels: int) -> NDArray[np.float64]:
    """(width, channels) all colours one after the other, or from black to white, in [0, 1]."""
    across = np.linspace(0, 1, width)[:, None] - np.arange(channels) / channels
    return across if channels == 1 else 0.5 + 0.5 * np.cos(2 * np.pi * across)


def likened(images: Images, others: Images) -> tuple[ColourStamp, ...]:
    """Changes of colour after which other images, (k, h, w, c), have the levels of these, (m, h, w, c), on the whole.

    Each channel by its mean and its spread over all pixels. The same by the spread within images. And all channels
    together by their covariance, with the least change that gives it.
    """
    sides, channels = (images.shape[1], images.shape[2]), images.shape[3]
    step = max(max(sides) // MEASURED, 1)
    images, others = images[:, ::step, ::step], others[:, ::step, ::step]
    wanted, given = (some.reshape(-1, channels).astype(np.float64) for some in (images, others))
    spread = wanted.std(0) / np.maximum(given.std(0), LEAST_SPREAD)
    within = images.std((1, 2)).mean(0) / np.maximum(others.std((1, 2)).mean(0), LEAST_SPREAD)
    matrices = [np.diag(spread), np.diag(within)]
    if channels > 1:
        matrices.append(_least_change(np.cov(given.T), np.cov(wanted.T)))
    return tuple(
        ColourStamp(
            np.asarray(matrix, np.float32), np.asarray(wanted.mean(0) - given.mean(0) @ matrix, np.float32), sides
        )
        for matrix in matrices
    )


def restored_colours(parts: Mapping[str, NDArray[Any]], shape: tuple[int, ...]) -> ColourStamp:
    """A change of colours from its `parts`, for images of `shape`. Raises KeyError or ValueError where unfit."""
    matrix, levels = parts["matrix"], parts["levels"]
    channels = shape[2]
    if matrix.dtype != np.float32 or matrix.shape != (channels, channels) or levels.shape != (channels,):
        raise ValueError("its change of colours does not fit the images")
    if levels.dtype != np.float32 or not np.isfinite(matrix).all() or not np.isfinite(levels).all():
        raise ValueError("its change of colours has no weights")
    if np.abs(matrix).max() > LARGEST:
        raise ValueError("its change of colours is too large")
    return ColourStamp(matrix, levels, (shape[0], shape[1]))


def _least_change(given: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """(c, c) the symmetric matrix that takes one covariance to the other: the optimal transport between Gaussians."""
    given = given + LEAST_SPREAD * np.eye(len(given))
    root, back = _power(given, 0.5), _power(given, -0.5)
    return back @ _power(root @ wanted @ root, 0.5) @ back


def _power(matrix: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(values, 1e-6) ** exponent) @ vectors.T)


def rounded(levels: NDArray[Any]) -> Images:
    """Levels as whole numbers of 0 to 255, of any shape."""
    return np.asarray(np.rint(levels).clip(0, 255), np.uint8)
