"""What detectors say of trained models whose poison is known, and how good that is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.parts.traced import Traced
from core.detectors import DETECTORS
from core.evaluation.metrics import detection_quality
from core.registry import Entry
from core.types import Bools, Detection, Evidence

TRACED = {"activations", "trajectories", "images", "bona_fide"}
COMPARED = "consensus"


@dataclass(frozen=True)
class Judged:
    """One detector's answer on one training and one draw of bona fide samples, all in [0, 1]; NaN: undefined."""

    detector: str
    auroc: float
    precision: float
    recall: float
    flagged: float


def judged(runs: Sequence[Traced], draws: int) -> Iterator[Judged]:
    """Every detector that needs no model, on every run and draw; those that use no bona fide samples see one draw."""
    for run in runs:
        yield from over_draws(detectors(), run.is_poison, run.evidence, draws)


def over_draws(
    entries: Sequence[Entry], is_poison: Bools, evidence: Callable[[int], Evidence], draws: int
) -> Iterator[Judged]:
    """Some detectors on the evidence of each draw; those that use no bona fide samples see one."""
    for entry in entries:
        for draw in range(draws if entry.name == COMPARED or "bona_fide" in entry.needs else 1):
            yield judge(entry, is_poison, evidence(draw))


def detectors() -> list[Entry]:
    """The detectors that a trained model's traces are enough for, the consensus first."""
    usable = [entry for entry in DETECTORS.values() if set(entry.needs) <= TRACED]
    return sorted(usable, key=lambda entry: entry.name != COMPARED)


def judge(entry: Entry, is_poison: Bools, evidence: Evidence) -> Judged:
    """One detector on one piece of evidence, by the ground truth (n,) that it is not shown."""
    return measured(entry.name, entry.load()(evidence), is_poison)


def measured(name: str, found: Detection, is_poison: Bools) -> Judged:
    """What was found, by the ground truth (n,)."""
    quality = detection_quality(found.suspicion, found.flagged, is_poison)
    flagged = float(found.flagged.mean())
    return Judged(name, quality["auroc"], quality["precision"], quality["recall"], flagged)


def of(answers: Sequence[Judged], detector: str, what: str) -> list[float]:
    """One figure of one detector over all its answers, undefined ones left out."""
    values = [float(getattr(answer, what)) for answer in answers if answer.detector == detector]
    return [value for value in values if not np.isnan(value)]


def mean_percent(values: Sequence[float]) -> str:
    """Mean ± sd in percent; a dash without values."""
    return f"{100 * np.mean(values):.1f} ± {100 * np.std(values):.1f} %" if values else "–"


def worst_and_mean(values: Sequence[float]) -> str:
    """The lowest value and the mean ± sd; a dash without values."""
    return f"{min(values):.3f} / {np.mean(values):.3f} ± {np.std(values):.3f}" if values else "–"
