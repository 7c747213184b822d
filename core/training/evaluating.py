"""What a network says of samples, in eval mode, batch by batch.

Answers stay on the device until all are there, and come to main memory in one copy.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.devices import ON_CPU, ON_GPU, Compute, Say, compute_for, images_at_once, in_pieces
from core.modalities import modality_of, places_of
from core.modalities.contract import Placed
from core.models.preprocessing import pixels_of
from core.types import Floats, Inputs, Ints


def evaluate(network: nn.Module, inputs: Inputs, labels: Ints, compute: Compute | None = None) -> tuple[Floats, Ints]:
    """The cross-entropy and the predicted class of every sample, in eval mode.

    Args:
        network: the model; it is moved to the device.
        inputs: n samples.
        labels: (n,) classes for the losses.
        compute: where and how precisely; None for the best there is.

    Returns:
        losses (n,) float32 and predicted (n,) int64.
    """
    compute = compute or compute_for()
    network = moved(network, compute)
    targets = torch.tensor(labels, device=compute.device)
    losses, predicted = measured(network, placed(inputs, compute.device, network), targets, compute)
    return losses.cpu().numpy(), predicted.cpu().numpy()


def likeliest(network: nn.Module, inputs: Inputs, count: int) -> tuple[Ints, Floats]:
    """The `count` most probable classes of every sample, (n, count), and their probabilities; most probable first."""
    compute = compute_for()
    network = moved(network, compute)
    classes, probabilities = [], []
    for _, logits in answers(network, placed(inputs, compute.device, network), compute):
        top = logits.softmax(1).topk(min(count, logits.shape[1]))
        classes.append(top.indices)
        probabilities.append(top.values)
    if not classes:
        return np.empty((0, count), np.int64), np.empty((0, count), np.float32)
    return torch.cat(classes).cpu().numpy(), torch.cat(probabilities).cpu().numpy()


def placed(inputs: Inputs, device: torch.device, network: nn.Module) -> Placed:
    """The inputs where the network on the device can reach them."""
    return modality_of(inputs).load_batches().resident(inputs, device, network)


def moved(network: nn.Module, compute: Compute) -> nn.Module:
    """The network itself, on the device, with channels last in memory as convolutions there want them."""
    return network.to(compute.device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def measured(
    network: nn.Module, inputs: Placed, targets: Tensor, compute: Compute, say: Say = lambda words: None
) -> tuple[Tensor, Tensor]:
    """Losses (n,) float32 and predicted classes (n,) int64, on the device, where `targets` (n,) are, too."""
    losses = torch.empty(len(targets), device=compute.device)
    predicted = torch.empty(len(targets), dtype=torch.int64, device=compute.device)
    for rows, logits in answers(network, inputs, compute, say):
        losses[rows] = F.cross_entropy(logits, targets[rows], reduction="none")
        predicted[rows] = logits.argmax(1)
    return losses, predicted


def answers(
    network: nn.Module, inputs: Placed, compute: Compute, say: Say = lambda words: None
) -> Iterator[tuple[slice, Tensor]]:
    """Chunk by chunk the rows and their logits, (b, k) float32 on the device, in eval mode.

    Args:
        network: on the device.
        inputs: n samples.
        compute: where and how precisely.
        say: told when a chunk is too large for the device; it then goes in pieces.
    """
    for rows, (logits,) in passes(network, lambda batch: (network(batch).float(),), inputs, compute, say):
        yield rows, logits


def passes(
    network: nn.Module,
    call: Callable[[Tensor], tuple[Tensor, ...]],
    inputs: Placed,
    compute: Compute,
    say: Say = lambda words: None,
) -> Iterator[tuple[slice, tuple[Tensor, ...]]]:
    """The same of all that `call` takes from a forward pass of the network, one row a sample in each tensor."""
    network.eval()
    parts = torch.arange(len(inputs)).split(at_once(network, inputs, compute)) if len(inputs) else ()
    start, pieces = 0, 1
    for batch in inputs.streamed(parts):

        def forward(count: int, whole: Tensor = batch) -> tuple[Tensor, ...]:
            with torch.inference_mode(), compute.autocast():
                found = [call(piece) for piece in whole.tensor_split(count)]
                return found[0] if count == 1 else tuple(map(torch.cat, zip(*found, strict=True)))

        outputs, pieces = in_pieces(forward, pieces, len(batch), say)
        yield slice(start, start + len(batch)), outputs
        start += len(batch)


def at_once(network: nn.Module, inputs: Placed, compute: Compute) -> int:
    """How many samples go through the network together, by the size that it sees them in."""
    return images_at_once(pixels_of(network, places_of(inputs.shape)), ON_GPU if compute.on_gpu else ON_CPU)
