"""How long a scripted browser takes to decide on samples: one by one by key, and by family in one go."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.parts.hardware import hardware
from core import pipeline, runs, settings
from core.analysis import families
from core.runs import Run
from tests.browser.install_browser import ADVICE, browser, find_chromium
from tests.browser.server import served

if TYPE_CHECKING:
    from playwright.sync_api import Page

ENVIRONMENT = {settings.REVIEWER: "somebody", settings.NO_DEMO: "1"}
PATIENT = 60_000  # ms
BAR = ".st-key-selection-bar"


def deciding(
    count: Annotated[int, typer.Option(help="How many samples to decide on, each way.")] = 200,
    workspace: Annotated[Path | None, typer.Option(help="With a finished run, which is changed; else a demo.")] = None,
) -> None:
    """Seconds from the first key to the last verdict on the screen, each way waiting for every verdict to show."""
    typer.echo(f"{hardware()}; Chromium without a window, a person who never hesitates\n")
    with TemporaryDirectory() as folder:
        if workspace is None:
            pipeline.work(pipeline.new_demo(Path(folder)))
        typer.echo(deciding_table(workspace or Path(folder), count))


def deciding_table(workspace: Path, count: int) -> str:
    """The table as Markdown: the way, samples, decisions, seconds in all, median and worst per decision."""
    run = next(run for run in runs.all_runs(workspace) if run.parent is None)
    with served(workspace, ENVIRONMENT) as server, _window(f"{server.url}/review?run={run.id}") as w:
        ways = {"one by one, by key": _by_key(w, count), "by family, with a question": _by_family(w, run, count)}
    lines = [
        "| way | samples | decisions | seconds in all | per decision, median | worst |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, (samples, took) in ways.items():
        figures = " | ".join(f"{seconds:.2f}" for seconds in (sum(took), median(took), max(took)))
        lines.append(f"| {name} | {samples:,} | {len(took)} | {figures} |")
    return "\n".join(lines)


def _by_key(window: "Page", count: int) -> tuple[int, list[float]]:
    """How many samples were decided on, and the seconds of each decision."""
    took = []
    said = window.get_by_text(re.compile(r"^[\d,]+ of [\d,]+ .* are decided")).first.inner_text()
    before = int(said.split(" of ")[0].replace(",", ""))
    for number in range(before + 1, before + count + 1):
        started = time.perf_counter()
        window.keyboard.press("ek"[number % 2])
        _shows(window, number)
        took.append(time.perf_counter() - started)
    return count, took


def _by_family(window: "Page", run: Run, count: int) -> tuple[int, list[float]]:
    """The same by whole families, as many as it takes; what was decided one by one is decided again."""
    window.get_by_role("combobox", name="Verdict").click()
    window.get_by_role("option", name="All", exact=True).click()
    took, samples = [], 0
    for family in families.families(run):
        started = time.perf_counter()
        window.locator(f".st-key-choose-family-{family.id} button").click(timeout=PATIENT)
        button = window.locator(".st-key-exclude-family button")
        window.get_by_text(f"Family {family.id}:", exact=False).first.wait_for(timeout=PATIENT)
        members = int(button.inner_text(timeout=PATIENT).split()[-1].replace(",", ""))
        button.click()
        window.get_by_role("dialog").get_by_role("button", name=f"Exclude {members:,}").click(timeout=PATIENT)
        window.get_by_text(f"Excluded: {members:,} sample").first.wait_for(timeout=PATIENT)
        took.append(time.perf_counter() - started)
        samples += members
        if samples >= count:
            break
    return samples, took


def _shows(window: "Page", decided: int) -> None:
    """Wait until the page says that so many samples are decided."""
    words = f"^{decided:,} of .* are decided"
    found = "words => [...document.querySelectorAll('strong')].some(one => one.textContent.match(words))"
    window.wait_for_function(found, arg=words, timeout=PATIENT)


@contextmanager
def _window(address: str) -> Iterator["Page"]:
    """A browser's window on an address, once the review stands."""
    if find_chromium() is None:
        raise typer.BadParameter(ADVICE)
    with browser() as opened:
        # What is asked at every frame is a script made from text, which the pages forbid.
        window = opened.new_context(viewport={"width": 1400, "height": 900}, bypass_csp=True).new_page()
        window.goto(address, wait_until="domcontentloaded")
        window.locator(f"{BAR} button").first.wait_for(timeout=PATIENT)
        window.locator(".tile[role=option]").first.wait_for(timeout=PATIENT)
        yield window
