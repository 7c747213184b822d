"""A run of any size, made up: what a million samples cost can be measured without training on them.

It is as a worker leaves one after training and the first maps. Its detectors are still to come, and are run for real.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import checksums, runs
from core.data import store
from core.data.store.made_up import made_up, parts
from core.files import mapped_array
from core.runs import Run
from core.runs.plan import ACTIVATIONS, FAMILIES, TRAIN, detection, maps, texts
from core.training.config import TrainConfig
from core.types import Bools, Floats, Ints

# Samples that the directions of the maps are worked out from, the first ones.
SEEN = 20_000
# Fraction of the samples that share a direction of the activations and are learned sooner, as backdoors are.
POISONED = 0.02
DETECTORS = ("activation_clustering", "badloss", "consensus")
Listen = Callable[[float, str], None]


@dataclass(frozen=True)
class Synthetic:
    """How large a made-up run is.

    Attributes:
        n: samples.
        n_features: d of the activations.
        n_classes: k.
        n_epochs: of the losses.
        side: pixels of the grey images.
        seed: of everything.
    """

    n: int = 1_000_000
    n_features: int = 512
    n_classes: int = 100
    n_epochs: int = 30
    side: int = 8
    seed: int = 0


@dataclass(frozen=True)
class _Labels:
    """Of each sample its class, and whether it is made to look poisoned, into the first class."""

    labels: Ints
    poisoned: Bools


def synthesize(workspace: Path, size: Synthetic, listen: Listen = lambda fraction, words: None) -> Run:
    """A run with losses, activations, predictions and maps of that size, as if it had been trained.

    Args:
        workspace: where it is kept.
        size: how large.
        listen: told the fraction that is done, in [0, 1], and with what.
    """
    rng = np.random.default_rng(size.seed)
    labels = rng.integers(0, size.n_classes, size.n)
    poisoned = rng.random(size.n) < POISONED
    drawn = _Labels(np.where(poisoned, 0, labels), poisoned)
    listen(0.0, "images")
    dataset = made_up(drawn.labels, size.n_classes, poisoned, size.side, rng)
    info = store.save(workspace, dataset, source="synthetic")
    plan = texts([TRAIN, ACTIVATIONS, maps("pca"), *map(detection, DETECTORS), FAMILIES])
    run = runs.create(workspace, info, asdict(TrainConfig(epochs=size.n_epochs, seed=size.seed)), plan)
    listen(0.1, "losses")
    _write_losses(run, size, drawn, rng)
    listen(0.25, "activations")
    _write_activations(run, size, drawn, rng, listen)
    runs.save_array(run, "predictions", drawn.labels)
    layer = {"name": "made up", "kind": "Linear", "features": size.n_features, "is_head": True}
    runs.save_json(run, "layers.json", [layer])
    return runs.update(run, stages=dict.fromkeys(plan[:3], 0.0))


def _write_losses(run: Run, size: Synthetic, drawn: _Labels, rng: np.random.Generator) -> None:
    """Losses that fall at each sample's own pace, the history that follows from them, and their map."""
    pace = np.where(drawn.poisoned, 3.0, rng.lognormal(0, 0.5, size.n)).astype(np.float32)
    steps = np.arange(1, size.n_epochs + 1, dtype=np.float32) / 5
    losses = np.empty((size.n, size.n_epochs), np.float32)
    for part in parts(size.n):
        own = np.log(np.float32(max(2, size.n_classes))) * np.exp(-pace[part, None] * steps)
        losses[part] = own * np.exp(0.2 * rng.standard_normal(own.shape, np.float32))
    runs.save_array(run, "losses", losses)
    runs.save_array(run, "final_losses", losses[:, -1])
    runs.save_json(run, "history.json", [_epoch(losses, size, index) for index in range(size.n_epochs)])
    runs.save_array(run, "map-trajectories-pca", _projected(np.log(losses), _directions(np.log(losses[:SEEN]))))


def _write_activations(run: Run, size: Synthetic, drawn: _Labels, rng: np.random.Generator, listen: Listen) -> None:
    """Activations around a centre for each class, the poisoned ones in a direction of their own, and their maps."""
    centres = rng.standard_normal((size.n_classes, size.n_features), np.float32) * 2
    trigger = rng.standard_normal(size.n_features, np.float32)
    everywhere, within = np.empty((2, size.n, 2), np.float32)
    seen: list[NDArray[Any]] = []
    with checksums.rewriting(run.path, "activations.npy"):
        path = run.path / "activations.npy"
        features = mapped_array(path, np.float32, (size.n, size.n_features))
        for part in parts(size.n):
            some = rng.standard_normal((len(drawn.labels[part]), size.n_features), np.float32)
            some[drawn.poisoned[part]] += trigger
            own = some + centres[drawn.labels[part]]
            seen = seen or [_directions(own[:SEEN]), _directions(some[:SEEN])]
            features[part], everywhere[part], within[part] = own, _projected(own, seen[0]), _projected(some, seen[1])
            listen(0.25 + 0.75 * part.stop / size.n, "activations")
        features.flush()
    runs.save_array(run, "map-all-pca", everywhere)
    runs.save_array(run, "map-class-pca", within)


def _directions(values: Floats) -> NDArray[Any]:
    """(d, 2) the two in which the values vary most."""
    width = values.shape[1]
    _, vectors = np.linalg.eigh(np.atleast_2d(np.cov(values.T)))
    return np.asarray(np.pad(vectors[:, ::-1][:, :2], ((0, 0), (0, max(0, 2 - width)))).astype(np.float32))


def _projected(values: Floats, directions: NDArray[Any]) -> Floats:
    return np.asarray(values @ directions, np.float32)


def _epoch(losses: Floats, size: Synthetic, index: int) -> dict[str, Any]:
    """What the history says of an epoch: a made-up model is right wherever the loss is below a coin's."""
    accuracy = float((losses[:, index] < np.log(2)).mean())
    figures = {"train_loss": float(losses[:, index].mean()), "train_accuracy": accuracy, "seconds": 0.0}
    none = {"test_loss": None, "test_accuracy": None, "class_accuracy": [accuracy] * size.n_classes}
    return {"epoch": index + 1, **figures, **none}
