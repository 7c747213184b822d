"""Recovered warps: one smooth displacement of all pixels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.modalities.image.overlay import PictureStamp
from core.types import Floats, Images, Samples

# Control points along each axis of a warp when all classes are tried, and when one is looked at more closely.
COARSE = 6
FINE = 12
# Rounds in which the way back is found.
ROUNDS_BACK = 8
# Images at a time. Moves the memory only.
AT_ONCE = 500
# Lines of the picture along each side, and the pixels between them at least: nearer ones run into each other.
LINES = 4
APART = 6

NAME = "a warp"


@dataclass(frozen=True, eq=False)
class WarpedStamp(PictureStamp):
    """A recovered warp.

    Attributes:
        field: (2, g, g) pixels down and to the right at which each control point is read, between them bicubic.
        sides: (h, w) of the images.
    """

    field: Floats
    sides: tuple[int, int]
    name: str = NAME

    def put_on(self, samples: Samples) -> Samples:
        """(m, h, w, c) the images, warped."""
        return _read(samples, _flow(torch.from_numpy(self.field)[None], self.sides))

    def taken_off(self, samples: Samples, beneath: Floats) -> Samples:
        """(m, h, w, c) the images, warped back; what left the image is lost."""
        del beneath
        there = _flow(torch.from_numpy(self.field)[None], self.sides)
        back = torch.zeros_like(there)
        for _ in range(ROUNDS_BACK):
            back = -_sampled(there.permute(0, 3, 1, 2), back).permute(0, 2, 3, 1)
        return _read(samples, back)

    @property
    def parts(self) -> dict[str, NDArray[Any]]:
        """Name and field."""
        return {"name": np.array(self.name), "field": self.field}

    @property
    def picture(self) -> Images:
        """(h, w, 1) what it does to a grid of lines."""
        return np.asarray(self.put_on(grid_of_lines(self.sides)[None])[0])


def grid_of_lines(sides: tuple[int, int]) -> Images:
    """(h, w, 1) light lines on dark grey."""
    lines = np.full((*sides, 1), 40, np.uint8)
    apart = max(APART, min(sides) // LINES)
    lines[apart // 2 :: apart] = lines[:, apart // 2 :: apart] = 230
    return lines


def restored_warp(parts: Mapping[str, NDArray[Any]], shape: tuple[int, ...]) -> WarpedStamp:
    """A warp from its `parts`, for images of `shape`. Raises KeyError or ValueError where they do not fit."""
    field = parts["field"]
    if field.dtype != np.float32 or field.ndim != 3 or field.shape[0] != 2 or not min(field.shape[1:]) >= 2:
        raise ValueError("its warp has no field")
    if max(field.shape[1:]) > max(shape[:2]) or not np.isfinite(field).all() or np.abs(field).max() > max(shape[:2]):
        raise ValueError("its warp does not fit the images")
    return WarpedStamp(field, (shape[0], shape[1]))


def warped(images: Tensor, fields: Tensor) -> Tensor:
    """(m, c, h, w) each image read where its field (m, 2, g, g) says."""
    return _sampled(images, _flow(fields, images.shape[-2:]))


def finer(fields: Tensor) -> Tensor:
    """(q, 2, 12, 12) the same fields with more control points."""
    return F.interpolate(fields, size=(FINE, FINE), mode="bicubic", align_corners=True)


def bounded(fields: Tensor, most: float) -> Tensor:
    """(q, 2, g, g) the fields with a displacement of at most so many pixels, root of the mean square."""
    lengths = fields.square().sum(1).mean((1, 2)).sqrt()
    return fields * (most / lengths.clamp_min(1e-6)).clamp_max(1)[:, None, None, None]


def _flow(fields: Tensor, sides: tuple[int, ...]) -> Tensor:
    """(q, h, w, 2) how far to the right and down each pixel is read, in units of half the image."""
    moved = F.interpolate(fields, size=tuple(sides[:2]), mode="bicubic", align_corners=True)
    height, width = sides[:2]
    return torch.stack([moved[:, 1] * (2 / (width - 1)), moved[:, 0] * (2 / (height - 1))], -1)


def _sampled(images: Tensor, flow: Tensor) -> Tensor:
    """(m, c, h, w) each pixel read where the flow (m, h, w, 2) says, bilinearly; beyond the image, its edge."""
    height, width = images.shape[-2:]
    lines = torch.linspace(-1, 1, height, device=images.device), torch.linspace(-1, 1, width, device=images.device)
    down, along = torch.meshgrid(*lines, indexing="ij")
    there = torch.stack([along, down], -1) + flow
    return F.grid_sample(images, there, mode="bilinear", padding_mode="border", align_corners=True)


def changed(samples: Samples, way: Callable[[Tensor], Tensor]) -> Images:
    """(m, h, w, c) the images after a change of their levels (b, c, h, w), some at a time."""
    made = np.empty_like(samples)
    for start in range(0, len(samples), AT_ONCE):
        part = torch.from_numpy(np.ascontiguousarray(samples[start : start + AT_ONCE], np.float32))
        levels = way(part.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        made[start : start + AT_ONCE] = levels.round().clamp(0, 255).to(torch.uint8).numpy()
    return made


def _read(samples: Samples, flow: Tensor) -> Images:
    """(m, h, w, c) the images, read where the flow (1, h, w, 2) says."""
    return changed(samples, lambda images: _sampled(images, flow.expand(len(images), -1, -1, -1)))
