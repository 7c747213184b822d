"""BaDLoss' own setting, whole: seven attacks at once on CIFAR-10, 30 traced epochs, detection, training again."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from torch import nn

from benchmarks.on_gpu.measuring import Clock, Row, gigabytes, took
from core.attacks.plant import plant
from core.attacks.presets import preset
from core.attacks.specification import Specification
from core.detectors import DETECTORS
from core.devices import Compute
from core.evaluation.measure import evaluate_model
from core.evaluation.metrics import auroc
from core.training.activations import choose, extract, layers
from core.training.config import TrainConfig
from core.training.loop import build_model, train
from core.types import Bools, Dataset, Detection, Evidence, Floats, GroundTruth

BONA_FIDE = 250
PUBLISHED = {"badloss": "7.98 % (the paper)", "consensus": "63.44 % (the paper's other defences, mean)"}
FOR_TRACING = 0.4  # of the time, at most; a slower card traces fewer epochs, and the row says how many


@dataclass(frozen=True)
class Setting:
    """What is done; the defaults are the paper's.

    Attributes:
        model: the architecture.
        attacks: a preset.
        traced: epochs of the first training, without augmentation.
        epochs: of training again, with augmentation, and of the schedule of both.
        batch_size: of both.
        seed: of everything.
    """

    model: str = "resnet18"
    attacks: str = "badloss-cifar10"
    traced: int = 30
    epochs: int = 100
    batch_size: int = 128
    seed: int = 0


def paper_rows(clean: Dataset, setting: Setting, compute: Compute, clock: Clock) -> Iterator[Row]:
    """A row for planting, tracing, each detector and each training on what it leaves."""
    whole = clock.left
    asked = Specification(preset(setting.attacks, clean.n_classes), setting.seed)
    planted = took(lambda: plant(clean, asked), compute.device)
    dataset, truth = planted.result
    trusted = _trusted(truth, setting.seed)
    about = f"{setting.attacks}, {len(dataset):,} images, {int(truth.is_poison.sum()):,} poisoned, seed {setting.seed}"
    yield Row(f"{about}: planting", f"{planted.seconds:.0f} s")
    config = TrainConfig(
        setting.model, setting.traced, setting.batch_size, schedule_epochs=setting.epochs, seed=setting.seed
    )
    model, losses, seconds = build_model(config, dataset.shape, dataset.n_classes), [], []
    for epoch in train(model, dataset, config):
        losses.append(epoch.losses)
        seconds.append(epoch.seconds)
        if clock.left < (1 - FOR_TRACING) * whole:
            break
    each = float(np.median(seconds))
    yield Row(
        f"{setting.model}, {len(losses)} of {setting.traced} traced epochs, without augmentation",
        f"{each:.2f} s an epoch; {_outcome(model, dataset, truth)}",
    )
    evidence = _evidence(model, dataset, trusted, np.stack(losses, axis=1), setting.seed)
    found: dict[str, Detection] = {}
    for name in PUBLISHED:
        detector = DETECTORS[name].load()
        answer = took(lambda detector=detector: detector(evidence), compute.device)  # type: ignore[misc]
        found[name] = answer.result
        yield Row(
            f"{DETECTORS[name].title}: detection",
            f"{answer.seconds:.1f} s; {_found(answer.result, truth, trusted)}",
            memory=gigabytes(answer.memory),
        )
    removals: dict[str, Bools] = {name: found[name].flagged for name in ("consensus", "badloss")}
    removals["nothing"] = np.zeros(len(dataset), np.bool_)
    for place, (name, removed) in enumerate(removals.items()):
        share = clock.left / (len(removals) - place)
        epochs = min(setting.epochs, int(share / each)) if compute.on_gpu else setting.epochs
        if epochs < 1:
            yield Row(f"trained again without what {name} flags", "not run: no time left")
            continue
        yield _again(name, dataset, truth, removed, replace(config, epochs=epochs, schedule_epochs=None))


def _again(name: str, dataset: Dataset, truth: GroundTruth, removed: Bools, config: TrainConfig) -> Row:
    left = _without(dataset, removed)
    again = replace(config, augment="crop_flip")
    model = build_model(again, left.shape, left.n_classes)
    seconds = sum(epoch.seconds for epoch in train(model, left, again, trace=False))
    title = DETECTORS[name].title if name in DETECTORS else name
    return Row(
        f"without what {title} flags ({int(removed.sum()):,}), {config.epochs} epochs with augmentation",
        f"{_outcome(model, dataset, truth)}; {seconds:.0f} s",
        PUBLISHED.get(name, ""),
    )


def _trusted(truth: GroundTruth, seed: int) -> Bools:
    clean = np.flatnonzero(~truth.is_poison & ~truth.is_cover)
    trusted = np.zeros(len(truth.is_poison), np.bool_)
    trusted[np.random.default_rng([seed, 250]).choice(clean, min(BONA_FIDE, len(clean) // 10), replace=False)] = True
    return trusted


def _evidence(model: nn.Module, dataset: Dataset, trusted: Bools, losses: Floats, seed: int) -> Evidence:
    head = choose(layers(model, dataset.shape, dataset.n_classes))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "activations.npy"
        features, predicted, _ = extract(model, dataset.inputs, dataset.labels, head, path)
        features = np.array(features)
    return Evidence(
        labels=dataset.labels,
        n_classes=dataset.n_classes,
        bona_fide=trusted,
        seed=seed,
        predicted=predicted,
        features=features,
        trajectories=losses,
        inputs=dataset.inputs,
    )


def _without(dataset: Dataset, removed: Bools) -> Dataset:
    rows = np.flatnonzero(~removed)
    return replace(
        dataset,
        ids=dataset.ids[rows],
        inputs=dataset.inputs.take(rows),
        labels=dataset.labels[rows],
        bona_fide=dataset.bona_fide[rows],
        test_inputs=dataset.test_inputs.take(slice(0)),
        test_labels=dataset.test_labels[:0],
    )


def _outcome(model: nn.Module, dataset: Dataset, truth: GroundTruth) -> str:
    outcome, *_ = evaluate_model(model, dataset, truth)
    rates = outcome.attack_success_rate
    each = ", ".join(f"{name} {100 * rate:.1f}" for name, rate in rates.items())
    mean = 100 * float(np.mean(list(rates.values())))
    return f"mean attack success rate {mean:.2f} % ({each}), accuracy {100 * (outcome.clean_accuracy or 0):.2f} %"


def _found(detection: Detection, truth: GroundTruth, trusted: Bools) -> str:
    counted = ~trusted
    poison, flagged = truth.is_poison[counted], detection.flagged[counted]
    area = auroc(detection.suspicion[counted], poison)
    wrong = float((flagged & ~poison).sum() / max(1, flagged.sum()))
    share = f"{flagged[poison].mean():.1%} of the poison, {wrong:.1%} wrong"
    return f"AUROC {area:.3f}, {int(flagged.sum()):,} flagged, {share}"
