"""Whether the device says what the CPU says, and the same twice: losses, activations and flags in float32."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.on_gpu.measuring import Row, on_cpu
from core.attacks.plant import plant
from core.attacks.specification import AttackSpec, Specification
from core.detectors import DETECTORS
from core.devices import compute_for
from core.errors import UserError
from core.training.activations import choose, extract, layers
from core.training.config import TrainConfig
from core.training.loop import build_model, train
from core.types import Bools, Dataset, Evidence, Floats

# In eval mode a float32 sum over a few thousand products, in another order.
OF_ACTIVATIONS = 1e-3
# After two epochs of steps that each round otherwise: mean difference, beside losses of about 2.
OF_LOSSES = 0.02
# Of the samples that a detector flags or leaves, given the same evidence.
OF_FLAGS = 0.002


@dataclass(frozen=True)
class Answers:
    """What one device says.

    Attributes:
        losses: (n, epochs).
        activations: (n, d) of the untrained network, which is the same everywhere.
        flags: detector → (n,), on the evidence of the CPU.
    """

    losses: Floats
    activations: Floats
    flags: dict[str, Bools]


def equality_rows(dataset: Dataset, n: int, config: TrainConfig) -> Iterator[Row]:
    """A row for losses, for activations and for each detector's flags; `here` says the difference and the tolerance."""
    small = replace(
        dataset,
        ids=np.arange(n),
        inputs=dataset.inputs.take(np.arange(n)),
        labels=dataset.labels[:n],
        bona_fide=np.arange(n) < n // 5,
    )
    poisoned, _ = plant(small, Specification((AttackSpec("patch", 0.05, 0),)))
    poisoned = replace(poisoned, bona_fide=small.bona_fide)
    # TF32, which cuDNN takes by itself, has three digits.
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        yield from _compared(poisoned, config, n)


def _compared(poisoned: Dataset, config: TrainConfig, n: int) -> Iterator[Row]:
    with on_cpu():
        evidence, there = _evidence(poisoned, config), _answers(poisoned, config, None)
        there = replace(there, flags=_flags(evidence))
        nudged = _flags(_last_bits(evidence))
    here = _answers(poisoned, config, evidence)
    about = f"equality, {n:,} images, {config.model}, float32"
    gap = float(np.abs(here.losses - there.losses).mean())
    yield _said(f"{about}: mean difference of losses after {config.epochs} epochs", gap, OF_LOSSES)
    again = float(np.abs(here.losses - _losses(poisoned, config)).max())
    yield _said(f"{about}: largest difference of losses when trained again on the device", again, 0)
    gap = float(np.abs(here.activations - there.activations).max())
    yield _said(f"{about}: largest difference of activations", gap, OF_ACTIVATIONS)
    for name, flagged in here.flags.items():
        gap = float((flagged != there.flags[name]).mean())
        # Independent components turn with the last bit of an activation; a device may move them as far.
        usual = float((nudged[name] != there.flags[name]).mean())
        yield _said(f"{about}: flags of {DETECTORS[name].title} that differ", gap, max(OF_FLAGS, 2 * usual))


def _answers(dataset: Dataset, config: TrainConfig, evidence: Evidence | None) -> Answers:
    activations = _activations(dataset, config)
    return Answers(_losses(dataset, config), activations, _flags(evidence) if evidence else {})


def _losses(dataset: Dataset, config: TrainConfig) -> Floats:
    model = build_model(config, dataset.shape, dataset.n_classes)
    return np.stack([epoch.losses for epoch in train(model, dataset, config)], axis=1)


def _activations(dataset: Dataset, config: TrainConfig) -> Floats:
    model = build_model(config, dataset.shape, dataset.n_classes)
    head = choose(layers(model, dataset.shape, dataset.n_classes))
    with tempfile.TemporaryDirectory() as folder:
        path, compute = Path(folder) / "a.npy", compute_for("fp32")
        return np.array(extract(model, dataset.inputs, dataset.labels, head, path, compute=compute)[0])


def _evidence(dataset: Dataset, config: TrainConfig) -> Evidence:
    model = build_model(config, dataset.shape, dataset.n_classes)
    epochs = list(train(model, dataset, config))
    head = choose(layers(model, dataset.shape, dataset.n_classes))
    with tempfile.TemporaryDirectory() as folder:
        features = np.array(extract(model, dataset.inputs, dataset.labels, head, Path(folder) / "a.npy")[0])
    losses = np.stack([epoch.losses for epoch in epochs], axis=1)
    return Evidence(
        labels=dataset.labels,
        n_classes=dataset.n_classes,
        bona_fide=dataset.bona_fide,
        predicted=epochs[-1].predicted,
        features=features,
        trajectories=losses,
        inputs=dataset.inputs,
    )


def _last_bits(evidence: Evidence) -> Evidence:
    """The same with activations and losses moved by about their last bit."""
    rng = np.random.default_rng(0)
    moved = {}
    for name in ("features", "trajectories"):
        values = getattr(evidence, name)
        moved[name] = (values * (1 + 1e-7 * rng.standard_normal(values.shape))).astype(np.float32)
    return replace(evidence, **moved)


def _flags(evidence: Evidence) -> dict[str, Bools]:
    """Of every detector that asks no network."""
    found = {}
    for name, entry in DETECTORS.items():
        if not {"images", "model"} & set(entry.needs):
            try:
                found[name] = entry.load()(evidence).flagged
            except (ImportError, UserError):  # what it needs is not there, on either device
                continue
    return found


def _said(what: str, gap: float, tolerance: float) -> Row:
    return Row(what, f"{gap:.2g}", limit=f"at most {tolerance:g}", ratio="equal" if gap <= tolerance else "DIFFERS")
