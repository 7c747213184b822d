"""Forward passes of the trained model: on the best device, in batches, in bfloat16 where the hardware has it."""

from collections.abc import Iterator
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor, nn

from core.devices import ON_CPU, ON_GPU, images_at_once, native_bfloat16
from core.modalities import modality_of
from core.types import Floats, Inputs, Listen, Samples

# Images in a forward pass, where nobody says how many. Moves the memory and the speed only.
BATCH = ON_CPU
# The same where gradients are kept, which take several times the memory.
GRADIENT_BATCH = 250


def prepared(model: nn.Module, device: torch.device) -> nn.Module:
    """A copy of the model on `device`, in eval mode, without gradients for its weights."""
    copy: nn.Module = deepcopy(model).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return copy.eval().requires_grad_(False)


def passed(device: torch.device) -> int:
    """How many small images go through a network in one forward pass."""
    return ON_CPU if device.type == "cpu" else ON_GPU


def at_once(network: nn.Module, inputs: Inputs, most: int = BATCH) -> int:
    """How many of the images go through the network together, by the size to which it resizes them if it does."""
    size = getattr(network, "size", None)
    return images_at_once(size * size if size else inputs.shape[0] * inputs.shape[1], most)


def batches(
    inputs: Inputs, device: torch.device, size: int = BATCH, listen: Listen | None = None
) -> Iterator[tuple[slice, Tensor]]:
    """The rows of each batch and its images as floats in [0, 1], (b, c, h, w), on `device`.

    Args:
        inputs: n images.
        device: where the batches go.
        size: b, of all batches but the last.
        listen: told how many images are done after each batch.
    """
    for start in range(0, len(inputs), size):
        part = slice(start, start + size)
        yield part, torch.tensor(inputs[part], device=device).permute(0, 3, 1, 2).float().div_(255)
        if listen:
            listen(min(start + size, len(inputs)), len(inputs))


def in_memory_order(batch: Tensor) -> Tensor:
    """The batch, of images with channels last in memory, as convolutions want them."""
    return batch.contiguous(memory_format=torch.channels_last) if batch.dim() == 4 else batch


def differentiable_logits(network: nn.Module, batch: Tensor) -> Tensor:
    """(b, k) float32, through which gradients flow back to the batch."""
    with torch.autocast(batch.device.type, torch.bfloat16, enabled=native_bfloat16(batch.device)):
        outputs: Tensor = network(in_memory_order(batch))
    return outputs.float()


def logits(network: nn.Module, batch: Tensor) -> Tensor:
    """(b, k) float32, without gradients."""
    with torch.no_grad():
        return differentiable_logits(network, batch)


def probabilities(network: nn.Module, samples: Samples, like: Inputs, device: torch.device) -> Floats:
    """(m, k) the softmax of the logits for m samples, such as the inputs that they are like.

    Args:
        network: from `prepared`.
        samples: read or made already.
        like: inputs of the same modality and shape.
        device: of the network.
    """
    made = modality_of(like).load_batches()
    size = images_at_once(made.places(like.shape), passed(device))
    parts = []
    for start in range(0, len(samples), size):
        part = made.given(samples[start : start + size], network).to(device)
        parts.append(logits(network, part).softmax(1).cpu().numpy())
    return np.concatenate(parts).astype(np.float32)
