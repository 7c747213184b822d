"""What it costs to open a run, and to make from it the detectors' table and the table of samples."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from benchmarks.parts.hardware import hardware
from benchmarks.screen.review import made_up_run
from core.analysis.detector_table import detector_table
from core.analysis.opened_run import opened
from core.analysis.samples import suspicion_table
from core.data.store import SETTLED_SECONDS
from core.runs import Run

SHAPE = (32, 32, 3)
DETECTORS = ("consensus", "activation_clustering", "badloss")


def opening(
    samples: Annotated[int, typer.Option(help="How many samples the made-up run has.")] = 50_000,
    repeats: Annotated[int, typer.Option(help="Of everything but the first opening.")] = 7,
) -> None:
    """Processor milliseconds; only the first opening in a process reads through the images."""
    typer.echo(f"{hardware()}; {samples:,} samples of {'×'.join(map(str, SHAPE))}, {len(DETECTORS)} detectors\n")
    with TemporaryDirectory() as folder:
        run = made_up_run(Path(folder), samples, 0.02, SHAPE, DETECTORS)
        time.sleep(SETTLED_SECONDS)  # until then its files are hashed each time
        typer.echo(opening_table(run, repeats))


def opening_table(run: Run, repeats: int) -> str:
    """The table as Markdown: what is done, and its processor milliseconds, median and worst."""
    whole = opened(run)
    first = milliseconds(lambda: whole.data)
    steps: dict[str, Callable[[], object]] = {
        "opening, its data, once more": lambda: opened(run).data,
        "opening and the detectors' table": lambda: detector_table(opened(run)),
        "opening and the table of samples": lambda: suspicion_table(opened(run)),
        "the detectors' table of an opened run": lambda: detector_table(whole),
        "the table of samples of an opened run": lambda: suspicion_table(whole),
    }
    lines = ["| what | processor ms, median | worst |", "|---|---:|---:|"]
    lines.append(f"| opening, its data, for the first time | {first:.1f} | |")
    for name, step in steps.items():
        step()  # what is imported on use is imported now
        times = [milliseconds(step) for _ in range(repeats)]
        lines.append(f"| {name} | {median(times):.1f} | {max(times):.1f} |")
    return "\n".join(lines)


def milliseconds(step: Callable[[], object]) -> float:
    """Processor milliseconds of one call, all threads together."""
    before = time.process_time()
    step()
    return 1e3 * (time.process_time() - before)
