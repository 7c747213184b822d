"""Augmentations of whole batches on the device, each image with its own draw."""

import torch
from torch import Tensor
from torch.nn import functional as F

from core.modalities.contract import Augmentation

PAD = 4  # pixels on each side, as is usual for CIFAR-10; images that are larger move less in proportion


def none(batch: Tensor, generator: torch.Generator) -> Tensor:
    """The batch as it is."""
    return batch


def flip(batch: Tensor, generator: torch.Generator) -> Tensor:
    """Half of the images mirrored left to right."""
    mirrored = torch.rand(len(batch), generator=generator).lt(0.5).to(batch.device)
    return torch.where(mirrored[:, None, None, None], batch.flip(3), batch)


def crop(batch: Tensor, generator: torch.Generator) -> Tensor:
    """Each image padded by 4 pixels and cropped back at a place of its own."""
    n, _, height, width = batch.shape
    padded = F.pad(batch, (PAD, PAD, PAD, PAD))
    top, left = torch.randint(0, 2 * PAD + 1, (2, n), generator=generator).to(batch.device)
    rows = top[:, None] + torch.arange(height, device=batch.device)
    columns = left[:, None] + torch.arange(width, device=batch.device)
    index = torch.arange(n, device=batch.device)
    return padded.permute(0, 2, 3, 1)[index[:, None, None], rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def crop_flip(batch: Tensor, generator: torch.Generator) -> Tensor:
    """Both, the usual augmentation of CIFAR-10."""
    return flip(crop(batch, generator), generator)


AUGMENTATIONS: dict[str, Augmentation] = {"none": none, "flip": flip, "crop": crop, "crop_flip": crop_flip}
