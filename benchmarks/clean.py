"""Unpoisoned data: what the consensus flags and which classes Activation Clustering suspects, with nothing to find."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer

from benchmarks.parts.cells import percent, table
from benchmarks.parts.hardware import hardware
from benchmarks.parts.studies import CLEAN, Study, traced_study
from benchmarks.parts.traced import Traced
from core.detectors.clustering.activation_clustering import activation_clustering
from core.detectors.consensus.consensus import consensus

Decision = Literal["size_and_silhouette", "size"]
DECISIONS: tuple[Decision, ...] = ("size_and_silhouette", "size")


def clean(
    *,
    data: Annotated[Path, typer.Option(help="A folder of npz files; see benchmarks/README.md.")],
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="May be repeated; default 0 to 4.")] = None,
    draws: Annotated[int, typer.Option(help="Draws of the bona fide samples for each training.")] = 4,
    only: Annotated[list[str] | None, typer.Option(help="Only these rows, by key; may be repeated.")] = None,
    cache: Annotated[Path | None, typer.Option(help="A folder to keep the trained models' traces in.")] = None,
) -> None:
    """The fraction of clean data that the consensus flags, and of clean classes that Activation Clustering suspects."""
    chosen = [study for study in CLEAN if not only or study.key in only]
    typer.echo(clean_table(chosen, data, seeds or [0, 1, 2, 3, 4], draws, cache))


def clean_table(studies: Sequence[Study], data: Path, seeds: Sequence[int], draws: int, cache: Path | None) -> str:
    """The table as Markdown."""
    head = [
        "clean data",
        "runs",
        "runs without a flag",
        "flagged, mean",
        "flagged, worst run",
        "estimated prevalence, mean",
    ]
    head += ["classes suspected by Activation Clustering", "by size alone"]
    rows = []
    for study in studies:
        runs = [traced_study(study, data, cache, seed) for seed in seeds]
        found = [consensus(run.evidence(draw)) for run in runs for draw in range(draws)]
        flagged = [100 * float(one.flagged.mean()) for one in found]
        estimated = [100 * float(one.notes.prevalence or 0.0) for one in found]
        fractions = [f"{value:.2f} %" for value in (np.mean(flagged), max(flagged), np.mean(estimated))]
        by_clusters = [percent(suspected(runs, decision)) for decision in DECISIONS]
        rows.append([study.title, str(len(found)), str(sum(not value for value in flagged)), *fractions, *by_clusters])
    about = f"training seeds {', '.join(map(str, seeds))}, {draws} draws of 250 bona fide samples each"
    return "\n".join([f"{hardware()}; {about}.", "", *table(head, rows)])


def suspected(runs: Sequence[Traced], decision: Decision) -> list[float]:
    """For each run the fraction of its classes that Activation Clustering calls poisoned by a decision."""
    found = [activation_clustering(run.evidence(), decision=decision).classes.values() for run in runs]
    return [float(np.mean([bool(finding.poisoned) for finding in findings])) for findings in found]
