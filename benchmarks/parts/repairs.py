"""Ways to repair a poisoned training, each trained again on what it leaves and judged by the planted truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.parts.trainings import training, training_without, tried
from core import pipeline, runs
from core.analysis.opened_run import opened
from core.analysis.rules import Rule, flags
from core.data import store
from core.evaluation.metrics import auroc, precision, recall
from core.runs import Run
from core.training.config import TrainConfig
from core.types import Bools, Dataset, Floats, GroundTruth, Outcome

LEARNED = 0.20
INHERENT = {"narcissus"}  # whose optimised noise turns images of a model that has never seen poison, too
WAYS: Mapping[str, str] = {
    "nothing": "nothing removed",
    "consensus": "consensus, by its own rule",
    "consensus-rate": "consensus, false discovery rate 10 %",
    "badloss": "BaDLoss as published, 40 %",
    "random": "at random, as many as the consensus at 10 %",
    "floor": "trained on clean data: the floor",
}
RULES = {
    "consensus": ("consensus", Rule()),
    "consensus-rate": ("consensus", Rule("rate", 0.10)),
    "badloss": ("badloss", Rule()),
}


@dataclass(frozen=True)
class Repaired:
    """One way of repair on one training.

    Attributes:
        removed: (n,) True for what it left out.
        suspicion: (n,) of the detector that chose; None where none did.
        outcome: of the model trained on what is left, with the triggers of the poisoned training.
        flagged: (n − removed,) by the consensus in a second round, on what is left and its model; None where another
            way was taken.
    """

    removed: Bools
    suspicion: Floats | None
    outcome: Outcome
    flagged: Bools | None = None


def detected(run: Run, names: Sequence[str], again: bool = False) -> Run:
    """The run with each of these detectors run on it, as published; what it said before stands unless `again`."""
    for name in names:
        if again or name not in runs.detections(run):
            pipeline.detect(run, name, {})
    return run


def repaired(run: Run, way: str, dataset: Dataset, config: TrainConfig) -> Repaired:
    """What one way of repair leaves of the backdoors of `run`.

    Args:
        run: poisoned and trained, with the detectors that the way asks.
        way: a key of WAYS.
        dataset: without poison, which the floor is trained on.
        config: of the floor's training.
    """
    removed = removed_by(run, way)
    suspicion = runs.detections(run)[RULES[way][0]].suspicion if way in RULES else None
    if way == "floor":
        return Repaired(removed, suspicion, tried(training(run.workspace, dataset, (), config), run))
    child = training_without(run, opened(run).data.ids[removed].tolist(), WAYS[way])
    outcome = runs.outcome(child)
    assert outcome is not None  # its plan ends with the evaluation
    again = detected(child, ["consensus"]) if way.startswith("consensus") else None
    return Repaired(removed, suspicion, outcome, runs.detections(again)["consensus"].flagged if again else None)


def removed_by(run: Run, way: str) -> Bools:
    """(n,) True for what a way of repair leaves out; the bona fide samples always stay."""
    trusted = np.array(opened(run).data.bona_fide)
    if way in RULES:
        name, rule = RULES[way]
        return flags(runs.detections(run)[name], trusted, rule)
    removed = np.zeros(len(trusted), np.bool_)
    if way == "random":
        rng = np.random.default_rng(int(run.config["seed"]))
        count = int(removed_by(run, "consensus-rate").sum())
        removed[rng.choice(np.flatnonzero(~trusted), count, replace=False)] = True
    return removed


def learned(run: Run) -> list[str]:
    """The attacks whose success rate is above 20 % before any repair."""
    outcome = runs.outcome(run)
    return [name for name, rate in outcome.attack_success_rate.items() if rate > LEARNED] if outcome else []


def poison_of(truth: GroundTruth, names: Sequence[str]) -> Bools:
    """(n,) True for the poison of these attacks."""
    return np.isin(truth.attack_index, [place for place, one in enumerate(truth.attacks) if one.name in names])


def auroc_of(truth: GroundTruth, names: Sequence[str], suspicion: Floats | None) -> float:
    """AUROC of the poison of these attacks against all clean samples; NaN without a suspicion."""
    poison = poison_of(truth, names)
    asked = poison | ~truth.is_poison
    return float("nan") if suspicion is None else auroc(suspicion[asked], poison[asked])


def figures(run: Run, found: Repaired) -> dict[str, float]:
    """How good one way of repair is, all but counts and AUROC in [0, 1]; NaN where undefined."""
    truth, names = store.load_truth(run.workspace, run.dataset), learned(run)
    assert truth is not None  # it was planted here
    left = np.asarray(truth.is_poison)[~found.removed]
    rates, doubled = found.outcome.attack_success_rate, found.outcome.doubled_attack_success_rate
    return {
        "removed": float(found.removed.sum()),
        "removed_fraction": float(found.removed.mean()),
        "clean": 1 - precision(found.removed, np.asarray(truth.is_poison)),
        "recall": recall(found.removed, poison_of(truth, names)) if found.removed.any() else np.nan,
        "auroc": auroc_of(truth, names, found.suspicion),
        "left": float(left.sum()),
        "again": np.nan if found.flagged is None else float(found.flagged.sum()),
        "again right": np.nan if found.flagged is None else float(found.flagged[left].sum()),
        "accuracy": found.outcome.clean_accuracy or float("nan"),
        "success": float(np.mean([rates[name] for name in names] or [np.nan])),
        "planted": float(np.mean([rates[name] for name in names if name not in INHERENT] or [np.nan])),
        "doubled": float(np.mean([doubled[name] for name in names if name in doubled] or [np.nan])),
        **{f"success: {name}": rate for name, rate in rates.items()},
        **{f"recall: {one.name}": recall(found.removed, poison_of(truth, [one.name])) for one in truth.attacks},
    }
