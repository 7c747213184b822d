"""What drawing the pages of a very large run again and again costs the server: time, bytes sent, memory, open files."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer

from benchmarks.parts.hardware import hardware
from benchmarks.parts.visiting import ENVIRONMENT, held, visited
from core import pipeline, runs
from core.pipeline import Synthetic
from core.runs import Run
from tests.browser.server import served

PAGES = ("overview", "train", "clusters", "trajectories", "detect", "bona-fide", "review", "repair")
DETECTORS = ("badloss", "activation_clustering")
HEAD = """\
| page | first, processor ms | again: median | p95 | kB sent | server, MB | open files |
|---|---:|---:|---:|---:|---:|---:|"""


def reruns(
    samples: Annotated[int, typer.Option(help="Of the made-up run.")] = 1_000_000,
    features: Annotated[int, typer.Option(help="Of each sample.")] = 16,
    repeats: Annotated[int, typer.Option(help="Of every page, after the first time.")] = 20,
    workspace: Annotated[Path | None, typer.Option(help="Where one is, its newest run; else one is made up.")] = None,
) -> None:
    """How long every page of a run takes to be drawn again."""
    typer.echo(f"{hardware()}; {samples:,} samples; {repeats} of each; one session.\n")
    if workspace:
        typer.echo(reruns_table(runs.all_runs(workspace)[0], repeats))
        return
    with TemporaryDirectory() as folder:
        run = pipeline.synthesize(Path(folder), Synthetic(samples, features))
        for detector in DETECTORS:
            pipeline.detect(run, detector, {})
        typer.echo(reruns_table(runs.open_run(run.workspace, run.id), repeats))


def reruns_table(run: Run, repeats: int) -> str:
    """The table as Markdown: processor milliseconds of the server, and what it holds at the end of each page."""
    lines = [HEAD]
    with served(run.workspace, ENVIRONMENT) as server, visited(server) as visit:
        for page in PAGES:
            before = server.processor_seconds()
            visit.open(page)
            first = server.processor_seconds() - before
            times, sent = [], visit.received
            for _ in range(repeats):
                time.sleep(0.11)  # what was looked up is believed for a tenth of a second
                before = server.processor_seconds()
                visit.look()
                times.append(server.processor_seconds() - before)
            middle, late = np.quantile(times, (0.5, 0.95)) * 1e3
            files, megabytes = held(server)
            figures = f"{1e3 * first:,.0f} | {middle:.0f} | {late:.0f} | {(visit.received - sent) / repeats / 1e3:,.0f}"
            lines.append(f"| {page} | {figures} | {megabytes:,} | {files} |")
    return "\n".join(lines)
