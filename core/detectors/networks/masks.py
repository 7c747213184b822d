"""The smallest masks under which a model still says the same."""

import numpy as np
import torch
from torch import Tensor, nn

from core.detectors.networks.forward import GRADIENT_BATCH, at_once, batches, differentiable_logits, logits, prepared
from core.devices import ON_GPU, best_device, in_pieces
from core.types import Floats, Inputs, Listen

# Of Adam, on the mask before it is squeezed, as published.
LEARNING_RATE = 0.1
# Of Adam, as published.
BETAS = (0.1, 0.1)


def mask_sizes(
    model: nn.Module,
    inputs: Inputs,
    *,
    n_steps: int,
    alpha: float,
    beta: float,
    seed: int,
    listen: Listen | None = None,
) -> Floats:
    """(n,) ‖m‖₁ in pixels of each image's mask.

    Args:
        model: in eval mode, from floats in [0, 1] to logits.
        inputs: n images.
        n_steps: of Adam.
        alpha, beta: weights of the mask's size and of its total variation.
        seed: of the colours that masked pixels take: one for each step, for all images, so that no image's mask depends
            on the others.
        listen: told how many images are done.
    """
    device = best_device()
    network = prepared(model, device)
    generator = torch.Generator().manual_seed(seed)
    colours = torch.rand(n_steps, 1, inputs.shape[2], 1, 1, generator=generator).to(device)
    sizes = np.empty(len(inputs), np.float32)
    pieces, most = 1, GRADIENT_BATCH if device.type == "cpu" else ON_GPU
    for part, pictures in batches(inputs, device, at_once(network, inputs, most), listen):

        def measured(count: int, whole: Tensor = pictures) -> Tensor:
            masks = [_masks(network, piece, colours, alpha, beta) for piece in whole.tensor_split(count)]
            return torch.cat([mask.sum((1, 2, 3)) for mask in masks])

        found, pieces = in_pieces(measured, pieces, len(pictures), lambda words: None)
        sizes[part] = found.cpu().numpy()
    return sizes


def total_variation(mask: Tensor) -> Tensor:
    """(b,) the squared differences of neighbouring pixels of masks (b, 1, h, w), summed and divided by h·w."""
    down = (mask[:, :, 1:] - mask[:, :, :-1]).square().sum((1, 2, 3))
    across = (mask[:, :, :, 1:] - mask[:, :, :, :-1]).square().sum((1, 2, 3))
    return (down + across) / mask[0].numel()


def _masks(network: nn.Module, pictures: Tensor, colours: Tensor, alpha: float, beta: float) -> Tensor:
    """(b, 1, h, w) in (0, 1)."""
    target = logits(network, pictures)
    raw = torch.ones_like(pictures[:, :1], requires_grad=True)
    optimizer = torch.optim.Adam([raw], LEARNING_RATE, betas=BETAS)
    for colour in colours:
        mask = _squeezed(raw)
        masked = differentiable_logits(network, pictures * mask + (1 - mask) * colour)
        changed = (masked - target).abs().mean(1)
        loss = (changed + alpha * mask.sum((1, 2, 3)) + beta * total_variation(mask)).sum()
        (raw.grad,) = torch.autograd.grad(loss, raw)
        optimizer.step()
    return _squeezed(raw.detach())


def _squeezed(raw: Tensor) -> Tensor:
    return (raw.tanh() + 1) / 2
