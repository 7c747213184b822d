"""How good a model is, and how far each known trigger still steers it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from core.attacks.plant import doubled, triggered_test_set, with_trigger
from core.evaluation import metrics
from core.training.evaluating import likeliest
from core.types import Dataset, GroundTruth, Outcome, PlantedAttack

LIKELIEST = 3  # classes kept for each image and trial: what the Trigger demo shows


def evaluate_model(
    model: nn.Module,
    dataset: Dataset,
    truth: GroundTruth | None,
    listen: Callable[[float, str], None] = lambda progress, message: None,
) -> tuple[Outcome, list[dict[str, Any]], NDArray[np.int16], NDArray[np.float16]]:
    """The model's outcome on the test set, and what it answers to every test image with every trigger.

    Each trigger is tried on the test images that it is meant to turn, at its own strength. Where it has one to double,
    it is tried at twice that, too. Triggered copies are made for one trial at a time.

    Args:
        model: trained.
        dataset: its test set is used.
        truth: what was planted; None where nothing is known.
        listen: told the progress, in [0, 1], and the attack at hand.

    Returns:
        The outcome. The trials, the first of them without a trigger. For each trial and test image the likeliest
        classes, (trials, m, 3) int16, −1 for images that are not tried. Their probabilities, float16, of the same
        shape.
    """
    labels, tried = dataset.test_labels, _tries(truth) if len(dataset.test_labels) else []
    top = min(LIKELIEST, dataset.n_classes)
    classes = np.full((1 + len(tried), len(labels), top), -1, np.int16)
    probabilities = np.zeros(classes.shape, np.float16)
    classes[0], probabilities[0] = likeliest(model, dataset.test_inputs, top)
    rates: dict[int, dict[str, float]] = {1: {}, 2: {}}
    for place, (attack, strength) in enumerate(tried, 1):
        pattern = truth.patterns.get(attack.name) if truth else None
        inputs, rows, intended = triggered_test_set(attack, dataset.test_inputs, labels, dataset.n_classes, pattern)
        if len(rows):
            classes[place, rows], probabilities[place, rows] = likeliest(model, inputs, top)
        rates[strength][attack.name] = metrics.attack_success_rate(classes[place, rows, 0].astype(np.int64), intended)
        listen(place / len(tried), attack.name)
    predicted = classes[0, :, 0].astype(np.int64)
    accuracy = metrics.class_accuracy(predicted, labels, dataset.n_classes)
    outcome = Outcome(metrics.clean_accuracy(predicted, labels), accuracy, rates[1], rates[2])
    trials: list[dict[str, Any]] = [{"attack": None, "strength": 1}]
    trials += [{"attack": attack.name, "strength": times} for attack, times in tried]
    return outcome, trials, classes, probabilities


def _tries(truth: GroundTruth | None) -> list[tuple[PlantedAttack, int]]:
    """Every attack with a known trigger at its own strength, then those that have one to double at twice that."""
    attacks = with_trigger(truth.attacks) if truth else ()
    stronger = [(more, 2) for attack in attacks if (more := doubled(attack))]
    return [*((attack, 1) for attack in attacks), *stronger]
