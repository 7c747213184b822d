"""The field's figures of merit. These, the report and the benchmarks are the only readers of ground truth."""

import numpy as np
from numpy.typing import NDArray

from core.detectors.parts.statistics import ranks
from core.types import Bools, Floats, Ints


def clean_accuracy(predicted: Ints, labels: Ints) -> float | None:
    """The fraction of untouched test samples that is right, in [0, 1]; None without any."""
    return float(np.mean(predicted == labels)) if len(labels) else None


def class_accuracy(predicted: Ints, labels: Ints, n_classes: int) -> tuple[float, ...]:
    """(k,) the fraction that is right within each class, NaN for a class without samples."""
    right = np.bincount(labels[predicted == labels], minlength=n_classes)
    total = np.bincount(labels, minlength=n_classes)
    return tuple(float(r / t) if t else float("nan") for r, t in zip(right, total, strict=True))


def attack_success_rate(predicted: Ints, intended: Ints) -> float:
    """The fraction of triggered samples that are predicted as what the attacker wants; NaN without any.

    Args:
        predicted: (m,) classes of the triggered samples.
        intended: (m,) the class that each should become; −1 (its class is the target already) leaves it out.
    """
    meant = intended >= 0
    return float(np.mean(predicted[meant] == intended[meant])) if meant.any() else float("nan")


def auroc(suspicion: Floats, is_poison: Bools) -> float:
    """The chance that a poisoned sample is more suspicious than a clean one, ties half; NaN with one kind only."""
    n_poison, n_clean = int(is_poison.sum()), int((~is_poison).sum())
    if not n_poison or not n_clean:
        return float("nan")
    placed = ranks(suspicion)
    return float((placed[is_poison].sum() - n_poison * (n_poison + 1) / 2) / (n_poison * n_clean))


def precision(flagged: Bools, is_poison: Bools) -> float:
    """The fraction of the flagged that is poison; NaN when nothing is flagged."""
    return float(is_poison[flagged].mean()) if flagged.any() else float("nan")


def recall(flagged: Bools, is_poison: Bools) -> float:
    """The fraction of the poison that is flagged; NaN without poison."""
    return float(flagged[is_poison].mean()) if is_poison.any() else float("nan")


def detection_quality(suspicion: Floats, flagged: Bools, is_poison: Bools) -> dict[str, float]:
    """AUROC, precision and recall of one detection against the truth."""
    return {
        "auroc": auroc(suspicion, is_poison),
        "precision": precision(flagged, is_poison),
        "recall": recall(flagged, is_poison),
    }


def detection_curves(suspicion: Floats, is_poison: Bools, most: int = 400) -> dict[str, NDArray[np.float64]]:
    """The rates at every cut of the suspicion, strictest first: true over false positives, precision over recall.

    Args:
        suspicion: (n,) of poisoned and clean samples, at least one of each.
        is_poison: (n,).
        most: cuts to keep, nearly; the strict ones, where few samples are flagged, lie closest.

    Returns:
        false_positive_rate, true_positive_rate (from 0), and recall_at, precision_at, each in [0, 1].
    """
    order = np.argsort(-suspicion, kind="stable")
    caught = np.cumsum(is_poison[order])
    cuts = np.flatnonzero(np.append(np.diff(suspicion[order]) != 0, True))  # equal suspicions are cut together
    cuts = cuts[np.unique(np.geomspace(1, len(cuts), most).round().astype(int)) - 1]
    hits, flagged = caught[cuts].astype(np.float64), cuts + 1.0
    recall_at = hits / caught[-1]
    return {
        "false_positive_rate": np.concatenate([[0.0], (flagged - hits) / (len(order) - caught[-1])]),
        "true_positive_rate": np.concatenate([[0.0], recall_at]),
        "recall_at": recall_at,
        "precision_at": hits / flagged,
    }
