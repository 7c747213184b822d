"""Predictions for images with others laid over them."""

import numpy as np
import torch
from torch import Tensor, nn

from core.detectors.networks.forward import at_once, batches, logits, passed, prepared
from core.devices import best_device
from core.types import Floats, Inputs, Ints, Listen


def mean_entropies(model: nn.Module, inputs: Inputs, overlays: Ints, listen: Listen | None = None) -> Floats:
    """(n,) the mean entropy in bits of the predictions for each image with each of the overlays added to it.

    Args:
        model: in eval mode, from floats in [0, 1] to logits.
        inputs: n images.
        overlays: rows of the images to add; sums end at 1. The mean leaves out what an image makes of itself, unless
            that is all there is.
        listen: told how many images are done.
    """
    device = best_device()
    network = prepared(model, device)
    added = next(pictures for _, pictures in batches(inputs.take(overlays), device, len(overlays)))
    entropies = np.empty(len(inputs), np.float32)
    for part, pictures in batches(inputs, device, at_once(network, inputs, passed(device)), listen):
        each = torch.stack([entropy_bits(logits(network, (pictures + overlay).clamp_(max=1))) for overlay in added], 1)
        rows = torch.arange(len(inputs), device=device)[part]
        itself = rows[:, None] == torch.as_tensor(overlays, device=device)[None]
        counted = torch.ones_like(each) if len(overlays) == 1 else (~itself).float()
        entropies[part] = ((each * counted).sum(1) / counted.sum(1)).cpu().numpy()
    return entropies


def entropy_bits(outputs: Tensor) -> Tensor:
    """(b,) the entropy −Σ p log₂ p of the softmax of logits (b, k)."""
    logs = outputs.log_softmax(1)
    return -(logs.exp() * logs).sum(1) / float(np.log(2))
