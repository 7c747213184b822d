"""Two thousand reruns of the pages by one visitor: do the server's memory and open files grow?"""

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from benchmarks.parts.hardware import hardware
from benchmarks.parts.visiting import ENVIRONMENT, held, visited
from benchmarks.screen.review import made_up_run
from tests.browser.server import Server, served

PAGES = ("data", "train", "clusters", "trajectories", "detect", "bona-fide", "review", "repair", "report", "attack-lab")
LOOKS = 5  # at a page, before the next one is opened
STOPS = 5  # at which the server is looked at, the beginning and the end among them
WARM = 3  # rounds through all pages, until all that is kept by intention is kept
HEAD = "| reruns | open files | MB | memory, of the first |\n|---:|---:|---:|---:|"


def lasting(
    times: Annotated[int, typer.Option(help="Reruns that are counted.")] = 2000,
    samples: Annotated[int, typer.Option(help="How many the made-up run has.")] = 2000,
) -> None:
    """Open files and memory of the server over many reruns of its pages in one session."""
    typer.echo(f"{hardware()}; {samples:,} samples, one session, every page in turn, {LOOKS} reruns of each.\n")
    typer.echo(HEAD)
    with TemporaryDirectory() as folder:
        for line in lasting_lines(made_up_run(Path(folder), samples, 0.02).workspace, times):
            typer.echo(line)


def lasting_lines(workspace: Path, times: int, looks: int = LOOKS, rounds: int = WARM) -> Iterator[str]:
    """A line for each of five moments; the first is after some rounds through all pages, with so many looks at each."""
    with served(workspace, ENVIRONMENT) as server:
        found = list(_holdings(server, times, looks, rounds))
    for count, files, megabytes in found:
        yield f"| {count:,} | {files} | {megabytes} | {megabytes / found[0][2]:.3f} |"


def _holdings(server: Server, times: int, looks: int, rounds: int) -> Iterator[tuple[int, int, int]]:
    """The reruns so far, the files that are open then, and the MB."""
    with visited(server) as visit:

        def drawn(pages: Iterator[str], count: int) -> None:
            for index in range(count):
                if index % looks:
                    visit.look()
                else:
                    visit.open(next(pages))

        pages = cycle(PAGES)
        drawn(pages, rounds * len(PAGES) * looks)
        for stop in range(STOPS):
            if stop:
                drawn(pages, times // (STOPS - 1))
            yield stop * (times // (STOPS - 1)), *held(server)
