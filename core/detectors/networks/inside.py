"""What reaches the hidden layers of a network."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.detectors.networks.forward import at_once, batches, logits, prepared
from core.devices import best_device
from core.errors import UserError
from core.modalities import modality_of
from core.types import Floats, Inputs, Ints, Listen, Samples

WEIGHTED = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
# Places a side that a map is averaged to before samples are compared: where something is, roughly, still counts.
PLACES = 2
# Numbers of all samples together that are held of all layers. Above it, some channels are left out.
MOST_VALUES = 2**26


def class_ranks(
    model: nn.Module, inputs: Inputs, labels: Ints, references: Ints, listen: Listen | None = None
) -> Floats:
    """(n, layers) how many of the references are nearer than the nearest one of the sample's own label.

    In each hidden layer by Euclidean distance; no sample is its own reference. NaN where no other reference has the
    label.

    Args:
        model: in eval mode, from floats in [0, 1] to logits.
        inputs: n images.
        labels: (n,) the given labels.
        references: rows of the samples that are compared with.
        listen: told how many images are done.
    """
    device = best_device()
    network = prepared(model, device)
    shown = next(pictures for _, pictures in batches(inputs.take(references), device, len(references)))
    layers = hidden_layers(network, shown[:2])
    with values_before(layers) as captured:
        logits(network, shown)
        kept = [_pooled(captured[place]) for place in range(len(layers))]
    known, rows_of = torch.as_tensor(labels[references], device=device), torch.as_tensor(references, device=device)
    ranks = np.empty((len(inputs), len(layers)), np.float32)
    for part, pictures in batches(inputs, device, at_once(network, inputs), listen):
        rows = torch.arange(len(inputs), device=device)[part]
        itself = rows[:, None] == rows_of
        other = torch.as_tensor(labels[part], device=device)[:, None] != known
        with values_before(layers) as captured:
            logits(network, pictures)
            for place, reference in enumerate(kept):
                exact = "donot_use_mm_for_euclid_dist"  # a product of matrices would round by what else is in the batch
                apart = torch.cdist(_pooled(captured[place]), reference, compute_mode=exact)
                apart = apart.masked_fill(itself, torch.inf)
                nearest = apart.masked_fill(other, torch.inf).amin(1, keepdim=True)
                rank = (apart < nearest).sum(1).float().masked_fill(nearest[:, 0].isinf(), torch.nan)
                ranks[part, place] = rank.cpu().numpy()
    return ranks


def extremes(model: nn.Module, inputs: Inputs, listen: Listen | None = None, most: int = MOST_VALUES) -> Floats:
    """(n, d) the largest and the smallest value of each channel in each hidden layer, in units of its spread.

    Each of the d values has mean 0 and variance 1 over all samples; a channel that does not vary is 0.

    Args:
        model: in eval mode, from floats in [0, 1] to logits.
        inputs: n images.
        listen: told how many images are done.
        most: numbers that are held; beyond it each layer gives fewer channels, evenly spaced.
    """
    device = best_device()
    network = prepared(model, device)
    layers = hidden_layers(network, next(pictures for _, pictures in batches(inputs.take([0, -1]), device)))
    limit, parts = max(8, most // (2 * len(inputs) * len(layers))), []
    for _, pictures in batches(inputs, device, at_once(network, inputs), listen):
        with values_before(layers) as captured:
            logits(network, pictures)
            found = [_largest_and_smallest(captured[place], limit) for place in range(len(layers))]
        parts.append(torch.cat(found, 1).cpu().numpy())
    values = np.concatenate(parts)
    spread = values.std(0, dtype=np.float64)
    return np.asarray((values - values.mean(0, dtype=np.float64)) / np.where(spread > 0, spread, 1), np.float32)


def hidden_layers(network: nn.Module, pictures: Tensor) -> list[nn.Module]:
    """The layers with weights that a forward pass reaches, in its order, but for the one that gets the images.

    Args:
        network: from `prepared`.
        pictures: (b, c, h, w), two of them do.

    Raises:
        UserError: there is no such layer.
    """
    reached: list[nn.Module] = []
    hidden: list[nn.Module] = []

    def keep(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        own = inputs[0] if inputs else None
        if module in reached or not isinstance(own, Tensor) or own.dim() < 2 or len(own) != len(pictures):
            return
        if reached or not (own.dim() == pictures.dim() or own[0].numel() == pictures[0].numel()):
            hidden.append(module)
        reached.append(module)

    handles = [one.register_forward_pre_hook(keep) for one in network.modules() if isinstance(one, WEIGHTED)]
    try:
        logits(network, pictures)
    finally:
        for handle in handles:
            handle.remove()
    if not hidden:
        raise UserError("The network has no hidden layer.", "Its only layer gets the images.", "Use another detector.")
    return hidden


def last_hidden(network: nn.Module, samples: Samples, like: Inputs, on: torch.device) -> Floats:
    """(m, d) what reaches the last layer with weights, for m samples such as the inputs that they are like.

    Args:
        network: from `prepared`.
        samples: read or made already.
        like: inputs of the same modality and shape.
        on: the device of the network.
    """
    given, size = modality_of(like).load_batches().given, at_once(network, like)
    layers = hidden_layers(network, given(samples[:2], network).to(on))[-1:]
    parts = []
    with values_before(layers) as captured:
        for start in range(0, len(samples), size):
            logits(network, given(samples[start : start + size], network).to(on))
            parts.append(_pooled(captured[0]).cpu().numpy())
    return np.concatenate(parts)


@contextmanager
def values_before(layers: list[nn.Module]) -> Iterator[dict[int, Tensor]]:
    """A dict that has, after each forward pass, what reached each layer last, by its place in `layers`."""
    captured: dict[int, Tensor] = {}

    def keep(place: int, values: Tensor) -> None:
        captured[place] = values.detach().float()

    handles = [
        layer.register_forward_pre_hook(lambda module, inputs, place=place: keep(place, inputs[0]))
        for place, layer in enumerate(layers)
    ]
    try:
        yield captured
    finally:
        for handle in handles:
            handle.remove()


def _pooled(values: Tensor) -> Tensor:
    """(b, d) maps (b, c, h, w) averaged to 2 × 2 places, other values over all places, (b, d) as they are."""
    if values.dim() == 4:
        return F.adaptive_avg_pool2d(values, PLACES).flatten(1)
    return values if values.dim() == 2 else values.flatten(1, -2).mean(1)


def _largest_and_smallest(values: Tensor, limit: int) -> Tensor:
    """(b, 2 · channels), or (b, channels) where each channel has one value only."""
    if values.dim() == 2:
        return values[:, _spaced(values.shape[1], 2 * limit)]
    maps = values.flatten(2) if values.dim() == 4 else values.flatten(1, -2).transpose(1, 2)
    maps = maps[:, _spaced(maps.shape[1], limit)]
    return torch.cat([maps.amax(2), maps.amin(2)], 1)


def _spaced(n: int, most: int) -> list[int]:
    return [place * n // min(n, most) for place in range(min(n, most))]
