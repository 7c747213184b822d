"""Many sessions that draw every page again and again: what it costs the server in open files and memory."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from benchmarks.parts.hardware import hardware
from benchmarks.parts.visiting import ENVIRONMENT, held, visited
from benchmarks.screen.review import made_up_run
from tests.browser.server import Server, served

PAGES = ("data", "train", "clusters", "trajectories", "detect", "bona-fide", "review", "repair", "report", "attack-lab")
LOADS_OF_A_SESSION = 10  # then it is closed and another one opened


def sessions(
    together: Annotated[int, typer.Option(help="How many sessions at the same time.")] = 5,
    loads: Annotated[int, typer.Option(help="Pages that they draw, all together.")] = 500,
    samples: Annotated[int, typer.Option(help="How many the made-up run has.")] = 2000,
) -> None:
    """Open files and memory of the server before, during and after many pages."""
    typer.echo(f"{hardware()}; {samples:,} samples, {together} sessions, {loads} pages.\n")
    with TemporaryDirectory() as folder:
        typer.echo(sessions_table(made_up_run(Path(folder), samples, 0.02).workspace, together, loads))


def sessions_table(workspace: Path, together: int, loads: int) -> str:
    """The table as Markdown: how long a page takes, and what the server holds."""
    with served(workspace, ENVIRONMENT) as server:
        draw(server, together, LOADS_OF_A_SESSION * len(PAGES))  # what is kept by intention is kept now
        rows, times = {"before": held(server)}, draw(server, together, loads)
        rows["at the end"] = held(server)
        time.sleep(5)
        rows["5 s later"] = held(server)
    lines = [f"A page takes {median(times):.2f} s, at worst {max(times):.2f} s.\n", "| when | open files | MB |"]
    lines.append("|---|---:|---:|")
    return "\n".join([*lines, *(f"| {when} | {files} | {megabytes:,} |" for when, (files, megabytes) in rows.items())])


def draw(server: Server, sessions: int, loads: int) -> list[float]:
    """The seconds of each page; the sessions draw at the same time, and none may see an error."""
    visits = max(1, loads // LOADS_OF_A_SESSION)
    with ThreadPoolExecutor(sessions) as pool:
        found = pool.map(lambda index: _visit(server, index, loads // visits), range(visits))
        return [one for times in found for one in times]


def _visit(server: Server, index: int, loads: int) -> list[float]:
    found = []
    with visited(server) as visit:
        for count in range(loads):
            started = time.monotonic()
            visit.open(PAGES[(index + count) % len(PAGES)])
            found.append(time.monotonic() - started)
    return found
