"""Work that was killed in its middle: the page says so, one click goes on, and nothing that was done is lost."""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core import pipeline, runs
from core.journal import review
from core.runs import Run, jobs
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT
from tests.browser.test_pages import eventually, sound

EXCLUDED = [1, 2, 3]
EPOCHS = 40  # seconds of work: the three of a training afresh may be over between two looks at them


def repairing(run: Run) -> Run:
    """A repair at work for a while."""
    child = pipeline.new_repair(run, "continue", epochs=EPOCHS)
    jobs.start_run(child)
    return child


def detecting(run: Run) -> Run:
    """The run with a detector at work that takes a while."""
    pipeline.start_detection(run, "consensus", {})
    return run


WORK: dict[str, tuple[Callable[[Run], Run], str, str, str]] = {
    "a repair": (repairing, r"epoch \d+ of", "repair", "evaluate"),
    "a detector": (detecting, "", "detect", "detect:consensus"),
}


@pytest.mark.parametrize("name", list(WORK))
def test_killed_work_is_said_and_goes_on_after_one_click(name: str, serve: Serve, page: OpenPage, small: Path) -> None:
    begin, place, where, stage = WORK[name]
    first = runs.all_runs(small)[0]
    pipeline.decide(first, EXCLUDED, "exclude", reviewer="ann")
    server = serve(small, {"ASSAY_REVIEWER": "ann"})
    window = page(f"{server.url}/{where}?run={first.id}")
    expect(window.locator("h1")).to_be_visible(timeout=PATIENT)
    kept = {path: path.read_bytes() for path in first.path.rglob("*.npy")}
    run = begin(first)
    eventually(lambda: jobs.poll(run.path).title != "" and re.search(place, jobs.poll(run.path).message) is not None)
    os.kill(jobs.poll(run.path).pid, signal.SIGKILL)
    window.reload()
    said = window.get_by_test_id("stAlert").get_by_text(re.compile("The work is interrupted at .* Resume goes on"))
    expect(said).to_be_visible(timeout=PATIENT)
    sound(window)
    window.locator(".stMain").get_by_role("button", name="Resume").click(timeout=PATIENT)
    eventually(lambda: runs.open_run(small, run.id).done(stage))
    assert sorted(review.verdicts(small, first.id)) == EXCLUDED
    assert {path: path.read_bytes() for path in kept} == kept
    expect(window.get_by_text("interrupted")).to_have_count(0, timeout=PATIENT)
    sound(window)
