"""The steps of one epoch: all that is drawn for them beforehand, then one batch after the other on the device."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.devices import Compute, Say, in_pieces
from core.modalities.augmented import Augmentation
from core.modalities.contract import Placed
from core.training.config import TrainConfig
from core.training.sharpness import uphill


@dataclass(frozen=True)
class Plan:
    """All that is drawn for one epoch, made and brought to the device before its first step.

    Attributes:
        index: of the epoch.
        rows: of each batch, in main memory.
        labels: of each batch, on the device.
        draws: of each batch for its augmentation, on the device.
    """

    index: int
    rows: Sequence[Tensor]
    labels: Sequence[Tensor]
    draws: Sequence[Tensor]


@dataclass(frozen=True)
class Fitting:
    """How the steps of an epoch are made, through which forward pass, and who is told of them; else as in `train`."""

    config: TrainConfig
    compute: Compute
    forward: Callable[[Tensor], Tensor]
    optimizer: Any
    augmented: Augmentation
    on_batch: Callable[[float], None]
    say: Say


def planned(n: int, config: TrainConfig, augmented: Augmentation, index: int, labels: Tensor) -> Plan:
    """The batches of an epoch, from (seed, epoch) alone; a last batch of one is left out, as BatchNorm cannot use it.

    Drawn in main memory, batch by batch, so that every device trains on the same; one copy takes them all there.
    """
    generator = torch.Generator().manual_seed(hash((config.seed, index)) % 2**63)
    order = torch.randperm(n, generator=generator)
    rows = [part for part in order.split(config.batch_size) if len(part) > 1]
    draws = [augmented.draws(len(part), generator) for part in rows]
    sizes = [len(part) for part in rows]
    if not rows:
        return Plan(index, (), (), ())
    used = order[: sum(sizes)].to(labels.device)
    own = torch.cat(draws).to(labels.device).split(sizes)
    return Plan(index, rows, labels.index_select(0, used).split(sizes), own)


def trained(network: nn.Module, inputs: Placed, plan: Plan, fitting: Fitting, pieces: int) -> int:
    """One pass over the plan's batches; nothing is asked of the device meanwhile, so it never waits.

    Returns:
        in how many pieces a batch went through the network in the end.
    """
    config, optimizer, batches = fitting.config, fitting.optimizer, math.ceil(len(inputs) / fitting.config.batch_size)
    torch.manual_seed(config.seed * 100_003 + plan.index)  # dropout and the like inside the model
    network.train()
    for step, levels in enumerate(inputs.streamed(plan.rows)):
        set_rate(optimizer, config, (plan.index + step / batches))
        batch, labels = fitting.augmented.apply(levels, plan.draws[step]), plan.labels[step]

        def attempt(count: int, batch: Tensor = batch, labels: Tensor = labels) -> None:
            _add_gradients(batch, labels, fitting, count)
            if config.sharpness:
                with uphill(network, config.sharpness):
                    _add_gradients(batch, labels, fitting, count)

        # A piece has two samples at least: BatchNorm cannot use one.
        _, needed = in_pieces(attempt, min(pieces, len(batch) // 2), len(batch) // 2, fitting.say)
        pieces = max(pieces, needed)
        optimizer.step()
        fitting.on_batch(step / batches)
    return pieces


def _add_gradients(batch: Tensor, labels: Tensor, fitting: Fitting, count: int) -> None:
    """The gradients of one batch, which goes through the network in `count` pieces, in place of those before."""
    fitting.optimizer.zero_grad(set_to_none=True)
    for piece, own in zip(batch.tensor_split(count), labels.tensor_split(count), strict=True):
        with fitting.compute.autocast():
            logits = fitting.forward(piece)
        loss = F.cross_entropy(logits.float(), own)
        (loss if count == 1 else loss * (len(own) / len(labels))).backward()


def set_rate(optimizer: Any, config: TrainConfig, epoch: float) -> None:
    """Cosine decay to zero over the schedule's epochs."""
    progress = epoch / (config.schedule_epochs or config.epochs)
    for group in optimizer.param_groups:
        group["lr"] = config.learning_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
