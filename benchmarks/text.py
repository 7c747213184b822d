"""Attacks on texts: what is found, what the decision says, and what a repair leaves of them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from torch import nn

from benchmarks.parts.hardware import hardware
from benchmarks.parts.perplexity import perplexity
from benchmarks.parts.text_rows import GONE, WORSE, TextRow, text_table
from benchmarks.parts.texts import (
    CONFIG,
    TUNED,
    TextStudy,
    drawn,
    language_of,
    poison_of,
    read_table,
    studies,
    text_evidence,
    text_training,
)
from benchmarks.parts.traced import Fitted, fitted, success_rates
from core.analysis.rules import Rule, flags
from core.attacks.plant import triggered_test_set
from core.decision.decide import decide
from core.decision.states import BACKDOOR, WRONG_LABEL, Decision
from core.detectors.clustering.activation_clustering import activation_clustering
from core.detectors.consensus.consensus import consensus
from core.evaluation.metrics import attack_success_rate, auroc, recall
from core.files import write_file
from core.pipeline.repair import faster
from core.stages.reclassify import trained_without
from core.training.config import TrainConfig
from core.training.evaluating import evaluate, likeliest
from core.training.loop import build_model, train
from core.types import Bools, Dataset, Detection, Evidence, Ints

# Epochs of a repair that goes on from the poisoned weights: what is usual there after a training of six.
CONTINUED = 6


def text(
    *,
    data: Annotated[Path, typer.Option(help="A folder of CSV files; see benchmarks/README.md.")],
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="May be repeated; default 0.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only rows with this in their name; may be repeated.")] = None,
    cache: Annotated[Path | None, typer.Option(help="A file that keeps each row, to go on later.")] = None,
    repair: Annotated[bool, typer.Option(help="Whether to repair, too.")] = True,
    decision: Annotated[bool, typer.Option(help="Whether the model is asked for a decision, too.")] = True,
    threads: Annotated[int, typer.Option(help="Of torch.")] = 1,
) -> None:
    """Detection, decision and repair of attacks on texts; the data that rules are tuned on and the others apart."""
    torch.set_num_threads(threads)
    chosen = [study for study in studies() if not only or any(part in study.name for part in only)]
    rows = list(measured(chosen, data, seeds or [0], cache, repair=repair, decision=decision))
    names = {study.name: study.data for study in chosen}
    small = [study.name for study in chosen if study.is_small]
    for title, tuned in (("### Texts, tuned", True), ("### Texts, held back", False)):
        part = [row for row in rows if (names[row.study] in TUNED) == tuned]
        if part:
            lines = text_table(part, small, repaired=repair)
            typer.echo(f"\n{title}\n\n{hardware()}; training seeds {seeds or [0]}\n\n" + "\n".join(lines))


def measured(
    chosen: Sequence[TextStudy],
    data: Path,
    seeds: Sequence[int],
    cache: Path | None = None,
    config: TrainConfig = CONFIG,
    *,
    repair: bool = True,
    decision: bool = True,
) -> Iterator[TextRow]:
    """A row for each study and seed; those in the cache are not made again."""
    kept: dict[str, dict[str, object]] = json.loads(cache.read_text()) if cache and cache.exists() else {}
    never: dict[str, Fitted] = {}
    for seed in seeds:
        for study in chosen:
            if (key := f"{study.name} {seed}") not in kept:
                table, own = read_table(data, study.data), replace(config, seed=seed)
                run = text_training(study, table, seed, config)
                if (name := f"{study.data} {seed}") not in never:
                    never[name] = fitted(drawn(table, study.data, seed), (), own) if study.spec else run
                row = _beside(_row(study, run, own, repair=repair, decision=decision), run, never[name])
                row = replace(row, strange=_strange(run, data))
                kept[key] = asdict(row)
                typer.echo(f"{key}: {kept[key]}", err=True)
                if cache:
                    write_file(cache, lambda stream: stream.write(json.dumps(kept, indent=1).encode()))
            yield TextRow(**kept[key])  # type: ignore[arg-type]


def _strange(run: Fitted, data: Path) -> float | None:
    if run.truth is None:
        return None
    return auroc(perplexity(run.dataset.inputs[:].tolist(), language_of(data, run.dataset)), poison_of(run))


def _beside(row: TextRow, run: Fitted, never: Fitted) -> TextRow:
    """The row with what the trigger does to a model of the same texts before anything was planted."""
    row = replace(row, unpoisoned=never.clean_accuracy)
    if not row.poison:
        return row
    return replace(row, floor=_success(never.model, run), floor_turned=_turned(never.model, run))


def _row(study: TextStudy, run: Fitted, config: TrainConfig, *, repair: bool, decision: bool) -> TextRow:
    evidence, is_poison = text_evidence(run, config.seed), poison_of(run)
    if not decision:
        evidence = replace(evidence, model=None)
    detection, found = _found(evidence, run, config)
    at_rate = flags(detection, evidence.bona_fide, Rule("rate", 0.10))
    decided = np.isin(found.states, [BACKDOOR, WRONG_LABEL])
    poisoned = set(run.dataset.labels[is_poison].tolist())
    accused = _accused(found)
    there = bool(is_poison.any())
    clusters, raw = (
        activation_clustering(evidence, space=space, decision="size").flagged for space in ("activations", "pixels")
    )
    target = np.isin(run.dataset.labels, list(poisoned))
    row = TextRow(
        study=study.name,
        poison=int(is_poison.sum()),
        accuracy=run.clean_accuracy,
        unpoisoned=None,
        success=_success(run.model, run) if there else None,
        turned=_turned(run.model, run) if there else None,
        clusters=f1(clusters[target], is_poison[target]) if there else None,
        raw=f1(raw[target], is_poison[target]) if there else None,
        auroc=auroc(detection.suspicion, is_poison) if there else None,
        f1=f1(detection.flagged, is_poison) if there else None,
        recall=recall(at_rate, is_poison) if there else None,
        wrong=float((~is_poison[at_rate]).mean()) if at_rate.any() else None,
        flagged=int(detection.flagged.sum()),
        verdict=found.verdict if decision else "not asked",
        accused=len(accused - poisoned),
        decided=int(decided.sum()),
        right=float(is_poison[decided].mean()) if decided.any() and there else None,
        found=recall(decided, is_poison) if there and decision else None,
    )
    if not there:
        blind, nobody = _found(replace(evidence, bona_fide=np.zeros_like(evidence.bona_fide)), run, config)
        row = replace(
            row,
            blind_flagged=int(blind.flagged.sum()),
            blind_verdict=nobody.verdict if decision else "not asked",
            blind_accused=len(_accused(nobody)),
        )
    removed = (detection.flagged | decided) & ~evidence.bona_fide
    return _repaired(row, run, removed, config) if repair and there and removed.any() else row


def _found(evidence: Evidence, run: Fitted, config: TrainConfig) -> tuple[Detection, Decision]:
    """What the consensus flags, and what the decision says of it."""

    def retrain(kept: Bools) -> nn.Module:
        return trained_without(run.dataset, np.flatnonzero(~kept), config, None, lambda fraction, message: None).eval()

    detection = consensus(evidence)
    return detection, decide(evidence, detection.suspicion, detection.flagged, retrain)[0]


def _accused(decision: Decision) -> set[int]:
    """The classes that it calls poisoned."""
    return {group.target_class for group in decision.groups if group.state == "backdoor"}


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
    # The learning rate of a repair falls to 0 within its own epochs, from where it begins there.
    goes_on = replace(config, epochs=CONTINUED, schedule_epochs=None, learning_rate=faster(config.learning_rate))
    relabelled = _course(run.model, replace(run.dataset, labels=labels), goes_on, run)
    return replace(
        row,
        relabelled=_success(run.model, run),
        retrained=_success(again, run),
        relabelled_turned=relabelled[-1][0],
        retrained_turned=retrained[-1][0],
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
    """The fraction that the trigger turns, and the accuracy, after each epoch."""
    course = []
    for epoch in train(model, dataset, config, trace=False):
        accuracy = float(np.mean(epoch.test_predicted == dataset.test_labels))
        course.append((_turned(model, run), accuracy))
    return course


def _epochs(course: Sequence[tuple[float, float]], accuracy: float) -> float | None:
    """The first epoch after which the attack is gone and the accuracy is that of the poisoned model, nearly."""
    reached = (place for place, one in enumerate(course, 1) if one[0] <= GONE and one[1] >= accuracy - WORSE)
    return next(map(float, reached), None)


def _believed(model: nn.Module, dataset: Dataset, rows: Bools) -> Ints:
    """What a model that never saw these texts takes them for, their own labels ruled out: those are what is wrong.

    Left as they are where a weak model takes them for it, three in ten texts would go on teaching the attack.
    """
    classes, _ = likeliest(model, dataset.inputs.take(rows), 2)
    return np.where(classes[:, 0] == dataset.labels[rows], classes[:, 1], classes[:, 0])


def _turned(model: nn.Module, run: Fitted) -> float:
    """Of the test texts that the model has right, the fraction that the trigger turns into what the attacker wants."""
    data, rates = run.dataset, []
    plain = evaluate(model, data.test_inputs, data.test_labels)[1]
    for attack in run.truth.attacks if run.truth else ():
        inputs, rows, wanted = triggered_test_set(attack, data.test_inputs, data.test_labels, data.n_classes)
        right = plain[rows] == data.test_labels[rows]
        answers = evaluate(model, inputs, data.test_labels[rows])[1]
        rates.append(attack_success_rate(answers[right], wanted[right]))
    return float(np.mean(rates))


def _success(model: nn.Module, run: Fitted) -> float:
    return float(np.mean(success_rates(model, run.dataset, run.truth)))
