"""What happens to an image between the data set and the network, as a part of the model."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Preprocessed(nn.Module):
    """A network behind its preprocessing: takes floats in [0, 1], (n, c, h, w), like any other model here.

    Grey is repeated to three channels where the network wants three. Images are resized (bilinear, smoothed where they
    shrink) to `size` × `size`, squashed rather than cut, so that a trigger in a corner stays. The channels are put in
    order. Then x' = (x − mean) / std. Neither mean nor std is a weight: they are stated in the run's configuration.

    Args:
        network: takes (n, channels, size, size).
        channels: that the network takes, 1 or 3.
        size: edge in pixels; None leaves the images as they are.
        mean, std: one value or one a channel, in the order in which the network sees them; () for none.
        bgr: whether the network sees blue, green, red.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        channels: int,
        size: int | None = None,
        mean: tuple[float, ...] = (),
        std: tuple[float, ...] = (),
        bgr: bool = False,
    ) -> None:
        super().__init__()
        self.network, self.channels, self.size, self.bgr = network, channels, size, bgr
        self.register_buffer("mean", torch.tensor(mean or (0.0,)).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std or (1.0,)).view(1, -1, 1, 1), persistent=False)

    @property
    def differentiable(self) -> bool:
        """Whether gradients flow back to the images."""
        return bool(getattr(self.network, "differentiable", True))

    def forward(self, batch: Tensor) -> Tensor:
        """The network's logits, (n, k)."""
        if batch.shape[1] == 1 and self.channels > 1:
            batch = batch.expand(-1, self.channels, -1, -1)
        if self.size and batch.shape[2:] != (self.size, self.size):
            smooth = max(batch.shape[2:]) > self.size
            batch = F.interpolate(batch, (self.size, self.size), mode="bilinear", antialias=smooth)
        if self.bgr:
            batch = batch.flip(1)
        batch = (batch - cast(Tensor, self.mean)) / cast(Tensor, self.std)
        return cast(Tensor, self.network(batch.contiguous(memory_format=torch.channels_last)))


def network_of(model: nn.Module) -> nn.Module:
    """The network behind the preprocessing; the model itself where it has none."""
    return model.network if isinstance(model, Preprocessed) else model


def pixels_of(model: nn.Module, places: int) -> int:
    """How many pixels of an image, or places of another sample, go through the network.

    Args:
        model: with or without preprocessing.
        places: of one sample as it is given.
    """
    size = model.size if isinstance(model, Preprocessed) else None
    return size * size if size else places
