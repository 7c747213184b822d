"""The decision on sets whose triggers share no code with the lab's attacks."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.decisions import Known, decisions_table, measured
from benchmarks.foreign.sets import FOREIGN, foreign_set
from benchmarks.parts.hardware import hardware
from benchmarks.parts.traced import fitted, trace
from core.evaluation.metrics import attack_success_rate
from core.modalities.image.inputs import ImageInputs
from core.training.config import TrainConfig
from core.training.evaluating import evaluate


def foreign(
    *,
    data: Annotated[Path, typer.Option(help="A folder of npz files; see benchmarks/README.md.")],
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="May be repeated; default 0.")] = None,
    trusts: Annotated[
        list[str] | None, typer.Option("--trust", help="250, none, 5 poisoned, 250 easy; default the first two.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only these sets, by their whole name; any there can be.")
    ] = None,
    epochs: Annotated[int, typer.Option(help="Of the training, without augmentation; the lab has 16.")] = 12,
    most: Annotated[int | None, typer.Option(help="Training images at most; default as many as a set has.")] = None,
    cache: Annotated[Path | None, typer.Option(help="A file that keeps each row, to go on later.")] = None,
) -> None:
    """Verdict, precision, recall and estimated attack success on sets that a stranger might bring."""
    names, seeds = only or FOREIGN, seeds or [0]
    rows = list(
        measured(
            names, lambda name, seed: known(name, data, seed, epochs, most), seeds, trusts or ["250", "none"], cache
        )
    )
    typer.echo(f"{hardware()}; training seeds {seeds}, {epochs} epochs\n\n" + "\n".join(decisions_table(rows)))


def known(name: str, data: Path, seed: int, epochs: int = 12, most: int | None = None) -> Known:
    """A training on one of these sets, of at most so many images."""
    made = foreign_set(name, data, seed, most)
    config = TrainConfig(model="convnet", epochs=epochs, seed=seed)
    run = fitted(made.dataset, (), config)
    rates = [
        attack_success_rate(evaluate(run.model, ImageInputs(images), wanted)[1], wanted)
        for images, wanted in made.tried
    ]
    traced = replace(trace(run), attack_index=np.where(made.is_poison, 0, -1), success=np.array(rates, np.float32))
    return Known(name, made.kind, run, traced, config)
