"""The decision in every regime of the lab: what is confirmed, how much is found and how much of that is right."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import process_time
from typing import Annotated, Literal, get_args

import numpy as np
import typer
from torch import nn

from benchmarks.parts.cells import number, percent, table
from benchmarks.parts.data import draw_bona_fide
from benchmarks.parts.hardware import hardware
from benchmarks.parts.lab_regimes import LAB, Regime, held_back
from benchmarks.parts.studies import fitted_study
from benchmarks.parts.traced import Fitted, Traced, trace
from core.decision.decide import decide
from core.decision.states import BACKDOOR, WRONG_LABEL, Decision
from core.detectors.consensus.consensus import consensus
from core.stages.reclassify import trained_without
from core.training.config import TrainConfig
from core.types import Bools

Trust = Literal["250", "none", "5 poisoned", "250 easy"]
# Bona fide samples that are poison in the third of these.
POISONED = 5
# Attack success rate from which on a backdoor counts as learned, and has to be confirmed.
LEARNED = 0.5


@dataclass(frozen=True)
class Known:
    """A training whose poison is known; `kind` is "backdoor", "wrong labels", "availability" or "clean data"."""

    name: str
    kind: str
    fitted: Fitted
    traced: Traced
    config: TrainConfig


@dataclass(frozen=True)
class Row:
    """One decision on one training.

    Attributes:
        regime, kind, trust: which, what the truth is, and which bona fide samples there were.
        success: the mean attack success rate; None without a trigger.
        verdict: of the decision.
        right: confirmed classes that are targets; wrong: those that are not.
        flagged, correct, poison: samples that are called backdoor or wrong label, those of them that are, and all.
        called: of the correct ones, how many are called what they are.
        estimated: the mean attack success rate by recovered triggers; None without one.
        seconds: of the processor, without the second training.
    """

    regime: str
    kind: str
    trust: str
    success: float | None
    verdict: str
    right: int
    wrong: int
    flagged: int
    correct: int
    poison: int
    called: int
    estimated: float | None
    seconds: float


def decisions(
    *,
    data: Annotated[Path, typer.Option(help="A folder of npz files; see benchmarks/README.md.")],
    half: Annotated[str, typer.Option(help="`tuned`, `held-back` or `both`.")] = "both",
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="May be repeated; default 0.")] = None,
    trusts: Annotated[
        list[str] | None, typer.Option("--trust", help="250, none, 5 poisoned, 250 easy; default the first two.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only regimes with this in their name; may be repeated.")
    ] = None,
    cache: Annotated[Path | None, typer.Option(help="A file that keeps each row, to go on later.")] = None,
) -> None:
    """Verdict, precision, recall and estimated attack success of the decision, tuned and held-back regimes apart."""
    chosen = _of_half([regime for regime in LAB if not only or any(part in regime.name for part in only)], half)
    by_name = {regime.name: regime for regime in chosen}
    rows = list(
        measured(
            list(by_name),
            lambda name, seed: of_regime(by_name[name], data, seed),
            seeds or [0],
            trusts or ["250", "none"],
            cache,
        )
    )
    for title, held in (("### Tuned", False), ("### Held back", True)):
        part = [row for row in rows if held_back(row.regime) == held]
        if part:
            typer.echo(
                f"\n{title}\n\n{hardware()}; training seeds {seeds or [0]}\n\n" + "\n".join(decisions_table(part))
            )


def of_regime(regime: Regime, data: Path, seed: int) -> Known:
    """A training on a regime of the lab."""
    study = regime.study
    fitted = fitted_study(study, data, seed)
    config = TrainConfig(model=study.model, epochs=study.epochs, seed=seed)
    return Known(regime.name, regime.kind, fitted, trace(fitted), config)


def measured(
    names: Sequence[str],
    known: Callable[[str, int], Known],
    seeds: Sequence[int],
    trusts: Sequence[str],
    cache: Path | None,
) -> Iterator[Row]:
    """A row for each name, training seed and choice of bona fide samples; those in the cache are not made again."""
    kept: dict[str, dict[str, object]] = json.loads(cache.read_text()) if cache and cache.exists() else {}
    for name in names:
        for seed in seeds:
            keys = {trust: f"{name} {seed} {trust}" for trust in trusts}
            training = None if all(key in kept for key in keys.values()) else known(name, seed)
            for trust, key in keys.items():
                if key not in kept:
                    assert training is not None
                    kept[key] = asdict(_row(training, trust))
                    typer.echo(f"{key}: {kept[key]}", err=True)
                    if cache:
                        cache.write_text(json.dumps(kept, indent=1))
                yield Row(**kept[key])  # type: ignore[arg-type]


def decisions_table(rows: Sequence[Row]) -> list[str]:
    """The rows of each regime as Markdown, and below them how often a learned backdoor was confirmed."""
    lines = []
    for name, trust in dict.fromkeys((row.regime, row.trust) for row in rows):
        some = [row for row in rows if (row.regime, row.trust) == (name, trust)]
        verdicts = ", ".join(f"{row.verdict}" for row in some)
        lines.append(
            [
                name,
                trust,
                percent([row.success for row in some]),
                verdicts,
                number([row.wrong for row in some], 0),
                number([row.flagged for row in some], 0),
                percent([row.correct / row.flagged if row.flagged else None for row in some]),
                percent([row.correct / row.poison if row.poison else None for row in some]),
                percent([row.estimated for row in some]),
                number([row.seconds for row in some], 0),
            ]
        )
    head = ["regime", "bona fide", "ASR", "verdict", "clean classes accused", "flagged", "precision", "recall"]
    return [*table([*head, "estimated ASR", "s"], lines), "", *_summary(rows)]


def _summary(rows: Sequence[Row]) -> list[str]:
    said = []
    for trust in dict.fromkeys(row.trust for row in rows):
        some = [row for row in rows if row.trust == trust]
        learned = [row for row in some if row.kind == "backdoor" and (row.success or 0) >= LEARNED]
        confirmed = [row for row in learned if row.right]
        clean = [row for row in some if row.kind == "clean data"]
        said.append(
            f"Bona fide {trust}: of {len(learned)} runs with an attack success rate of {LEARNED:.0%} or more, "
            f"{len(confirmed)} confirmed in the right class; of {len(clean)} runs on clean data, "
            f"{sum(row.verdict == 'backdoor' for row in clean)} confirmed; clean classes accused in "
            f"{sum(row.wrong > 0 for row in some)} of all {len(some)} runs."
        )
    return said


def _of_half(regimes: Sequence[Regime], half: str) -> list[Regime]:
    if half == "both":
        return list(regimes)
    return [regime for regime in regimes if held_back(regime.name) == (half == "held-back")]


def _row(known: Known, trust: str) -> Row:
    if trust not in get_args(Trust):
        raise typer.BadParameter(f"{trust} is not one of {', '.join(get_args(Trust))}.")
    fitted, traced = known.fitted, known.traced
    evidence = replace(
        traced.evidence(),
        bona_fide=_bona_fide(traced, trust, known.config.seed),
        model=fitted.model.eval(),
        inputs=fitted.dataset.inputs,
    )
    started, trained = process_time(), [0.0]

    def retrain(kept: Bools) -> nn.Module:
        before = process_time()
        model = trained_without(fitted.dataset, np.flatnonzero(~kept), known.config, None, lambda part, message: None)
        trained[0] += process_time() - before
        return model.eval()

    detection = consensus(evidence)
    decision, _ = decide(evidence, detection.suspicion, detection.flagged, retrain)
    return scored(known, trust, decision, process_time() - started - trained[0])


def _bona_fide(traced: Traced, trust: str, draw: int) -> Bools:
    """(n,) which samples a person trusts: at random, some poison among them, or the easiest of the clean ones."""
    is_poison = traced.is_poison
    if trust == "none":
        return np.zeros(len(is_poison), np.bool_)
    chosen = draw_bona_fide(is_poison, draw)
    if trust == "250 easy":
        easiest = np.flatnonzero(~is_poison)[np.argsort(traced.losses[~is_poison].mean(1), kind="stable")]
        return np.isin(np.arange(len(is_poison)), easiest[: chosen.sum()])
    poison = np.flatnonzero(is_poison)
    if trust == "5 poisoned" and len(poison):
        rng = np.random.default_rng(draw)
        count = min(POISONED, len(poison))
        chosen[rng.choice(np.flatnonzero(chosen), count, replace=False)] = False
        chosen[rng.choice(poison, count, replace=False)] = True
    return chosen


def scored(known: Known, trust: str, decision: Decision, seconds: float) -> Row:
    """How good a decision is, by what was planted."""
    traced, is_poison = known.traced, known.traced.is_poison
    flagged = np.isin(decision.states, [BACKDOOR, WRONG_LABEL])
    meant = WRONG_LABEL if known.kind == "wrong labels" else BACKDOOR
    poisoned = set(traced.labels[is_poison].tolist()) if known.kind == "backdoor" else set()
    accused = {group.target_class for group in decision.groups if group.state == "backdoor"}
    rates = [group.flip_rate for group in decision.groups if group.state == "backdoor" and group.flip_rate is not None]
    return Row(
        regime=known.name,
        kind=known.kind,
        trust=trust,
        success=float(traced.success.mean()) if traced.success.size else None,
        verdict=decision.verdict,
        right=len(accused & poisoned),
        wrong=len(accused - poisoned),
        flagged=int(flagged.sum()),
        correct=int((flagged & is_poison).sum()),
        poison=int(is_poison.sum()),
        called=int((is_poison & (decision.states == meant)).sum()),
        estimated=float(np.mean(rates)) if rates else None,
        seconds=round(seconds, 1),
    )
