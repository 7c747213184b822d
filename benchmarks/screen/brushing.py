"""A map of very many samples in a browser: how long until it is drawn, and until a lasso is answered."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import numpy as np
import psutil
import typer

from benchmarks.parts.hardware import hardware
from benchmarks.parts.visiting import ENVIRONMENT
from core import pipeline, runs
from core.pipeline import Synthetic
from tests.browser.install_browser import browser
from tests.browser.server import Server, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PATIENT = 120_000  # ms
PAGE = "trajectories"
# Of the lasso, as fractions of the map's width and height.
CORNERS = ((0.3, 0.3), (0.7, 0.3), (0.75, 0.5), (0.7, 0.7), (0.3, 0.7))
MOVES = 12  # of the mouse, from one corner to the next
HEAD = """\
| what | seconds | processor s of the browser | of the server | worst again, seconds |
|---|---:|---:|---:|---:|"""


@dataclass(frozen=True)
class Took:
    """Seconds by the clock, and processor seconds of the browser and of the server."""

    wall: float
    browser: float
    server: float


def brushing(
    samples: Annotated[int, typer.Option(help="Of the made-up run.")] = 1_000_000,
    repeats: Annotated[int, typer.Option(help="Of each; the median is told.")] = 3,
    sessions: Annotated[int, typer.Option(help="At once, for the memory of the server.")] = 4,
    workspace: Annotated[Path | None, typer.Option(help="Where one is, its newest run; else one is made up.")] = None,
) -> None:
    """Seconds until a map is drawn in a browser and a lasso is answered, and the server's memory with some sessions."""
    typer.echo(f"{hardware()}; {samples:,} samples; Chromium without a window; {repeats} of each.\n")
    with TemporaryDirectory() as folder:
        if workspace is None:
            run = pipeline.synthesize(Path(folder), Synthetic(samples, 4))
            pipeline.detect(run, "badloss", {})
        typer.echo(brushing_table(workspace or Path(folder), repeats))
        typer.echo(f"\n{memory_line(workspace or Path(folder), sessions)}")


def brushing_table(workspace: Path, repeats: int) -> str:
    """The table as Markdown; each first paint is in a window that has fetched nothing before."""
    run = runs.all_runs(workspace)[0]
    found: dict[str, list[Took]] = {}
    with served(workspace, ENVIRONMENT) as server, browser() as opened:
        for _ in range(repeats):
            window = _window(opened)
            for what, act in _acts(window, f"{server.url}/{PAGE}?run={run.id}"):
                found.setdefault(what, []).append(_took(act, server))
            window.context.close()
    lines = [HEAD]
    for what, times in found.items():
        middle = [np.median([getattr(each, name) for each in times]) for name in ("wall", "browser", "server")]
        figures = " | ".join(f"{one:.2f}" for one in (*middle, max(each.wall for each in times)))
        lines.append(f"| {what} | {figures} |")
    return "\n".join(lines)


def memory_line(workspace: Path, sessions: int) -> str:
    """How much memory a server takes while so many sessions have the map open, with a lasso answered in each."""
    run = runs.all_runs(workspace)[0]
    with served(workspace, ENVIRONMENT) as server, browser() as opened:
        assert server.process is not None
        process = psutil.Process(server.process.pid)
        megabytes = [process.memory_info().rss / 1e6]
        for _ in range(sessions):
            for _, act in _acts(_window(opened), f"{server.url}/{PAGE}?run={run.id}"):
                act()
            megabytes.append(process.memory_info().rss / 1e6)
    first, last = megabytes[1], megabytes[-1]
    return f"The server: {megabytes[0]:,.0f} MB before, {first:,.0f} with one session, {last:,.0f} with {sessions}."


def _window(opened: "Browser") -> "Page":
    """A new window, which has fetched nothing before."""
    return opened.new_context(viewport={"width": 1400, "height": 900}).new_page()


def _acts(window: "Page", address: str) -> Iterator[tuple[str, Callable[[], None]]]:
    """What is done one after the other, each with its name."""
    words = window.locator(".crowd .words")

    def opened() -> None:
        window.goto(address, wait_until="domcontentloaded")
        words.get_by_text(re.compile(r"^[\d,]+ of [\d,]+ drawn")).wait_for(timeout=PATIENT)

    yield "until the map is drawn", opened
    window.wait_for_timeout(1000)
    window.locator(".crowd").get_by_role("button", name="Lasso").click()
    box = window.locator(".crowd .stage").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (*CORNERS, CORNERS[0])]

    def dragged() -> None:
        window.mouse.move(*places[0])
        window.mouse.down()
        for place in places[1:]:
            window.mouse.move(*place, steps=MOVES)

    def answered() -> None:
        window.mouse.up()
        words.get_by_text("selected").wait_for(timeout=PATIENT)
        window.locator(".st-key-selection-words").get_by_text(re.compile(r"[\d,]+ selected")).wait_for(timeout=PATIENT)

    yield f"dragging a lasso, {MOVES * len(CORNERS)} moves", dragged
    yield "until the lasso is answered", answered


def _took(act: Callable[[], None], server: Server) -> Took:
    assert server.process is not None
    before = _of_browser(server.process.pid), server.processor_seconds(), time.perf_counter()
    act()
    wall = time.perf_counter() - before[2]
    return Took(wall, _of_browser(server.process.pid) - before[0], server.processor_seconds() - before[1])


def _of_browser(server: int) -> float:
    """Processor seconds of all that this process has started, but for the server."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if process.pid != server:
                used = process.cpu_times()
                total += used.user + used.system
    return total
