"""What detectors say of one training, by several rules, and how good that is within the class that was poisoned."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.parts.judged import detectors
from benchmarks.parts.traced import Traced
from core.analysis.rules import Rule, flags
from core.detectors.clustering.activation_clustering import activation_clustering
from core.detectors.parts.calibration import calibrated, compares
from core.evaluation.metrics import auroc
from core.types import Bools

CLUSTERING = "activation_clustering"
RULES = {"own rule": Rule(), "at most 10 % wrong": Rule("rate", 0.10), "outliers": Rule("outliers")}


@dataclass(frozen=True)
class Answers:
    """What the detectors other than clustering say of one training, by "detector: rule" or by detector.

    Attributes:
        scores: F1 within the target class.
        elsewhere: fraction of the other classes, all of it clean, that is flagged.
        areas: AUROC within the target class.
    """

    scores: Mapping[str, float]
    elsewhere: Mapping[str, float]
    areas: Mapping[str, float]


def answers(run: Traced, target: int) -> Answers:
    """Every detector that a trained model's traces are enough for, as published, by every rule."""
    evidence, own = run.evidence(), run.labels == target
    asked = [entry for entry in detectors() if entry.name != CLUSTERING]
    found = {one.title: calibrated(one.load(), evidence, in_folds=compares(one.needs)) for one in asked}
    flagged = {
        f"{title}: {name}": flags(detection, evidence.bona_fide, rule)
        for title, detection in found.items()
        for name, rule in RULES.items()
    }
    return Answers(
        {name: f1(run, flags, target) for name, flags in flagged.items()},
        {name: elsewhere(run, flags, target) for name, flags in flagged.items()},
        {title: auroc(one.suspicion[own], run.is_poison[own]) for title, one in found.items()},
    )


def clustered(run: Traced, **settings: str) -> Bools:
    """(n,) what Activation Clustering flags with these settings."""
    return activation_clustering(run.evidence(), **settings).flagged  # type: ignore[arg-type]


def within_classes(run: Traced, flagged: Bools) -> tuple[np.ndarray, np.ndarray]:
    """(k,) accuracy and (k,) F1 of what is flagged within each class; F1 is 0 in a class without poison."""
    accuracies, scores = [], []
    for index in range(int(run.labels.max()) + 1):
        truth, found = run.is_poison[run.labels == index], flagged[run.labels == index]
        accuracies.append(float((truth == found).mean()))
        scores.append(2 * float((truth & found).sum()) / max(int(truth.sum() + found.sum()), 1))
    return np.array(accuracies), np.array(scores)


def f1(run: Traced, flagged: Bools, target: int) -> float:
    """F1 of the flags within the target class."""
    return float(within_classes(run, flagged)[1][target])


def elsewhere(run: Traced, flagged: Bools, target: int) -> float:
    """The fraction of all other classes that is flagged."""
    return float(np.mean(flagged[run.labels != target]))
