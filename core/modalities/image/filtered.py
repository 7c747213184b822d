"""Recovered filters: each pixel becomes a weighted mean of those around it, the same everywhere, as in a blur."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.modalities.image.overlay import PictureStamp
from core.modalities.image.warped import changed, grid_of_lines
from core.types import Floats, Images, Samples

# Pixels a side of what is averaged.
SIDE = 5
# Added to the power of a filter at each frequency before it is divided by: what it took away is not made up.
LOST = 0.05
NAME = "a filter"


@dataclass(frozen=True, eq=False)
class FilteredStamp(PictureStamp):
    """A recovered filter.

    Attributes:
        change: (5, 5) weights of the pixels around, beyond those that leave an image as it is; their sum is 0.
        sides: (h, w) of the images.
    """

    change: Floats
    sides: tuple[int, int]
    name: str = NAME

    def put_on(self, samples: Samples) -> Samples:
        """(m, h, w, c) the images, filtered."""
        change = torch.from_numpy(self.change)[None]
        return changed(samples, lambda images: 255 * filtered(images / 255, change.expand(len(images), -1, -1)))

    def taken_off(self, samples: Samples, beneath: Floats) -> Samples:
        """(m, h, w, c) the images before it, as far as it left what they were."""
        del beneath
        kernel = np.zeros(self.sides)
        kernel[:SIDE, :SIDE] = self.change[::-1, ::-1]
        kernel[SIDE // 2, SIDE // 2] += 1
        power = np.fft.fft2(np.roll(kernel, (-(SIDE // 2), -(SIDE // 2)), (0, 1)))[:, :, None]
        back = power.conj() / (np.abs(power) ** 2 + LOST) * (1 + LOST)
        before = np.fft.ifft2(np.fft.fft2(samples.astype(np.float32), axes=(1, 2)) * back, axes=(1, 2)).real
        return np.asarray(before.round().clip(0, 255), np.uint8)

    @property
    def parts(self) -> dict[str, NDArray[Any]]:
        """Name and change."""
        return {"name": np.array(self.name), "change": self.change}

    @property
    def picture(self) -> Images:
        """(h, w, 1) what it does to a grid of lines."""
        return np.asarray(self.put_on(grid_of_lines(self.sides)[None])[0])


def restored_filter(parts: Mapping[str, NDArray[Any]], shape: tuple[int, ...]) -> FilteredStamp:
    """A filter from its `parts`, for images of `shape`. Raises KeyError or ValueError where they do not fit."""
    change = parts["change"]
    if change.dtype != np.float32 or change.shape != (SIDE, SIDE) or not np.isfinite(change).all():
        raise ValueError("its filter has no weights")
    if min(shape[:2]) < SIDE or np.abs(change).max() > SIDE * SIDE:
        raise ValueError("its filter does not fit the images")
    return FilteredStamp(change, (shape[0], shape[1]))


def filtered(images: Tensor, changes: Tensor) -> Tensor:
    """(m, c, h, w) each image in [0, 1], filtered by its own change (m, 5, 5); beyond the image is its edge."""
    m, channels, height, width = images.shape
    edge = SIDE // 2
    around = F.pad(images, (edge, edge, edge, edge), mode="replicate").reshape(1, m * channels, *_padded(height, width))
    weights = changes[:, None, None].expand(-1, channels, -1, -1, -1).reshape(m * channels, 1, SIDE, SIDE)
    return (images + F.conv2d(around, weights, groups=m * channels).view_as(images)).clamp(0, 1)


def bounded(changes: Tensor, most: float) -> Tensor:
    """(q, 5, 5) the changes with a sum of 0 and at most so large a sum of absolute weights."""
    centred = changes - changes.mean((1, 2), keepdim=True)
    return centred * (most / centred.abs().sum((1, 2), keepdim=True).clamp_min(1e-6)).clamp_max(1)


def _padded(height: int, width: int) -> tuple[int, int]:
    return height + SIDE - 1, width + SIDE - 1
