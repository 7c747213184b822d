"""How long a person waits for the screen, and how often one clicks, from the start of a server to a repaired demo."""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.parts.hardware import hardware
from core import pipeline, runs, settings
from core.journal import review
from core.runs import Run
from tests.browser.install_browser import ADVICE, browser, find_chromium
from tests.browser.server import end_workers, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

PATIENT = 30_000  # ms
LONGEST = 900.0  # seconds that a demo, or its repair, may take
PAUSE = 600  # ms between two acts, so that none waits for the other
PAGES = ("Clusters", "Trajectories", "Detect", "Review", "Repair", "Overview")
COLOURS = ("class", "loss", "suspicion", "flag")
CORNERS = ((0.3, 0.35), (0.7, 0.35), (0.7, 0.8), (0.3, 0.8))  # of the lasso, as fractions of the map
HEAD = "| what | at most | median | worst | times |\n|---|---:|---:|---:|---:|"
QUIET = "document.querySelector('.stApp')?.getAttribute('data-test-script-state') === 'notRunning'"
FLAGGED = re.compile("flagged|suspected|confirmed")
# What a person presses is counted by the browser itself, over all pages of a window.
CLICKS = "Number(sessionStorage.clicks ?? 0)"
COUNTING = f"addEventListener('pointerdown', e => {{ if (e.isTrusted) sessionStorage.clicks = {CLICKS} + 1; }}, true);"


@dataclass(frozen=True)
class Bar:
    """One thing that a person waits for, or does.

    Attributes:
        title: in words.
        most: that it may take in the median.
        took: each time.
        unit: "s" or "clicks".
    """

    title: str
    most: float
    took: tuple[float, ...]
    unit: str = "s"

    def line(self) -> str:
        """Its line of the table; a median above the bar is marked."""
        digits = 2 if self.unit == "s" else 0
        middle = median(self.took)
        mark = " ✗" if middle > self.most else ""
        figures = f"{middle:.{digits}f}{mark} | {max(self.took):.{digits}f} | {len(self.took)}"
        return f"| {self.title} | {self.most:g} {self.unit} | {figures} |"


def screens(
    repeats: Annotated[int, typer.Option(help="Of each act on a finished run.")] = 10,
    workspace: Annotated[
        Path | None, typer.Option(help="With a finished run, which is decided on and repaired; else a demo, timed too.")
    ] = None,
) -> None:
    """Seconds from an act to a page at rest that shows what it asks for, beside the most that each may take."""
    if find_chromium() is None:
        raise typer.BadParameter(ADVICE)
    load = os.getloadavg()[0]
    typer.echo(f"{hardware()}; {os.cpu_count()} processors, load {load:.1f} when it began; Chromium of 1400×900\n")
    typer.echo(HEAD)
    with TemporaryDirectory() as folder, browser() as opened:
        context = window_of(opened)
        for bar in acts(context, workspace, repeats) if workspace else demo(context, Path(folder) / "demo", repeats):
            typer.echo(bar.line())
    typer.echo(f"\nLoad {os.getloadavg()[0]:.1f} when it ended. ✗: above the bar.")


def window_of(opened: "Browser") -> "BrowserContext":
    """A window's settings: its clicks are counted, and its state may be asked for at every frame.

    The pages forbid scripts that are made from text, and such are the questions at every frame. So these rules are off.
    """
    context = opened.new_context(viewport={"width": 1400, "height": 900}, bypass_csp=True)
    context.add_init_script(COUNTING)
    return context


