"""Attacks on texts: what is found, what the decision says, and what a repair leaves of them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from torch import nn

from benchmarks.parts.cells import number, percent, table
from benchmarks.parts.hardware import hardware
from benchmarks.parts.texts import (
    CONFIG,
    TUNED,
    TextStudy,
    poison_of,
    read_table,
    studies,
    text_evidence,
    text_training,
)
from benchmarks.parts.traced import Fitted, success_rates
from core.analysis.rules import Rule, flags
from core.decision.decide import decide
from core.decision.states import BACKDOOR, WRONG_LABEL
from core.detectors.clustering.activation_clustering import activation_clustering
from core.detectors.consensus.consensus import consensus
from core.evaluation.metrics import auroc, recall
from core.stages.reclassify import trained_without
from core.training.config import TrainConfig
from core.training.evaluating import evaluate
from core.training.loop import build_model, train
from core.types import Bools, Dataset, Ints

# Attack success rate from which on a backdoor is gone.
GONE = 0.05
# What a repaired model may be worse than one that never saw poison, as a fraction of the test texts.
WORSE = 0.02
# Epochs of a repair that goes on from the poisoned weights.
CONTINUED = 3


@dataclass(frozen=True)
class TextRow:
    """One training, all but counts in [0, 1]; None where undefined.

    Attributes:
        study: its name.
        poison: poisoned texts.
        accuracy: on untouched test texts; success: of the attack.
        clusters, raw: F1 of Activation Clustering within the poisoned class, by the smaller cluster, on activations and
            on TF-IDF of the texts.
        auroc, f1: of the consensus, by its own rule.
        recall, wrong: of what it flags at a false discovery rate of 10 %, and how much of that is clean.
        flagged: texts that the consensus flags by its own rule.
        verdict: of the decision; accused: clean classes that it calls poisoned.
        decided: texts that it calls backdoor or wrong label; right, found: those of them that are, and of the poison.
        relabelled, retrained: success of the attack after both repairs, with what consensus or decision name.
        relabelled_accuracy, retrained_accuracy: on untouched test texts.
        relabelled_epochs, retrained_epochs: until the attack is gone and the accuracy there; None where never.
    """

    study: str
    poison: int
    accuracy: float
    success: float | None
    clusters: float | None
    raw: float | None
    auroc: float | None
    f1: float | None
    recall: float | None
    wrong: float | None
    flagged: int
    verdict: str
    accused: int
    decided: int
    right: float | None
    found: float | None
    relabelled: float | None = None
    retrained: float | None = None
    relabelled_accuracy: float | None = None
    retrained_accuracy: float | None = None
    relabelled_epochs: float | None = None
    retrained_epochs: float | None = None


def text(
    *,
    data: Annotated[Path, typer.Option(help="A folder of CSV files; see benchmarks/README.md.")],
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="May be repeated; default 0.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only rows with this in their name; may be repeated.")] = None,
    cache: Annotated[Path | None, typer.Option(help="A file that keeps each row, to go on later.")] = None,
    repair: Annotated[bool, typer.Option(help="Whether to repair, too.")] = True,
    threads: Annotated[int, typer.Option(help="Of torch.")] = 1,
) -> None:
    """Detection, decision and repair of attacks on texts; the data that rules are tuned on and the others apart."""
    torch.set_num_threads(threads)
    chosen = [study for study in studies() if not only or any(part in study.name for part in only)]
    rows = list(measured(chosen, data, seeds or [0], cache, repair=repair))
    names = {study.name: study.data for study in chosen}
    for title, tuned in (("### Tuned", True), ("### Held back", False)):
        part = [row for row in rows if (names[row.study] == TUNED) == tuned]
        if part:
            typer.echo(f"\n{title}\n\n{hardware()}; training seeds {seeds or [0]}\n\n" + "\n".join(text_table(part)))


def measured(
    chosen: Sequence[TextStudy],
    data: Path,
    seeds: Sequence[int],
    cache: Path | None = None,
    config: TrainConfig = CONFIG,
    *,
    repair: bool = True,
) -> Iterator[TextRow]:
    """A row for each study and seed; those in the cache are not made again."""
    kept: dict[str, dict[str, object]] = json.loads(cache.read_text()) if cache and cache.exists() else {}
    for seed in seeds:
        for study in chosen:
            if (key := f"{study.name} {seed}") not in kept:
                run = text_training(study, read_table(data, study.data), seed, config)
                kept[key] = asdict(_row(study, run, replace(config, seed=seed), repair=repair))
                typer.echo(f"{key}: {kept[key]}", err=True)
                if cache:
                    cache.write_text(json.dumps(kept, indent=1))
            yield TextRow(**kept[key])  # type: ignore[arg-type]


def text_table(rows: Sequence[TextRow]) -> list[str]:
    """The rows of each study as Markdown: what is found, then what is left after a repair."""
    found, repaired = [], []
    for name in dict.fromkeys(row.study for row in rows):
        some = [row for row in rows if row.study == name]
        of = {one.name: [getattr(row, one.name) for row in some] for one in fields(TextRow)}
        detected = [*(number(of[key]) for key in ("clusters", "raw", "auroc", "f1", "recall"))]
        decided = [percent(of[key]) for key in ("right", "found")]
        verdicts = ", ".join(dict.fromkeys(of["verdict"]))
        counts = [number(of[key], 0) for key in ("flagged", "accused")]
        found.append(
            [name, percent(of["accuracy"]), percent(of["success"]), *detected, counts[0], verdicts, *decided, counts[1]]
        )
        rates = [percent(of[key]) for key in ("success", "relabelled", "retrained")]
        accuracies = [percent(of[key]) for key in ("relabelled_accuracy", "retrained_accuracy")]
        epochs = [number(of[key], 1) for key in ("relabelled_epochs", "retrained_epochs")]
        repaired.append([name, *rates, *accuracies, *epochs])
    head = ["texts", "accuracy", "ASR", "F1 of Activation Clustering", "of TF-IDF", "AUROC of the consensus", "its F1"]
    head += ["recall at FDR 10 %", "flagged", "decision", "precision", "recall", "clean classes accused"]
    after = ["texts", "ASR before", "relabelled and continued", "trained again", "accuracy continued", "again"]
    after += ["epochs to repair continued", "again"]
    return [*table(head, found), "", *table(after, [row for row in repaired if row[1] != "–"])]


def _row(study: TextStudy, run: Fitted, config: TrainConfig, *, repair: bool) -> TextRow:
    evidence, is_poison = text_evidence(run, config.seed), poison_of(run)
    detection = consensus(evidence)
    at_rate = flags(detection, evidence.bona_fide, Rule("rate", 0.10))

    def retrain(kept: Bools) -> nn.Module:
        return trained_without(run.dataset, np.flatnonzero(~kept), config, None, lambda fraction, message: None).eval()

    decision, _ = decide(evidence, detection.suspicion, detection.flagged, retrain)
    decided = np.isin(decision.states, [BACKDOOR, WRONG_LABEL])
    poisoned = set(run.dataset.labels[is_poison].tolist())
    accused = {group.target_class for group in decision.groups if group.state == "backdoor"}
    there = bool(is_poison.any())
    clusters, raw = (
        activation_clustering(evidence, space=space, decision="size").flagged for space in ("activations", "pixels")
    )
    target = np.isin(run.dataset.labels, list(poisoned))
    row = TextRow(
        study=study.name,
        poison=int(is_poison.sum()),
        accuracy=run.clean_accuracy,
        success=_success(run.model, run) if there else None,
        clusters=f1(clusters[target], is_poison[target]) if there else None,
        raw=f1(raw[target], is_poison[target]) if there else None,
        auroc=auroc(detection.suspicion, is_poison) if there else None,
        f1=f1(detection.flagged, is_poison) if there else None,
        recall=recall(at_rate, is_poison) if there else None,
        wrong=float((~is_poison[at_rate]).mean()) if at_rate.any() else None,
        flagged=int(detection.flagged.sum()),
        verdict=decision.verdict,
        accused=len(accused - poisoned),
        decided=int(decided.sum()),
        right=float(is_poison[decided].mean()) if decided.any() and there else None,
        found=recall(decided, is_poison) if there else None,
    )
    removed = (detection.flagged | decided) & ~evidence.bona_fide
    return _repaired(row, run, removed, config) if repair and there and removed.any() else row


def _repaired(row: TextRow, run: Fitted, removed: Bools, config: TrainConfig) -> TextRow:
    left = replace(
        run.dataset,
        ids=run.dataset.ids[~removed],
        inputs=run.dataset.inputs.take(~removed),
        labels=run.dataset.labels[~removed],
        bona_fide=run.dataset.bona_fide[~removed],
    )
    again = build_model(config, run.dataset.shape, run.dataset.n_classes)
    retrained = _course(again, left, config, run)
    labels = run.dataset.labels.copy()
    labels[removed] = _believed(again, run.dataset, removed)
    # The learning rate of a repair falls to 0 within its own epochs.
    goes_on = replace(config, epochs=CONTINUED, schedule_epochs=None)
    relabelled = _course(run.model, replace(run.dataset, labels=labels), goes_on, run)
    return replace(
        row,
        relabelled=relabelled[-1][0],
        retrained=retrained[-1][0],
        relabelled_accuracy=relabelled[-1][1],
        retrained_accuracy=retrained[-1][1],
        relabelled_epochs=_epochs(relabelled, row.accuracy),
        retrained_epochs=_epochs(retrained, row.accuracy),
    )


def f1(flagged: Bools, is_poison: Bools) -> float:
    """2 · hits / (flagged + poison); 0 where nothing is flagged.

    >>> f1(np.array([True, True, False]), np.array([True, False, True]))
    0.5
    """
    return 2 * float((flagged & is_poison).sum()) / max(float(flagged.sum() + is_poison.sum()), 1.0)


def _course(model: nn.Module, dataset: Dataset, config: TrainConfig, run: Fitted) -> list[tuple[float, float]]:
    """Success of the attack and accuracy after each epoch."""
    course = []
    for epoch in train(model, dataset, config, trace=False):
        accuracy = float(np.mean(epoch.test_predicted == dataset.test_labels))
        course.append((_success(model, run), accuracy))
    return course


def _epochs(course: Sequence[tuple[float, float]], accuracy: float) -> float | None:
    """The first epoch after which the attack is gone and the accuracy is that of the poisoned model, nearly."""
    reached = (place for place, one in enumerate(course, 1) if one[0] <= GONE and one[1] >= accuracy - WORSE)
    return next(map(float, reached), None)


def _believed(model: nn.Module, dataset: Dataset, rows: Bools) -> Ints:
    """What a model that never saw these texts takes them for."""
    return evaluate(model, dataset.inputs.take(rows), dataset.labels[rows])[1]


def _success(model: nn.Module, run: Fitted) -> float:
    return float(np.mean(success_rates(model, run.dataset, run.truth)))
