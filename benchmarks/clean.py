"""Unpoisoned data: how much of it the consensus flags although there is nothing to find."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.hardware import hardware
from benchmarks.studies import CLEAN, Study, traced_study
from core.detectors.consensus import consensus


def clean(
    *,
    data: Annotated[Path, typer.Option(help="A folder of npz files; see benchmarks/README.md.")],
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="May be repeated; default 0 to 4.")] = None,
    draws: Annotated[int, typer.Option(help="Draws of the bona fide samples for each training.")] = 4,
    only: Annotated[list[str] | None, typer.Option(help="Only these rows, by key; may be repeated.")] = None,
    cache: Annotated[Path | None, typer.Option(help="A folder to keep the trained models' traces in.")] = None,
) -> None:
    """The share of clean data that the consensus flags, on average and in its worst run."""
    chosen = [study for study in CLEAN if not only or study.key in only]
    typer.echo(clean_table(chosen, data, seeds or [0, 1, 2, 3, 4], draws, cache))


def clean_table(studies: Sequence[Study], data: Path, seeds: Sequence[int], draws: int, cache: Path | None) -> str:
    """The table as Markdown."""
    lines = [
        f"{hardware()}; training seeds {', '.join(map(str, seeds))}, {draws} draws of 250 bona fide samples each.",
        "",
        "| clean data | runs | runs without a flag | flagged, mean | flagged, worst run | estimated prevalence, mean |",
        "|---|---|---|---|---|---|",
    ]
    for study in studies:
        runs = [traced_study(study, data, cache, seed) for seed in seeds]
        found = [consensus(run.evidence(draw)) for run in runs for draw in range(draws)]
        flagged = [100 * float(one.flagged.mean()) for one in found]
        estimated = [100 * float(one.notes["prevalence"]) for one in found]
        lines.append(
            f"| {study.title} | {len(found)} | {sum(not value for value in flagged)} | {np.mean(flagged):.2f} % | "
            f"{max(flagged):.2f} % | {np.mean(estimated):.2f} % |"
        )
    return "\n".join(lines)
