"""One training loop for a CPU, one GPU or many, which traces the loss of every sample after every epoch.

Data that fits on the device lives there as uint8, and batches are drawn and augmented there; larger data stays
memory-mapped and moves batch by batch. Every epoch draws its randomness from (seed, epoch) alone, so a run resumed
from a checkpoint repeats an uninterrupted one exactly.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import Tensor, nn
from torch.nn import functional as F

from core.checksums import why
from core.devices import best_device, images_at_once, native_bfloat16
from core.errors import UserError
from core.files import write_file
from core.modalities import modality_of
from core.modalities.contract import Placed
from core.models import find_model, has_three_channels
from core.models.preprocessing import Preprocessed, pixels_of
from core.registry import checked
from core.training.config import TrainConfig
from core.types import Dataset, Floats, Inputs, Ints

EVAL_BATCH = 1000  # images of 32 pixels in one forward pass; of larger ones fewer, so that memory stays the same


@dataclass(frozen=True)
class Epoch:
    """What one epoch left behind.

    Attributes:
        index: counted from 0.
        losses: (n,) cross-entropy of each training sample, eval mode, un-augmented.
        predicted: (n,) class of each training sample.
        test_losses, test_predicted: (m,) the same of the test set.
        seconds: wall time of the epoch, evaluation included.
        checkpoint: writes all that is needed to go on after this epoch.
    """

    index: int
    losses: Floats
    predicted: Ints
    test_losses: Floats
    test_predicted: Ints
    seconds: float
    checkpoint: Callable[[Path], None]


def build_model(config: TrainConfig, shape: tuple[int, int, int], n_classes: int) -> nn.Module:
    """The untrained model of `config`, its weights drawn from `config.seed`, behind its preprocessing where it has any.

    Raises:
        UserError: there is no such architecture, or it cannot be built for images of that size.
    """
    torch.manual_seed(config.seed)
    build = find_model(config.model).load()
    channels = 3 if has_three_channels(config.model) else shape[2]
    size = config.input_size
    seen = (size, size, channels) if size else (*shape[:2], channels)
    try:
        model = build(seen, n_classes, **checked(build, dict(config.model_settings), config.model))
    except (RuntimeError, ValueError, AssertionError, TypeError) as error:
        title = f"{config.model} cannot be built for images of {seen[0]} × {seen[1]} px."
        raise UserError(title, f"{type(error).__name__}: {error}", "Choose another size or model.") from error
    return preprocessed(model, config, channels, shape[2])


def preprocessed(network: nn.Module, config: TrainConfig, channels: int, given: int) -> nn.Module:
    """The network behind the preprocessing that `config` asks for; the network itself where it asks for none.

    Args:
        network: takes (n, channels, h, w).
        config: size, mean, std and colour order.
        channels: that the network takes.
        given: channels that the images have.
    """
    bgr = config.colour_order == "bgr" and channels == 3
    if not (config.input_size or config.mean or config.std or bgr or channels != given):
        return network
    for name in ("mean", "std"):
        if len(getattr(config, name)) not in (0, 1, channels):
            raise UserError(f"{name} has three values, but the images are grey.", "One value is needed.", "Give one.")
    return Preprocessed(network, channels=channels, size=config.input_size, mean=config.mean, std=config.std, bgr=bgr)


def accelerator_for(precision: str = "auto") -> Accelerator:
    """An Accelerator in bf16 where the hardware computes it natively, else in float32."""
    bf16 = precision == "bf16" or (precision == "auto" and native_bfloat16(best_device()))
    AcceleratorState._reset_state(reset_partial_state=False)  # precision is global there and may differ between runs
    return Accelerator(mixed_precision="bf16" if bf16 else "no")


def train(
    model: nn.Module,
    dataset: Dataset,
    config: TrainConfig,
    *,
    resume: Path | None = None,
    trace: bool = True,
    on_batch: Callable[[float], None] = lambda fraction: None,
) -> Iterator[Epoch]:
    """Train `model` in place, yielding after each epoch the losses of all samples.

    Args:
        model: from `build_model`; trained when the iterator is exhausted.
        dataset: all n samples are trained on.
        config: see `TrainConfig`.
        resume: a file written by `Epoch.checkpoint`; training goes on after its epoch.
        trace: False skips the losses of the training samples, for a model that is only wanted in the end.
        on_batch: told the fraction of the running epoch that is done, in [0, 1].
    """
    accelerator = accelerator_for(config.precision)
    network = model.to(memory_format=torch.channels_last)
    optimizer: Any = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    network, optimizer = accelerator.prepare(network, optimizer)
    inputs, tests = placed(dataset.inputs, accelerator), dataset.test_inputs
    labels = torch.tensor(dataset.labels, device=accelerator.device)
    traced = inputs if trace else placed(dataset.inputs.take(slice(0)), accelerator)
    augmented = modality_of(dataset.inputs).load_batches().augmentation(config.augment)
    batches = math.ceil(len(dataset) / config.batch_size)
    first = _restore(resume, model, optimizer, accelerator.device) if resume else 0
    for index in range(first, config.epochs):
        started = time.monotonic()
        generator = torch.Generator().manual_seed(hash((config.seed, index)) % 2**63)
        torch.manual_seed(config.seed * 100_003 + index)  # dropout and the like inside the model
        order = torch.randperm(len(dataset), generator=generator)
        network.train()
        for step, rows in enumerate(_shards(order, config.batch_size, accelerator)):
            _set_rate(optimizer, config, (index + step / batches))
            batch = augmented(inputs.batch(rows), generator)
            loss = F.cross_entropy(network(batch).float(), labels[rows.to(labels.device)])
            accelerator.backward(loss)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            on_batch(step / batches)
        losses, predicted = _measured(network, traced, dataset.labels[: len(traced)], accelerator)
        test_losses, test_predicted = _measured(network, placed(tests, accelerator), dataset.test_labels, accelerator)
        yield Epoch(
            index=index,
            losses=losses,
            predicted=predicted,
            test_losses=test_losses,
            test_predicted=test_predicted,
            seconds=time.monotonic() - started,
            checkpoint=lambda path, index=index: _save(path, model, optimizer, index),  # type: ignore[misc]
        )


def evaluate(
    network: nn.Module, inputs: Inputs, labels: Ints, accelerator: Accelerator | None = None
) -> tuple[Floats, Ints]:
    """The cross-entropy and the predicted class of every sample, in eval mode.

    Args:
        network: the model.
        inputs: n samples.
        labels: (n,) classes for the losses.
        accelerator: for which the model is prepared; None makes a fresh one and prepares the model.

    Returns:
        losses (n,) float32 and predicted (n,) int64.
    """
    if accelerator is None:
        network, accelerator = _prepared(network)
    return _measured(network, placed(inputs, accelerator), labels, accelerator)


def placed(inputs: Inputs, accelerator: Accelerator) -> Placed:
    """The inputs where a network on the accelerator's device can reach them."""
    return modality_of(inputs).load_batches().resident(inputs, accelerator.device)


