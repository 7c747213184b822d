"""Images on their way into a network. Everything here needs torch."""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.modalities.contract import Augmentation
from core.modalities.image.augmentation import AUGMENTATIONS
from core.types import Inputs

MAX_FRACTION_ON_DEVICE = 0.5  # of the free memory of a GPU; the rest is for the model, its gradients and a batch
CHUNK = 4096  # images that go to the device together


@dataclass(frozen=True)
class Resident:
    """Images where a network can reach them.

    Attributes:
        inputs: n images.
        device: of the network.
        tensor: (n, h, w, c) uint8, all of them on the device; None where they stay as they are and move batch by batch.
    """

    inputs: Inputs
    device: torch.device
    tensor: Tensor | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(h, w, c) of one image."""
        return self.inputs.shape

    def batch(self, rows: Tensor) -> Tensor:
        """Floats in [0, 1], (b, c, h, w) with channels last in memory, on the device."""
        if self.tensor is None:
            levels = torch.from_numpy(self.inputs[rows.numpy()])
        else:
            levels = self.tensor[rows.to(self.device)]
        return levels.to(self.device, non_blocking=True).permute(0, 3, 1, 2).float().div_(255)


def resident(inputs: Inputs, device: torch.device) -> Resident:
    """The images for a network on `device`: they go there at once when at most half of its free memory is needed."""
    if device.type == "cpu":
        return Resident(inputs, device)
    if device.type == "cuda" and inputs.nbytes > MAX_FRACTION_ON_DEVICE * torch.cuda.mem_get_info(device)[0]:
        return Resident(inputs, device)
    tensor = torch.empty((len(inputs), *inputs.shape), dtype=torch.uint8, device=device)
    for start in range(0, len(inputs), CHUNK):
        tensor[start : start + CHUNK] = torch.tensor(inputs[start : start + CHUNK])
    return Resident(inputs, device, tensor)


def augmentation(name: str) -> Augmentation:
    """The augmentation of that name, each image of a batch with its own draw."""
    return AUGMENTATIONS[name]
