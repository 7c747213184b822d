"""Every attack regime that the consensus is meant for: it and every single detector, over trainings and draws."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer

from benchmarks.parts.hardware import hardware
from benchmarks.parts.judged import COMPARED, Judged, detectors, judged, mean_percent, of, worst_and_mean
from benchmarks.parts.lab_regimes import LAB, held_back
from benchmarks.parts.studies import REGIMES, Study, traced_study
from benchmarks.parts.traced import Traced

DRAWS = 4
Half = Literal["tuned", "held-back", "both"]
Rows = Mapping[str, tuple[Sequence[Traced], Sequence[Judged]]]


def regimes(
    *,
    data: Annotated[Path, typer.Option(help="A folder of npz files; see benchmarks/README.md.")],
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="May be repeated; default 0, 1, 2.")] = None,
    draws: Annotated[int, typer.Option(help="Draws of the bona fide samples for each training.")] = DRAWS,
    only: Annotated[list[str] | None, typer.Option(help="Only these rows, by key; may be repeated.")] = None,
    cache: Annotated[Path | None, typer.Option(help="A folder to keep the trained models' traces in.")] = None,
    lab: Annotated[Half | None, typer.Option(help="The lab's regimes instead; `tuned` while rules are chosen.")] = None,
) -> None:
    """AUROC, precision and recall of the consensus, and AUROC of every single detector, in each regime."""
    for title, studies in halves(lab).items():
        chosen = [study for study in studies if not only or study.key in only]
        if chosen:
            typer.echo(f"{title}\n" * bool(title) + regimes_table(chosen, data, seeds or [0, 1, 2], draws, cache))


def halves(lab: Half | None) -> dict[str, Sequence[Study]]:
    """The studies of each table under its title: those of the papers, or the lab's, both halves apart."""
    if lab is None:
        return {"": REGIMES}
    parts = {"tuned": "### Tuned", "held-back": "### Held back"}
    return {
        title: [regime.study for regime in LAB if held_back(regime.name) == (half == "held-back")]
        for half, title in parts.items()
        if lab in (half, "both")
    }


def regimes_table(studies: Sequence[Study], data: Path, seeds: Sequence[int], draws: int, cache: Path | None) -> str:
    """Two tables as Markdown: the consensus in each regime, and every detector's AUROC."""
    rows: dict[str, tuple[list[Traced], list[Judged]]] = {}
    for study in studies:
        runs = [traced_study(study, data, cache, seed) for seed in seeds]
        rows[study.title] = runs, list(judged(runs, draws))
    about = f"{hardware()}; training seeds {', '.join(map(str, seeds))}, {draws} draws of 250 bona fide samples each"
    return "\n".join([f"{about}; mean ± sd.", "", *_consensus_table(rows), "", *_auroc_table(rows)])


def _consensus_table(rows: Rows) -> list[str]:
    lines = [
        "| regime | attack success rate | consensus AUROC, worst / mean | precision | recall | flagged |",
        "|---|---|---|---|---|---|",
    ]
    for title, (runs, answers) in rows.items():
        success = mean_percent([float(np.mean(run.success)) for run in runs if len(run.success)])
        cells = [mean_percent(of(answers, COMPARED, what)) for what in ("precision", "recall", "flagged")]
        lines.append(
            f"| {title} | {success} | {worst_and_mean(of(answers, COMPARED, 'auroc'))} | {' | '.join(cells)} |"
        )
    every = [answer for _, answers in rows.values() for answer in answers]
    precision = of(every, COMPARED, "precision")
    lines.append(f"| **all** | | **{worst_and_mean(of(every, COMPARED, 'auroc'))}** | {mean_percent(precision)} | | |")
    return lines


def _auroc_table(rows: Rows) -> list[str]:
    names = [entry.name for entry in detectors()]
    titles = [entry.title for entry in detectors()]
    lines = [f"| mean AUROC | {' | '.join(titles)} |", f"|---|{'---|' * len(names)}"]
    for title, (_, answers) in rows.items():
        cells = [_mean(of(answers, name, "auroc")) for name in names]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    every = [answer for _, answers in rows.values() for answer in answers]
    worst = [f"{min(of(every, name, 'auroc'), default=float('nan')):.3f}" for name in names]
    return [*lines, f"| **worst single run** | {' | '.join(worst)} |"]


def _mean(values: Sequence[float]) -> str:
    return f"{np.mean(values):.3f}" if values else "–"
