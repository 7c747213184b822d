"""The activations of the last hidden layer: the input of the classifier head, found in any module."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.devices import Compute, Say, compute_for
from core.errors import UserError
from core.files import mapped_array
from core.modalities import of_shape
from core.training.evaluating import moved, passes, placed
from core.types import Floats, Inputs, Ints

MOST_FEATURES = 4096  # values of a layer's input; a larger input is averaged over all places
MOST_NAMED = 30  # layers that a refusal lists
_PROBES = 2  # images of the pass that looks for layers: one would look like a single row of anything
_HEADS = (nn.Linear, nn.Conv2d)
_CHANNELS_LAST = (nn.Linear, nn.LayerNorm)  # layers that get the channels as the last axis


@dataclass(frozen=True)
class Layer:
    """One layer in the order in which a forward pass reaches it.

    Attributes:
        name: as in `model.named_modules()`.
        kind: class name of the module.
        features: d, the size of its input for one sample: flattened or, above 4,096 values, averaged over all places.
        is_head: whether it is the classifier head that is taken by default.
    """

    name: str
    kind: str
    features: int
    is_head: bool


def layers(model: nn.Module, shape: tuple[int, ...], n_classes: int) -> list[Layer]:
    """The leaf layers that a forward pass reaches, with the size of their inputs and the head marked.

    The head is the last linear layer or convolution that is executed and has k outputs. Layers that do not get one
    input a sample, such as those within the windows of a transformer, are left out.

    Args:
        model: takes what `Batches.given` gives.
        shape: of one sample.
        n_classes: k.

    Raises:
        UserError: the model cannot work on such samples.
    """
    seen: list[tuple[str, nn.Module, int]] = []

    def record(name: str, module: nn.Module) -> Any:
        def look(_: nn.Module, inputs: tuple[Any, ...]) -> None:
            if inputs and isinstance(inputs[0], Tensor) and inputs[0].dim() > 1 and len(inputs[0]) == _PROBES:
                seen.append((name, module, _per_sample(inputs[0], module).shape[1]))

        return module.register_forward_pre_hook(look)

    leaves = [(name, module) for name, module in model.named_modules() if not list(module.children())]
    handles = [record(name, module) for name, module in leaves]
    parameter = next(model.parameters(), torch.zeros(1))
    try:
        with torch.inference_mode():
            model.eval()(of_shape(shape).load_batches().probe(_PROBES, shape).to(parameter.device))
    except (RuntimeError, ValueError, AssertionError, TypeError) as error:
        title = f"The model cannot work on samples of shape {' × '.join(map(str, shape))}."
        raise UserError(title, f"It says: {error}", "Choose the input size that it was made for.") from error
    finally:
        for handle in handles:
            handle.remove()
    outputs = [getattr(module, "out_features", getattr(module, "out_channels", None)) for _, module, _ in seen]
    heads = [
        place
        for place, (_, module, _) in enumerate(seen)
        if (isinstance(module, _HEADS) and outputs[place] == n_classes) or getattr(module, "is_head", False)
    ]
    head = heads[-1] if heads else -1
    return [Layer(name, type(module).__name__, size, i == head) for i, (name, module, size) in enumerate(seen)]


def extract(
    model: nn.Module,
    inputs: Inputs,
    labels: Ints,
    layer: Layer,
    path: Path,
    *,
    on_batch: Callable[[float], None] = lambda fraction: None,
    say: Say = lambda words: None,
    compute: Compute | None = None,
) -> tuple[Floats, Ints, Floats]:
    """The flattened input of `layer` for every sample, streamed to a memory-mapped file.

    Args:
        model: a trained classifier; evaluated as it is.
        inputs: n samples.
        labels: (n,) for the losses.
        layer: one of `layers(model, …)`.
        path: the `.npy` file to write, (n, d) float32.
        on_batch: told the fraction of the samples that is done, in [0, 1].
        say: told when a batch is too large for the device's memory and goes through it in pieces.
        compute: where and how precisely; None for the best there is.

    Returns:
        features (n, d), memory-mapped; predicted (n,); losses (n,).
    """
    temporary = path.with_suffix(".tmp")
    features = mapped_array(temporary, np.float32, (len(inputs), layer.features))
    compute = compute or compute_for()
    network = moved(model, compute)
    targets = torch.tensor(labels, device=compute.device)
    losses = torch.empty(len(inputs), device=compute.device)
    predicted = torch.empty(len(inputs), dtype=torch.int64, device=compute.device)
    module = model.get_submodule(layer.name)
    with _input_of(module) as captured, behind(features, compute.device) as write:

        def call(batch: Tensor) -> tuple[Tensor, Tensor]:
            logits = network(batch).float()
            return logits, _per_sample(captured.pop(), module).float()

        for part, (logits, own) in passes(network, call, placed(inputs, compute.device, model), compute, say):
            write(part, own)
            predicted[part] = logits.argmax(1)
            losses[part] = nn.functional.cross_entropy(logits, targets[part], reduction="none")
            on_batch(part.stop / len(inputs))
    features.flush()
    temporary.replace(path)
    return np.load(path, mmap_mode="r", allow_pickle=False), predicted.cpu().numpy(), losses.cpu().numpy()


def choose(reached: Sequence[Layer], name: str | None = None) -> Layer:
    """The layer called `name`, or without a name the classifier head.

    Raises:
        UserError: no layer of that name, or no layer with one output per class; it names the layers there are.
    """
    for layer in reached:
        if layer.name in (name, f"network.{name}") if name else layer.is_head:  # `network` is behind a preprocessing
            return layer
    known = ", ".join(f"{layer.name} ({layer.kind}, {layer.features})" for layer in reached[-MOST_NAMED:])
    title = f"The model has no layer {name!r}." if name else "The classifier head was not found."
    raise UserError(title, f"Its last layers, with the size of their inputs: {known}.", "Name one of these.")


def _per_sample(values: Tensor, module: nn.Module) -> Tensor:
    """(n, d) what a layer gets: flattened, or averaged over all places where that is more than 4,096 values."""
    if values[0].numel() <= MOST_FEATURES or values.dim() == 2:
        return values.flatten(1)
    places = range(1, values.dim() - 1) if isinstance(module, _CHANNELS_LAST) else range(2, values.dim())
    return values.mean(tuple(places)).flatten(1) if places else values.flatten(1)


@contextmanager
def _input_of(module: nn.Module) -> Iterator[list[Tensor]]:
    """A list that receives the input of `module` at each forward pass; a layer used twice leaves its last input."""
    captured: list[Tensor] = []

    def keep(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        captured[:] = [inputs[0].detach()]

    handle = module.register_forward_pre_hook(keep)
    try:
        yield captured
    finally:
        handle.remove()


@contextmanager
def behind(array: NDArray[np.float32], device: torch.device) -> Iterator[Callable[[slice, Tensor], None]]:
    """A function that writes rows from the device to `array`, each batch while the network works on the next one."""
    waiting: list[tuple[slice, Tensor, Any]] = []

    def finish() -> None:
        for rows, values, arrived in waiting:
            if arrived:
                arrived.synchronize()
            array[rows] = values.numpy()
        waiting.clear()

    def write(rows: slice, values: Tensor) -> None:
        if device.type != "cuda":
            array[rows] = values.cpu().numpy()
            return
        copied = torch.empty(values.shape, dtype=values.dtype, pin_memory=True).copy_(values, non_blocking=True)
        arrived = torch.cuda.current_stream(device).record_event()
        finish()
        waiting.append((rows, copied, arrived))

    yield write
    finish()
