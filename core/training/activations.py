"""The activations of the last hidden layer: the input of the classifier head, found in any module."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.devices import images_at_once
from core.errors import UserError
from core.models.preprocessing import pixels_of
from core.training.loop import EVAL_BATCH, accelerator_for, placed
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


def layers(model: nn.Module, shape: tuple[int, int, int], n_classes: int) -> list[Layer]:
    """The leaf layers that a forward pass reaches, with the size of their inputs and the head marked.

    The head is the last linear layer or convolution that is executed and has k outputs. Layers that do not get one
    input a sample, such as those within the windows of a transformer, are left out.

    Args:
        model: takes (n, c, h, w).
        shape: (h, w, c) of one image.
        n_classes: k.

    Raises:
        UserError: the model cannot work on images of that size.
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
            model.eval()(torch.zeros(_PROBES, shape[2], shape[0], shape[1], device=parameter.device))
    except (RuntimeError, ValueError, AssertionError, TypeError) as error:
        title = f"The model cannot work on images of {shape[0]} × {shape[1]} px with {shape[2]} channels."
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
) -> tuple[Floats, Ints, Floats]:
    """The flattened input of `layer` for every sample, streamed to a memory-mapped file.

    Args:
        model: a trained classifier; evaluated as it is.
        inputs: n samples.
        labels: (n,) for the losses.
        layer: one of `layers(model, …)`.
        path: the `.npy` file to write, (n, d) float32.
        on_batch: told the fraction of the samples that is done, in [0, 1].

    Returns:
        features (n, d), memory-mapped; predicted (n,); losses (n,).
    """
    temporary = path.with_suffix(".tmp")
    features = np.lib.format.open_memmap(temporary, "w+", np.float32, (len(inputs), layer.features))
    predicted, losses = np.empty(len(inputs), np.int64), np.empty(len(inputs), np.float32)
    accelerator = accelerator_for()
    model = model.to(memory_format=torch.channels_last)
    network = accelerator.prepare_model(model, evaluation_mode=True).eval()
    within_reach = placed(inputs, accelerator)
    module, at_once = model.get_submodule(layer.name), images_at_once(pixels_of(model, inputs.shape), EVAL_BATCH)
    with _input_of(module) as captured, torch.inference_mode():
        for rows in torch.arange(len(inputs)).split(at_once):
            part = slice(int(rows[0]), int(rows[-1]) + 1)
            logits = network(within_reach.batch(rows)).float().cpu()
            features[part] = _per_sample(captured.pop(), module).float().cpu().numpy()
            predicted[part] = logits.argmax(1).numpy()
            on_batch(part.stop / len(inputs))
            losses[part] = nn.functional.cross_entropy(logits, torch.tensor(labels[part]), reduction="none").numpy()
    features.flush()
    temporary.replace(path)
    return np.load(path, mmap_mode="r", allow_pickle=False), predicted, losses


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
