"""One training loop for a CPU or one GPU, which traces the loss of every sample after every epoch.

Data that fits on the device lives there as uint8, and batches are put together and augmented there; larger data stays
memory-mapped and is read ahead. Within an epoch nothing comes back from the device. Every epoch draws its randomness
from (seed, epoch) alone, so a run resumed from a checkpoint repeats an uninterrupted one exactly.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.checksums import why
from core.devices import Compute, Say, compute_for
from core.errors import UserError
from core.files import write_file
from core.modalities import MODALITIES, modality_of
from core.models import MODELS, find_model, has_three_channels
from core.models.preprocessing import Preprocessed
from core.registry import checked
from core.training.compiled import compiled
from core.training.config import TrainConfig
from core.training.evaluating import measured, moved, placed
from core.training.steps import Fitting, planned, trained
from core.types import Dataset, Floats, Ints


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


def build_model(config: TrainConfig, shape: tuple[int, ...], n_classes: int) -> nn.Module:
    """The untrained model of `config`, its weights drawn from `config.seed`, behind its preprocessing where it has any.

    Raises:
        UserError: there is no such architecture, or it cannot be built for images of that size.

    Example:
        >>> model = build_model(TrainConfig("convnet", seed=1), (28, 28, 1), n_classes=10)
        >>> model(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 10])
    """
    torch.manual_seed(config.seed)
    entry = find_model(config.model)
    build, settings = entry.load(), dict(config.model_settings)
    if MODALITIES[entry.takes].dimensions != len(shape):
        known = ", ".join(name for name, other in MODELS.items() if MODALITIES[other.takes].dimensions == len(shape))
        raise UserError(
            f"{entry.title} takes no such samples.", f"It takes {entry.takes}s.", f"Choose one of: {known}."
        )
    if not entry.preprocessed:
        return build(shape, n_classes, **checked(build, settings, config.model))
    channels = 3 if has_three_channels(config.model) else shape[2]
    size = config.input_size
    seen = (size, size, channels) if size else (*shape[:2], channels)
    try:
        model = build(seen, n_classes, **checked(build, settings, config.model))
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


def train(
    model: nn.Module,
    dataset: Dataset,
    config: TrainConfig,
    *,
    resume: Path | None = None,
    trace: bool = True,
    on_batch: Callable[[float], None] = lambda fraction: None,
    say: Say = lambda words: None,
) -> Iterator[Epoch]:
    """Train `model` in place, yielding after each epoch the losses of all samples.

    Args:
        model: from `build_model`; trained when the iterator is exhausted.
        dataset: all n samples are trained on.
        config: see `TrainConfig`.
        resume: a file written by `Epoch.checkpoint`; training goes on after its epoch.
        trace: False skips the losses of the training samples, for a model that is only wanted in the end.
        on_batch: told the fraction of the running epoch that is done, in [0, 1]; a GPU may still be at it.
        say: told when compiling failed, or the device's memory does not hold a batch. Each batch then goes through the
            network in halves, whose gradients are added up; BatchNorm sees halves. The checkpoint keeps that, and
            resuming goes on with it.
    """
    compute = compute_for(config.precision)
    network = moved(model, compute)
    optimizer = _optimizer(network, config, compute)
    first, pieces = _restore(resume, model, optimizer, compute.device) if resume else (0, 1)
    labels, test_labels = (torch.tensor(one, device=compute.device) for one in (dataset.labels, dataset.test_labels))
    batches = modality_of(dataset.inputs).load_batches()
    known = modality_of(dataset.inputs).augmentations
    if config.augment not in known:
        raise UserError(f"augment={config.augment} cannot be used.", f"Known for these samples: {', '.join(known)}.")
    augmented = batches.augmentation(config.augment)
    batches.begin(model, dataset.inputs)
    inputs, tests = (placed(one, compute.device, model) for one in (dataset.inputs, dataset.test_inputs))
    forward = compiled(network, config.batch_size, compute, say) if config.compiled else network
    fitting = Fitting(config, compute, forward, optimizer, augmented, on_batch, say)
    traced = inputs if trace else placed(dataset.inputs.take(slice(0)), compute.device, model)
    for index in range(first, config.epochs):
        started = time.monotonic()
        plan = planned(len(dataset), config, augmented, index, labels)
        pieces = trained(network, inputs, plan, fitting, pieces)
        of_data = measured(network, traced, labels[: len(traced)], compute, say)
        of_tests = measured(network, tests, test_labels, compute, say)
        losses, predicted, test_losses, test_predicted = (one.cpu().numpy() for one in (*of_data, *of_tests))
        yield Epoch(
            index=index,
            losses=losses,
            predicted=predicted,
            test_losses=test_losses,
            test_predicted=test_predicted,
            seconds=time.monotonic() - started,
            checkpoint=partial(_save, model=model, optimizer=optimizer, index=index, pieces=pieces),
        )


def _optimizer(network: nn.Module, config: TrainConfig, compute: Compute) -> Any:
    """AdamW; on a GPU all weights in one launch, which the CPU gains nothing from."""
    return torch.optim.AdamW(
        network.parameters(), config.learning_rate, weight_decay=config.weight_decay, fused=compute.on_gpu or None
    )


def _save(path: Path, *, model: nn.Module, optimizer: Any, index: int, pieces: int) -> None:
    state = {"epoch": index, "pieces": pieces, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
    write_file(path, lambda stream: torch.save(state, stream))


def _restore(path: Path, model: nn.Module, optimizer: Any, device: torch.device) -> tuple[int, int]:
    """Load a checkpoint; returns the epoch to go on with, and in how many pieces a batch goes through the network."""
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
        model.load_state_dict(state["model"])
        found = state["optimizer"]
        for kept, now in zip(found["param_groups"], optimizer.param_groups, strict=True):
            kept["fused"] = now["fused"]  # of the device here, not of the one that wrote it
        optimizer.load_state_dict(found)
        return int(state["epoch"]) + 1, int(state.get("pieces", 1))
    except Exception as error:  # damaged bytes can break a reader in any way there is
        hint = f"Delete {path.parent}, then resume: the training begins anew."
        raise UserError("The checkpoint of the training is damaged.", f"{path}: {why(error)}.", hint) from error
