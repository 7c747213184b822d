"""What the detectors find of each attack by itself, with several draws of bona fide samples."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.attacks import rows_of
from benchmarks.parts.cells import number, percent, table
from benchmarks.parts.data import draw_bona_fide, part_of
from benchmarks.parts.hardware import hardware
from benchmarks.parts.judged import COMPARED, Judged, of, over_draws
from benchmarks.parts.trainings import training, workspace_in
from core.analysis.opened_run import opened
from core.data import store
from core.detectors import DETECTORS
from core.runs import Run
from core.stages.detect import gather_evidence
from core.training.config import TrainConfig
from core.types import Dataset, Evidence

BESIDE = ("activation_clustering", "badloss")
WHAT = ("precision", "recall", "flagged")


def alone(
    *,
    data: Annotated[Path, typer.Option(help="A folder with cifar10.npz; see benchmarks/README.md.")],
    size: Annotated[int, typer.Option(help="How many training images.")] = 20_000,
    epochs: int = 8,
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="May be repeated; default 0.")] = None,
    draws: Annotated[int, typer.Option(help="Draws of the bona fide samples for each training.")] = 4,
    only: Annotated[list[str] | None, typer.Option(help="Only these rows; may be repeated.")] = None,
    cache: Annotated[Path | None, typer.Option(help="A workspace to keep the runs in, as `attacks` has it.")] = None,
) -> None:
    """The consensus and both papers' detectors under each attack of `attacks`: all trainings are those."""
    config = TrainConfig(model="small_resnet", epochs=epochs)
    typer.echo(alone_table(part_of(data, "cifar10", size, 0), config, seeds or [0], draws, only=only, cache=cache))


def alone_table(
    dataset: Dataset,
    config: TrainConfig,
    seeds: Sequence[int],
    draws: int,
    *,
    only: Sequence[str] | None = None,
    cache: Path | None = None,
) -> str:
    """The table as Markdown; `only` some of its rows, by their first column."""
    rows = []
    with workspace_in(cache) as workspace:
        for title, specs in rows_of(dataset.n_classes, only).items():
            runs = [training(workspace, dataset, specs, replace(config, seed=seed)) for seed in seeds]
            found = [one for run in runs for one in _judged(run, draws)]
            cells = [percent(of(found, COMPARED, what)) for what in WHAT]
            aurocs = [number(of(found, name, "auroc")) for name in (COMPARED, *BESIDE)]
            rows.append([title, aurocs[0], *cells, *aurocs[1:]])
    titles = [f"{DETECTORS[name].title}, AUROC" for name in (COMPARED, *BESIDE)]
    about = f"{len(dataset):,} images, {config.model}, {config.epochs} epochs without augmentation"
    drawn = f"seeds {', '.join(map(str, seeds))}, {draws} draws of 250 bona fide samples each; mean ± sd"
    lines = table(["trained under", titles[0], *WHAT, *titles[1:]], rows)
    return "\n".join([f"{hardware()}; {about}; {drawn}.", "", *lines])


def _judged(run: Run, draws: int) -> list[Judged]:
    truth = store.load_truth(run.workspace, run.dataset)
    evidence = gather_evidence(opened(run))
    is_poison = np.zeros(len(evidence.labels), np.bool_) if truth is None else np.asarray(truth.attack_index) >= 0
    entries = [DETECTORS[name] for name in (COMPARED, *BESIDE)]

    def seen(draw: int) -> Evidence:
        return replace(evidence, bona_fide=draw_bona_fide(is_poison, draw))

    return list(over_draws(entries, is_poison, seen, draws))