def demo(context: "BrowserContext", workspace: Path, repeats: int) -> Iterator[Bar]:
    """From the start of a server on an empty folder to the demo's flags, then every act, then the repair."""
    workspace.mkdir()
    started = time.perf_counter()
    try:
        with served(workspace, {settings.REVIEWER: "somebody", settings.NO_DEMO: ""}) as server:
            window = context.new_page()
            window.goto(server.url, wait_until="domcontentloaded", timeout=PATIENT)
            window.get_by_test_id("stProgress").first.wait_for(timeout=PATIENT)
            yield Bar("first useful page after the start", 4, (time.perf_counter() - started,))
            window.locator("h2").get_by_text(FLAGGED).first.wait_for(timeout=1000 * LONGEST)
            yield Bar("the demo's flags on the first page, after the start", 45, (time.perf_counter() - started,))
            run = _waited(workspace, lambda run: run.parent is None and not run.left)
            window.close()
            yield from _acts(context, server.url, run, repeats)
            _waited(workspace, lambda run: run.parent is not None and run.done("evaluate"))
    finally:
        end_workers(workspace)


def acts(context: "BrowserContext", workspace: Path, repeats: int) -> Iterator[Bar]:
    """Every act on a finished run; samples of it are decided on, and a repair is begun.

    What was decided of it before is taken back: of a run that is repaired, nothing would be left to decide.
    """
    run = next(run for run in runs.all_runs(workspace) if run.parent is None)
    if decided := list(review.verdicts(workspace, run.id)):
        pipeline.decide(run, decided, "undecided", reviewer="somebody")
    try:
        with served(workspace, {settings.REVIEWER: "somebody", settings.NO_DEMO: "1"}) as server:
            yield from _acts(context, server.url, run, repeats)
    finally:
        end_workers(workspace)


def _acts(context: "BrowserContext", url: str, run: Run, repeats: int) -> Iterator[Bar]:
    window = context.new_page()
    window.goto(f"{url}/overview?run={run.id}", wait_until="domcontentloaded", timeout=PATIENT)
    _rests(window)
    for name in PAGES:  # what is computed on a first visit is not what a change takes
        _turned(window, name)
    yield Bar("another page", 0.5, tuple(_turned(window, PAGES[at % len(PAGES)]) for at in range(repeats)))
    for name in ("Report", "Clusters"):  # the page that was timed last may be Clusters itself
        _turned(window, name)
    window.locator(".stEChartsChart canvas").first.wait_for(timeout=PATIENT)
    picked = [_picked(window, "Colour by", name) for name in (*COLOURS, *(COLOURS * repeats)[:repeats])]
    yield Bar("another colour of the map", 0.4, tuple(picked[len(COLOURS) :]))
    yield Bar("another class on the map", 0.4, tuple(_picked(window, "Class", at + 1) for at in range(repeats)))
    _picked(window, "Class", 0)
    yield Bar("a lasso", 0.6, tuple(_lasso(window) for _ in range(repeats)))
    _turned(window, "Review")
    window.locator(".tile[role=option]").first.wait_for(timeout=PATIENT)
    yield Bar("a key to the next sample", 0.25, tuple(_next(window) for _ in range(repeats)))
    other = context.new_page()
    other.goto(f"{url}/review?run={run.id}", wait_until="domcontentloaded", timeout=PATIENT)
    other.locator(".tile[role=option]").first.wait_for(timeout=PATIENT)
    yield Bar("another window follows a decision", 2, tuple(_followed(window, other) for _ in range(repeats)))
    other.close()
    window.close()
    yield Bar("clicks from the first page to a repair that works", 3, (_repaired(context, url, run),), "clicks")


def _turned(window: "Page", name: str) -> float:
    """Seconds until another page stands and rests."""
    before = window.locator("h1").first.inner_text()
    link = window.get_by_test_id("stSidebarNav").get_by_role("link", name=re.compile(f"^{name}"))
    with _timed() as took:
        link.click(timeout=PATIENT)
        stands = "before => { const one = document.querySelector('h1'); return one && one.innerText !== before; }"
        window.wait_for_function(stands, arg=before, timeout=PATIENT)
        _rests(window)
    window.wait_for_timeout(PAUSE)
    return took[0]


