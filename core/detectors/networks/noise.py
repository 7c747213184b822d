"""Predictions for images with noise on them."""

import numpy as np
import torch
from torch import nn

from core.detectors.networks.forward import at_once, batches, logits, prepared
from core.devices import best_device
from core.types import Floats, Inputs, Listen


def entropies_in_noise(
    model: nn.Module, inputs: Inputs, *, n_copies: int, sigma: float, seed: int, listen: Listen | None = None
) -> Floats:
    """(n,) the entropy in bits of the mean prediction over noisy copies of each image.

    Args:
        model: in eval mode, from floats in [0, 1] to logits.
        inputs: n images.
        n_copies: of each. All images get the same noise, so that none depends on the others.
        sigma: standard deviation of the noise, in units of [0, 1]; what leaves these ends at them.
        seed: of the noise.
        listen: told how many images are done.
    """
    device = best_device()
    network = prepared(model, device)
    generator = torch.Generator().manual_seed(seed)
    height, width, channels = inputs.shape
    noise = sigma * torch.randn(n_copies, channels, height, width, generator=generator)
    entropies = np.empty(len(inputs), np.float32)
    for part, pictures in batches(inputs, device, at_once(network, inputs), listen):
        mean = torch.zeros(())
        for one in noise:
            mean = mean + logits(network, (pictures + one.to(device)).clamp_(0, 1)).softmax(1).cpu() / n_copies
        entropies[part] = -(mean * mean.clamp_min(1e-30).log2()).sum(1).numpy()
    return entropies
