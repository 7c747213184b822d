"""Trained models as detectors see them, kept in a folder so that detectors can run again without training."""

import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from torch import nn

from benchmarks.parts.data import draw_bona_fide
from core.attacks.plant import plant, triggered_test_set, with_trigger
from core.attacks.specification import AttackSpec, Specification
from core.evaluation.metrics import attack_success_rate
from core.modalities.image.inputs import ImageInputs
from core.training.activations import choose, extract, layers
from core.training.config import TrainConfig
from core.training.evaluating import evaluate
from core.training.loop import build_model, train
from core.types import Bools, Dataset, Evidence, Floats, GroundTruth, Images, Ints


@dataclass(frozen=True)
class Traced:
    """One training on data whose poison is known.

    Attributes:
        images, labels: the training data as planted, (n, h, w, c) and (n,).
        attack_index: (n,) −1 for clean samples.
        losses: (n, epochs); features: (n, d); predicted: (n,), of the trained model.
        clean_accuracy: in [0, 1], on the test images.
        success: (attacks,) attack success rates on test images, of those with a trigger.
    """

    images: Images
    labels: Ints
    attack_index: Ints
    losses: Floats
    features: Floats
    predicted: Ints
    clean_accuracy: Floats
    success: Floats

    @property
    def is_poison(self) -> Bools:
        """(n,) for scoring what detectors say; no detector is shown it."""
        return np.asarray(self.attack_index >= 0)

    def evidence(self, draw: int = 0, seed: int = 0) -> Evidence:
        """What a detector may look at, with the bona fide samples of one draw."""
        return Evidence(
            labels=self.labels,
            n_classes=int(self.labels.max()) + 1,
            bona_fide=draw_bona_fide(self.is_poison, draw),
            seed=seed,
            predicted=self.predicted,
            features=self.features,
            trajectories=self.losses,
            inputs=ImageInputs(self.images),
        )


@dataclass(frozen=True)
class Fitted:
    """A model and what it was trained on; `truth` is None for clean data, `losses` (n, epochs)."""

    model: nn.Module
    dataset: Dataset
    truth: GroundTruth | None
    losses: Floats
    clean_accuracy: float


def traced(
    dataset: Dataset, attacks: tuple[AttackSpec, ...], config: TrainConfig, cache: Path | None, key: str
) -> Traced:
    """The data poisoned with `attacks` and a model trained on them; read from `<cache>/<key>.npz` if that is there."""
    path = cache / f"{key}.npz" if cache else None
    if path and path.exists():
        with np.load(path, allow_pickle=False) as content:
            return Traced(**{one.name: content[one.name] for one in fields(Traced)})
    made = trace(fitted(dataset, attacks, config))
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".part.npz")
        np.savez(temporary, **asdict(made))
        temporary.replace(path)
    return made


def fitted(dataset: Dataset, attacks: tuple[AttackSpec, ...], config: TrainConfig) -> Fitted:
    """The data poisoned with `attacks`, and a model trained on them."""
    truth: GroundTruth | None = None
    if attacks:
        dataset, truth = plant(dataset, Specification(attacks, config.seed))
    model = build_model(config, dataset.shape, dataset.n_classes)
    epochs = list(train(model, dataset, config))
    losses = np.stack([epoch.losses for epoch in epochs], axis=1)
    return Fitted(model, dataset, truth, losses, float(np.mean(epochs[-1].test_predicted == dataset.test_labels)))


def trace(run: Fitted) -> Traced:
    """What detectors see of a model that was trained on known poison."""
    dataset, truth = run.dataset, run.truth
    head = choose(layers(run.model, dataset.shape, dataset.n_classes))
    with tempfile.TemporaryDirectory() as folder:
        features, predicted, _ = extract(run.model, dataset.inputs, dataset.labels, head, Path(folder) / "features.npy")
        features = np.array(features)
    return Traced(
        images=dataset.inputs[:],
        labels=dataset.labels,
        attack_index=truth.attack_index if truth else np.full(len(dataset), -1),
        losses=run.losses,
        features=features,
        predicted=predicted,
        clean_accuracy=np.float32(run.clean_accuracy),
        success=np.array(success_rates(run.model, dataset, truth), np.float32),
    )


def success_rates(model: nn.Module, dataset: Dataset, truth: GroundTruth | None) -> list[float]:
    """The success rate of each attack that has a trigger, on test samples that carry it."""
    rates = []
    for attack in with_trigger(truth.attacks) if truth else ():
        pattern = truth.patterns.get(attack.name) if truth else None
        inputs, rows, intended = triggered_test_set(
            attack, dataset.test_inputs, dataset.test_labels, dataset.n_classes, pattern
        )
        rates.append(attack_success_rate(evaluate(model, inputs, dataset.test_labels[rows])[1], intended))
    return rates
