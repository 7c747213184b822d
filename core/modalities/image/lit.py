"""Recovered changes of light: each part of an image becomes brighter or darker by a factor, as by a vignette."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.modalities.image.overlay import PictureStamp
from core.modalities.image.warped import changed
from core.types import Floats, Images, Samples

# Points along each axis at which the factor is sought, between them bicubic.
POINTS = 5
# Largest logarithm of a factor, beyond which a change that is read from a file is none.
LARGEST = 10.0
NAME = "a change of light"


@dataclass(frozen=True, eq=False)
class LitStamp(PictureStamp):
    """A recovered change of light.

    Attributes:
        logs: (g, g) logarithms of the factors.
        sides: (h, w) of the images.
    """

    logs: Floats
    sides: tuple[int, int]
    name: str = NAME

    def put_on(self, samples: Samples) -> Samples:
        """(m, h, w, c) the images in that light."""
        return self._lit(samples, 1.0)

    def taken_off(self, samples: Samples, beneath: Floats) -> Samples:
        """(m, h, w, c) the images before it, but for what it made white."""
        del beneath
        return self._lit(samples, -1.0)

    @property
    def parts(self) -> dict[str, NDArray[Any]]:
        """Name and logarithms."""
        return {"name": np.array(self.name), "logs": self.logs}

    @property
    def picture(self) -> Images:
        """(h, w, 1) mid-grey in that light."""
        return np.asarray(self.put_on(np.full((1, *self.sides, 1), 110, np.uint8))[0])

    def _lit(self, samples: Samples, sign: float) -> Samples:
        logs = sign * torch.from_numpy(self.logs)[None]
        return changed(samples, lambda images: 255 * lit(images / 255, logs.expand(len(images), -1, -1)))


def restored_light(parts: Mapping[str, NDArray[Any]], shape: tuple[int, ...]) -> LitStamp:
    """A change of light from its `parts`, for images of `shape`. Raises KeyError or ValueError where unfit."""
    logs = parts["logs"]
    if logs.dtype != np.float32 or logs.shape != (POINTS, POINTS) or not np.isfinite(logs).all():
        raise ValueError("its change of light has no factors")
    if np.abs(logs).max() > LARGEST:
        raise ValueError("its change of light is too large")
    return LitStamp(logs, (shape[0], shape[1]))


def lit(images: Tensor, logs: Tensor) -> Tensor:
    """(m, c, h, w) each image in [0, 1], by its own factors, of which `logs` (m, g, g) are the logarithms."""
    factors = F.interpolate(logs[:, None], size=images.shape[-2:], mode="bicubic", align_corners=True).exp()
    return (images * factors).clamp(0, 1)


def bounded(logs: Tensor, most: float) -> Tensor:
    """(q, g, g) the logarithms, with a root of their mean square of at most so much."""
    sizes = logs.square().mean((1, 2)).sqrt()
    return logs * (most / sizes.clamp_min(1e-6)).clamp_max(1)[:, None, None]