def _picked(window: "Page", field: str, option: str | int) -> float:
    """Seconds from the click on an option of a list, by its name or place, until the address says so and all rests."""
    window.get_by_role("combobox", name=re.compile(f"^{field}")).click(timeout=PATIENT)
    options = window.get_by_role("option")
    options.first.wait_for(timeout=PATIENT)
    found: Locator = (
        options.filter(has_text=re.compile(f"^{option}$")).first
        if isinstance(option, str)
        else options.nth(option % options.count())
    )
    before = window.url
    with _timed() as took:
        found.click(timeout=PATIENT)
        window.wait_for_function("before => location.href !== before", arg=before, timeout=PATIENT)
        _rests(window)
    window.wait_for_timeout(PAUSE)
    return took[0]


def _lasso(window: "Page") -> float:
    """Seconds from the end of a lasso until the bar counts what is in it; then nothing is selected again."""
    area = window.locator(".stEChartsChart canvas").first.bounding_box()
    assert area is not None
    window.mouse.click(area["x"] + 14, area["y"] + 14)
    places = [(area["x"] + x * area["width"], area["y"] + y * area["height"]) for x, y in (*CORNERS, CORNERS[0])]
    window.mouse.move(*places[0])
    window.mouse.down()
    for place in places[1:]:
        window.mouse.move(*place, steps=8)
    words = "words => document.querySelector('.st-key-selection-words')?.innerText.match(words)"
    with _timed() as took:
        window.mouse.up()
        window.wait_for_function(words, arg="[1-9][0-9,]* selected", timeout=PATIENT)
    window.wait_for_timeout(PAUSE)
    window.keyboard.press("Escape")
    window.wait_for_function(words, arg="Nothing is selected", timeout=PATIENT)
    window.wait_for_timeout(PAUSE)
    return took[0]


def _next(window: "Page") -> float:
    """Seconds from the key until the bar names the next sample."""
    before = window.locator(".st-key-selection-bar strong").first.inner_text()
    changed = "before => document.querySelector('.st-key-selection-bar strong')?.innerText !== before"
    with _timed() as took:
        window.keyboard.press("n")
        window.wait_for_function(changed, arg=before, timeout=PATIENT)
    window.wait_for_timeout(PAUSE)
    return took[0]


def _followed(window: "Page", other: "Page") -> float:
    """Seconds from a key in one window until another one counts the decision."""
    counts = "[...document.querySelectorAll('strong')].map(e => e.innerText).find(s => s.includes('are decided'))"
    before = other.evaluate(counts)
    with _timed() as took:
        window.keyboard.press("k")
        other.wait_for_function(f"before => {counts} !== before", arg=before, timeout=PATIENT)
    window.wait_for_timeout(4 * PAUSE)
    return took[0]


def _repaired(context: "BrowserContext", url: str, run: Run) -> float:
    """How often one clicks from the first page of a finished run to a repair at work, as the browser counts it."""
    before = [other.id for other in runs.all_runs(run.workspace)]
    window = context.new_page()
    window.goto(url, wait_until="domcontentloaded", timeout=PATIENT)
    window.get_by_test_id("stSidebarNav").get_by_role("link", name=re.compile("^Repair")).click(timeout=PATIENT)
    window.get_by_role("button", name=re.compile("and retrain$")).first.click(timeout=PATIENT)
    window.get_by_role("dialog").get_by_role("button", name=re.compile("and retrain")).click(timeout=PATIENT)
    _waited(run.workspace, lambda other: other.parent == run.id and other.id not in before)
    counted = float(window.evaluate(CLICKS))
    window.close()
    return counted


def _waited(workspace: Path, ready: Callable[[Run], bool]) -> Run:
    """The first run that is ready."""
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        for run in runs.all_runs(workspace):
            if ready(run):
                return run
        time.sleep(0.5)
    raise TimeoutError("The demo did not get so far.")


def _rests(window: "Page") -> None:
    """Wait until no script runs for the page."""
    window.wait_for_function(QUIET, timeout=PATIENT)


@contextmanager
def _timed() -> Iterator[list[float]]:
    """One number: the seconds that the block took."""
    took: list[float] = []
    started = time.perf_counter()
    yield took
    took.append(time.perf_counter() - started)
