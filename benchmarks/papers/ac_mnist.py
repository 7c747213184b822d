"""Activation Clustering on MNIST as in its paper: ten pairs of classes, and raw pixels as the baseline."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.parts.answers import within_classes
from benchmarks.parts.hardware import hardware
from benchmarks.parts.judged import mean_percent
from benchmarks.parts.studies import AC, Study, traced_study
from benchmarks.parts.traced import Traced
from core.detectors.clustering.activation_clustering import activation_clustering

PAPER = {0.10: ("near 100 %", "58.6 % / 15.8 %"), 0.15: ("near 100 %", "–"), 0.33: ("near 100 %", "90.8 % / 86.4 %")}


def ac_mnist(
    *,
    data: Annotated[Path, typer.Option(help="A folder with mnist.npz; see benchmarks/README.md.")],
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="May be repeated; default 0, 1, 2.")] = None,
    cache: Annotated[Path | None, typer.Option(help="A folder to keep the trained models' traces in.")] = None,
) -> None:
    """Accuracy and F1 per class of Activation Clustering, on activations and on raw pixels, beside the paper's."""
    typer.echo(ac_table(AC, data, seeds or [0, 1, 2], cache))


def ac_table(studies: Sequence[Study], data: Path, seeds: Sequence[int], cache: Path | None) -> str:
    """The table as Markdown."""
    lines = [
        f"{hardware()}; seeds {', '.join(map(str, seeds))}; mean ± sd over seeds of the mean over the ten classes.",
        "",
        (
            "| poison | attack success rate | accuracy | F1 | lowest F1 of a class | as flagged by default: F1 "
            "| paper: accuracy and F1 | pixels: accuracy / F1 | paper: pixels |"
        ),
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for study in studies:
        runs = [traced_study(study, data, cache, seed) for seed in seeds]
        lines.append(_line(study, runs))
    return "\n".join(lines)


def _line(study: Study, runs: Sequence[Traced]) -> str:
    found = [class_scores(run, space="activations", decision="size") for run in runs]
    default = [class_scores(run, space="activations", decision="size_and_silhouette") for run in runs]
    pixels = [class_scores(run, space="pixels", decision="size") for run in runs]
    ratio = study.attacks[0].ratio
    cells = [
        mean_percent([float(np.mean(run.success)) for run in runs]),
        mean_percent([float(accuracy.mean()) for accuracy, _ in found]),
        mean_percent([float(f1.mean()) for _, f1 in found]),
        f"{100 * min(f1.min() for _, f1 in found):.1f} %",
        mean_percent([float(f1.mean()) for _, f1 in default]),
        PAPER[ratio][0],
        " / ".join(mean_percent([float(one[part].mean()) for one in pixels]) for part in (0, 1)),
        PAPER[ratio][1],
    ]
    return f"| {study.title} | {' | '.join(cells)} |"


def class_scores(run: Traced, *, space: str, decision: str) -> tuple[np.ndarray, np.ndarray]:
    """(k,) accuracy and (k,) F1 of what is flagged within each class, as the paper counts.

    Args:
        run: a poisoned training.
        space: "activations" or "pixels".
        decision: the rule; "size", the paper's, calls the smaller cluster poison below 35 %.
    """
    return within_classes(
        run,
        activation_clustering(run.evidence(), space=space, decision=decision).flagged,  # type: ignore[arg-type]
    )
