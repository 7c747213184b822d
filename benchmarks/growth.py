"""How time and memory grow with a run: its detectors and all maps, each in a process of its own."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from benchmarks.importing import watched
from benchmarks.parts.hardware import hardware
from core import pipeline, runs
from core.detectors import DETECTORS
from core.pipeline.training import PLANNED_DETECTORS

SIZES = (10_000, 100_000, 1_000_000)
# What is planned for a run anew, and then done by `resume`.
PLANNED = {"maps by principal components": "maps:pca", "maps by ICA": "maps:ica", "maps by UMAP": "maps:umap"}
HEAD = "| what | samples | processor s | peak memory, MB | growth, of n log n |\n|---|---:|---:|---:|---:|"


@dataclass(frozen=True)
class Step:
    """What one command took: processor seconds, and bytes at its peak."""

    title: str
    n: int
    processor: float
    memory: int


def growth(
    size: Annotated[list[int] | None, typer.Option(help="Samples; give it several times, ascending.")] = None,
    features: Annotated[int, typer.Option(help="Of each sample.")] = 512,
    only: Annotated[list[str] | None, typer.Option(help="A detector or umap, ica, pca; give it several times.")] = None,
) -> None:
    """The default detectors and all maps on made-up runs of growing size: processor seconds and peak memory."""
    typer.echo(f"{hardware()}; {features} features, 100 classes, 30 epochs, grey images of 8 px.\n")
    typer.echo(HEAD)
    for line in growth_lines(steps(size or SIZES, features, only or ())):
        typer.echo(line)


def growth_lines(found: Iterable[Step]) -> Iterator[str]:
    """A line for each step, as it ends; growth compares with the size before, and 1 is as n log n."""
    before: dict[str, Step] = {}
    for step in found:
        grown, less = "", before.get(step.title)
        if less:
            grown = f"{step.processor / less.processor / (step.n * log(step.n) / (less.n * log(less.n))):.2f}"
        before[step.title] = step
        yield f"| {step.title} | {step.n:,} | {step.processor:.1f} | {step.memory / 2**20:,.0f} | {grown} |"


def steps(sizes: Sequence[int], features: int, only: Sequence[str] = ()) -> Iterator[Step]:
    """Every step on each size, as it ends."""
    for n in sizes:
        with TemporaryDirectory() as folder:
            for title, arguments in _commands(Path(folder), n, features, only):
                yield Step(title, n, *watched([*arguments, "--workspace", folder])[1:])


def _commands(workspace: Path, n: int, features: int, only: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """The title and the arguments of each command, in their order."""
    yield "a made-up run", ["synthesize", "--n", str(n), "--features", str(features)]
    for name in PLANNED_DETECTORS:
        if not only or name in only:
            yield DETECTORS[name].title, ["detect", "latest", name]
    run = runs.update(runs.all_runs(workspace)[0], plan=())
    for title, stage in PLANNED.items():
        if not only or stage.removeprefix("maps:") in only:
            pipeline.repeat(run, [stage])
            yield title, ["resume", "latest"]