def _prepared(network: nn.Module) -> tuple[nn.Module, Accelerator]:
    """The network for its forward pass only, and what it is prepared for."""
    accelerator = accelerator_for()
    network = accelerator.prepare_model(network.to(memory_format=torch.channels_last), evaluation_mode=True)
    return network, accelerator


def _measured(network: nn.Module, inputs: Placed, labels: Ints, accelerator: Accelerator) -> tuple[Floats, Ints]:
    targets = torch.from_numpy(np.array(labels))
    losses, predicted = torch.empty(len(targets)), torch.empty(len(targets), dtype=torch.int64)
    for rows, logits in _logits(network, inputs, accelerator):
        losses[rows] = F.cross_entropy(logits, targets[rows].to(logits.device), reduction="none").cpu()
        predicted[rows] = logits.argmax(1).cpu()
    return losses.numpy(), predicted.numpy()


def likeliest(network: nn.Module, inputs: Inputs, count: int) -> tuple[Ints, Floats]:
    """The `count` most probable classes of every sample, (n, count), and their probabilities; most probable first."""
    classes, probabilities = [], []
    network, accelerator = _prepared(network)
    for _, logits in _logits(network, placed(inputs, accelerator), accelerator):
        top = logits.softmax(1).topk(min(count, logits.shape[1]))
        classes.append(top.indices.cpu())
        probabilities.append(top.values.cpu())
    if not classes:
        return np.empty((0, count), np.int64), np.empty((0, count), np.float32)
    return torch.cat(classes).numpy(), torch.cat(probabilities).numpy()


def _logits(network: nn.Module, inputs: Placed, accelerator: Accelerator) -> Iterator[tuple[slice, Tensor]]:
    """Chunk by chunk the rows and their logits, (b, k) float32 on the device, in eval mode."""
    at_once = images_at_once(pixels_of(accelerator.unwrap_model(network), inputs.shape), EVAL_BATCH)
    network.eval()
    with torch.inference_mode():
        for start in range(0, len(inputs), at_once):
            rows = torch.arange(start, min(start + at_once, len(inputs)))
            yield slice(start, start + len(rows)), network(inputs.batch(rows)).float()


def _shards(order: Tensor, batch_size: int, accelerator: Accelerator) -> Iterator[Tensor]:
    """This process's rows of each global batch; a last batch of one sample is dropped (BatchNorm cannot use it)."""
    for rows in order.split(batch_size):
        own = rows[accelerator.process_index :: accelerator.num_processes]
        if len(own) > 1 and len(rows) >= 2 * accelerator.num_processes:
            yield own


def _set_rate(optimizer: Any, config: TrainConfig, epoch: float) -> None:
    """Cosine decay to zero over the schedule's epochs."""
    progress = epoch / (config.schedule_epochs or config.epochs)
    for group in optimizer.param_groups:
        group["lr"] = config.learning_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def _save(path: Path, model: nn.Module, optimizer: Any, index: int) -> None:
    state = {"epoch": index, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
    write_file(path, lambda stream: torch.save(state, stream))


def _restore(path: Path, model: nn.Module, optimizer: Any, device: torch.device) -> int:
    """Load a checkpoint; returns the epoch to go on with."""
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        return int(state["epoch"]) + 1
    except Exception as error:  # damaged bytes can break a reader in any way there is
        hint = f"Delete {path.parent}, then resume: the training begins anew."
        raise UserError("The checkpoint of the training is damaged.", f"{path}: {why(error)}.", hint) from error
