"""How long seven attacks at once take to plant, and how much memory beside the data."""

import time
import tracemalloc
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.parts.data import part_of
from benchmarks.parts.hardware import hardware
from core.attacks.plant import plant
from core.attacks.presets import preset
from core.attacks.specification import Specification
from core.types import Dataset

PRESET = "badloss-cifar10"


def planting(
    data: Annotated[Path, typer.Option(help="A folder with cifar10.npz; see benchmarks/README.md.")],
    size: Annotated[int, typer.Option(help="How many training images.")] = 50_000,
) -> None:
    """Seconds and peak memory of planting `badloss-cifar10`, its optimised noise given."""
    typer.echo(planting_table(part_of(data, "cifar10", size, 0)))


def planting_table(dataset: Dataset) -> str:
    """The table as Markdown. Time and memory are measured in runs of their own: watching memory takes time."""
    asked = Specification(preset(PRESET, dataset.n_classes))
    noise = (np.random.default_rng(0).random(dataset.shape, np.float32) - 0.5) * 32 / 255
    started = time.perf_counter()
    truth = plant(dataset, asked, patterns={"narcissus": noise})[1]
    seconds = time.perf_counter() - started
    tracemalloc.start()
    plant(dataset, asked, patterns={"narcissus": noise})
    beside = tracemalloc.get_traced_memory()[1] / dataset.inputs.nbytes
    tracemalloc.stop()
    return "\n".join(
        [
            f"{hardware()}; {len(dataset):,} images, {PRESET}, {int(truth.is_poison.sum()):,} of them poisoned.",
            "",
            "| seconds | copies of the data, the given one included |",
            "|---|---|",
            f"| {seconds:.1f} | {1 + beside:.2f} |",
        ]
    )
