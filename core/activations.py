"""The activations of the last hidden layer: the input of the classifier head, found in any module."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.errors import UserError
from core.training import EVAL_BATCH, accelerator_for, batch_of, resident
from core.types import Floats, Images, Ints

_HEADS = (nn.Linear, nn.Conv2d)


@dataclass(frozen=True)
class Layer:
    """One layer in the order in which a forward pass reaches it.

    Attributes:
        name: as in `model.named_modules()`.
        kind: class name of the module.
        features: d, the flattened size of its input for one sample.
        is_head: whether it is the classifier head that is taken by default.
    """

    name: str
    kind: str
    features: int
    is_head: bool


def layers(model: nn.Module, shape: tuple[int, int, int], n_classes: int) -> list[Layer]:
    """The leaf layers that a forward pass reaches, with the size of their inputs and the head marked.

    The head is the last linear layer or convolution that is executed and has k outputs.

    Args:
        model: takes (n, c, h, w).
        shape: (h, w, c) of one image.
        n_classes: k.
    """
    seen: list[tuple[str, nn.Module, int]] = []

    def record(name: str, module: nn.Module) -> Any:
        return module.register_forward_pre_hook(lambda _, inputs: seen.append((name, module, inputs[0][0].numel())))

    leaves = [(name, module) for name, module in model.named_modules() if not list(module.children())]
    handles = [record(name, module) for name, module in leaves]
    try:
        parameter = next(model.parameters())
        with torch.inference_mode():
            model.eval()(torch.zeros(1, shape[2], shape[0], shape[1], device=parameter.device))
    finally:
        for handle in handles:
            handle.remove()
    outputs = [getattr(module, "out_features", getattr(module, "out_channels", None)) for _, module, _ in seen]
    heads = [i for i, (_, module, _) in enumerate(seen) if isinstance(module, _HEADS) and outputs[i] == n_classes]
    head = heads[-1] if heads else -1
    return [Layer(name, type(module).__name__, size, i == head) for i, (name, module, size) in enumerate(seen)]


def extract(model: nn.Module, images: Images, labels: Ints, layer: Layer, path: Path) -> tuple[Floats, Ints, Floats]:
    """The flattened input of `layer` for every image, streamed to a memory-mapped file.

    Args:
        model: a trained classifier; evaluated as it is.
        images: (n, h, w, c) uint8.
        labels: (n,) for the losses.
        layer: one of `layers(model, …)`.
        path: the `.npy` file to write, (n, d) float32.

    Returns:
        features (n, d), memory-mapped; predicted (n,); losses (n,).
    """
    temporary = path.with_suffix(".tmp")
    features = np.lib.format.open_memmap(temporary, "w+", np.float32, (len(images), layer.features))
    predicted, losses = np.empty(len(images), np.int64), np.empty(len(images), np.float32)
    accelerator = accelerator_for()
    model = model.to(memory_format=torch.channels_last)
    network = accelerator.prepare_model(model, evaluation_mode=True).eval()
    tensor = resident(images, accelerator.device)
    with _input_of(model.get_submodule(layer.name)) as captured, torch.inference_mode():
        for rows in torch.arange(len(images)).split(EVAL_BATCH):
            part = slice(int(rows[0]), int(rows[-1]) + 1)
            logits = network(batch_of(tensor, rows, accelerator.device)).float().cpu()
            features[part] = captured.pop().flatten(1).float().cpu().numpy()
            predicted[part] = logits.argmax(1).numpy()
            losses[part] = nn.functional.cross_entropy(logits, torch.tensor(labels[part]), reduction="none").numpy()
    features.flush()
    temporary.replace(path)
    return np.load(path, mmap_mode="r", allow_pickle=False), predicted, losses


def choose(found: Sequence[Layer], name: str | None = None) -> Layer:
    """The layer called `name`, or without a name the classifier head.

    Raises:
        UserError: no layer of that name, or no layer with one output per class; it names the layers there are.
    """
    for layer in found:
        if (layer.name == name) if name else layer.is_head:
            return layer
    known = ", ".join(f"{layer.name} ({layer.kind}, {layer.features})" for layer in found)
    title = f"The model has no layer {name!r}." if name else "The classifier head was not found."
    raise UserError(title, f"Its layers, with the size of their inputs: {known}.", "Name one of these.")


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
