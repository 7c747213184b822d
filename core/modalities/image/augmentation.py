"""Augmentations of whole batches on the device, each image with its own draw.

Draws are made in main memory, so that they are the same for any device, and for a whole epoch at a time.
"""

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from core.modalities.augmented import Augmentation

PAD = 4  # pixels on each side, as is usual for CIFAR-10; images that are larger move less in proportion
SMALLEST_PART = 0.08  # of an image's area that a resized crop keeps at least, as is usual for ImageNet
FLATTEST = math.log(4 / 3)  # of its sides' ratio, either way


def _nothing(n: int, generator: Generator) -> Tensor:
    return torch.empty(n, 0)


def _same(batch: Tensor, draws: Tensor) -> Tensor:
    return batch


def _sides(n: int, generator: Generator) -> Tensor:
    """(n, 1) 1 for those to be mirrored, else 0."""
    return torch.rand(n, generator=generator).lt(0.5).float()[:, None]


def _mirrored(batch: Tensor, draws: Tensor) -> Tensor:
    return torch.where(draws[:, 0, None, None, None] > 0, batch.flip(3), batch)


def _places(n: int, generator: Generator) -> Tensor:
    """(n, 2) where each padded image is cut: top and left."""
    return torch.randint(0, 2 * PAD + 1, (2, n), generator=generator).T.float()


def _places_and_sides(n: int, generator: Generator) -> Tensor:
    return torch.cat([_places(n, generator), _sides(n, generator)], 1)


def _cropped(batch: Tensor, draws: Tensor) -> Tensor:
    """Cut at `draws` (n, 2), and mirrored where there is a third that says so: one gathering for both."""
    n, _, height, width = batch.shape
    padded = F.pad(batch, (PAD, PAD, PAD, PAD)).permute(0, 2, 3, 1)
    places = draws.long()
    rows = places[:, 0, None] + torch.arange(height, device=batch.device)
    columns = torch.arange(width, device=batch.device).expand(n, width)
    if draws.shape[1] > 2:
        columns = torch.where(draws[:, 2, None] > 0, columns.flip(1), columns)
    columns = places[:, 1, None] + columns
    index = torch.arange(n, device=batch.device)
    return padded[index[:, None, None], rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _boxes(n: int, generator: Generator) -> Tensor:
    """(n, 5) a box in each image: centre x and y in [−1, 1], half its width and height, 1 for those to be mirrored."""
    part, ratio, down, across = torch.rand(4, n, generator=generator)
    area = SMALLEST_PART + (1 - SMALLEST_PART) * part
    stretched = torch.exp((2 * ratio - 1) * FLATTEST)
    wide, high = (area * stretched).sqrt().clamp(max=1), (area / stretched).sqrt().clamp(max=1)
    centres = (2 * across - 1) * (1 - wide), (2 * down - 1) * (1 - high)
    return torch.cat([torch.stack([*centres, wide, high], 1), _sides(n, generator)], 1)


def _resized(batch: Tensor, draws: Tensor) -> Tensor:
    """Each image's box, enlarged to the whole (bilinear); a box that would stick out at one side is as wide as it."""
    x, y, wide, high, mirrored = draws.T
    still = torch.zeros_like(x)
    turned = torch.where(mirrored > 0, -wide, wide)
    maps = torch.stack([torch.stack([turned, still, x], 1), torch.stack([still, high, y], 1)], 1)
    grid = F.affine_grid(maps, list(batch.shape), align_corners=False)
    return F.grid_sample(batch, grid, padding_mode="border", align_corners=False)


none = Augmentation(_nothing, _same)
flip = Augmentation(_sides, _mirrored)  # half of the images mirrored left to right
crop = Augmentation(_places, _cropped)  # each padded by 4 pixels and cropped back at a place of its own
crop_flip = Augmentation(_places_and_sides, _cropped)  # both, the usual augmentation of CIFAR-10
resized_crop_flip = Augmentation(_boxes, _resized)  # 8 to 100 % of each, enlarged, half of them mirrored: ImageNet's
AUGMENTATIONS = {
    "none": none,
    "flip": flip,
    "crop": crop,
    "crop_flip": crop_flip,
    "resized_crop_flip": resized_crop_flip,
}
