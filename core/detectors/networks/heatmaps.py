"""Where in an image the network finds what speaks for its label: gradient × input."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.detectors.networks.forward import GRADIENT_BATCH, at_once, batches, differentiable_logits, prepared
from core.devices import ON_GPU, best_device, in_pieces
from core.types import Floats, Inputs, Ints, Listen

# Cells a side that a heatmap has at most; those of larger images are averaged.
MOST_CELLS = 32


def heatmaps(model: nn.Module, inputs: Inputs, labels: Ints, listen: Listen | None = None) -> Floats:
    """(n, s, t) how much each cell of each image speaks for or against its label, summing to 1; 0 where nothing does.

    The relevance of a pixel is |x · ∂f_y/∂x|, summed over channels, f_y the logit of the given label. For networks
    of linear layers and ReLU without biases, this is the simplest rule of layer-wise relevance propagation (LRP-0).

    Args:
        model: in eval mode, from floats in [0, 1] to logits.
        inputs: n images.
        labels: (n,) the given labels.
        listen: told how many images are done.
    """
    device = best_device()
    network = prepared(model, device)
    cells = min(inputs.shape[0], MOST_CELLS), min(inputs.shape[1], MOST_CELLS)
    maps = np.empty((len(inputs), *cells), np.float32)
    targets = torch.as_tensor(labels, device=device)
    pieces, most = 1, GRADIENT_BATCH if device.type == "cpu" else ON_GPU
    for part, pictures in batches(inputs, device, at_once(network, inputs, most), listen):

        def found(count: int, whole: Tensor = pictures, wanted: Tensor = targets[part]) -> Tensor:
            parts = zip(whole.tensor_split(count), wanted.tensor_split(count), strict=True)
            return torch.cat([_relevance(network, piece, own) for piece, own in parts])

        relevance, pieces = in_pieces(found, pieces, len(pictures), lambda words: None)
        pooled = F.adaptive_avg_pool2d(relevance, cells)[:, 0]
        total = pooled.sum((1, 2), keepdim=True)
        maps[part] = torch.where(total > 0, pooled / total.clamp_min(1e-30), 0.0).cpu().numpy()
    return maps


def _relevance(network: nn.Module, pictures: Tensor, targets: Tensor) -> Tensor:
    """(b, 1, h, w), at least 0."""
    pictures = pictures.detach().requires_grad_()
    spoken_for = differentiable_logits(network, pictures).gather(1, targets[:, None]).sum()
    (gradient,) = torch.autograd.grad(spoken_for, pictures)
    return (gradient * pictures.detach()).abs().sum(1, keepdim=True)
