"""The Detect page: a stricter rule is kept and followed, another detector runs in a worker."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from core import pipeline, runs
from core.analysis import opened_run
from core.data import store
from core.detectors import DETECTORS
from core.runs import jobs
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT, TRAINING, goto
from tests.browser.test_pages import eventually, sound
from tests.pages.decided import decided, made_decision

HEADER, ROW = 35, 26


def above(part: Locator) -> float:
    """How far a part of the page lies below the upper edge of the window; where it is not seen, as far as can be."""
    return (part.bounding_box() or {"y": np.inf})["y"]


def choose(page: Page, row: int) -> None:
    """Click the mark of a row of the table of detectors, counted from 0."""
    table = page.locator("[data-testid=stDataFrame]").first
    table.click(position={"x": 16, "y": HEADER + ROW * row + ROW / 2})


def test_a_chosen_rule_is_kept_and_repair_follows(serve: Serve, page: OpenPage, small: Path) -> None:
    server = serve(small)
    run = runs.all_runs(small)[0]
    first = next(iter(runs.detections(run)))
    opened = page(f"{server.url}/detect?run={run.id}", width=1000, height=700)
    opened.get_by_role("radio", name="Number", exact=True).click(timeout=PATIENT)
    field = opened.get_by_role("spinbutton", name="Number of samples")
    expect(field).to_be_visible(timeout=PATIENT)
    field.fill("17")
    field.press("Enter")
    expect(opened.get_by_text("17 of 1,000 samples are flagged").first).to_be_visible(timeout=PATIENT)
    eventually(lambda: runs.rules(run) == {first: {"kind": "budget", "value": 17}})
    sound(opened)
    goto(opened, "Repair")
    expect(opened.get_by_text("17, the 17 most suspicious")).to_be_visible(timeout=PATIENT)
    assert opened_run.opened(run).detections[first].flagged.sum() == 17


def test_another_detector_runs_in_a_worker(serve: Serve, page: OpenPage, small: Path) -> None:
    server = serve(small)
    run = runs.all_runs(small)[0]
    ran = set(runs.detections(run))
    opened = page(f"{server.url}/detect?run={run.id}")
    expect(opened.get_by_text("detectors have run")).to_be_visible(timeout=PATIENT)
    choose(opened, len(ran))  # the first that has not run
    opened.get_by_role("button", name="Run", exact=True).click(timeout=PATIENT)
    expect(opened.get_by_role("button", name="Run again")).to_be_visible(timeout=TRAINING)
    [new] = set(runs.detections(run)) - ran
    assert runs.detections(run)[new].p_values is not None
    assert runs.open_run(small, run.id).done(f"detect:{new}")
    expect(opened.get_by_text("Against the planted poison")).to_be_visible(timeout=PATIENT)
    # What is finished elsewhere, or while a page is being drawn, is seen without a click.
    eventually(lambda: not jobs.poll(run.path).active)
    pipeline.detect(run, "abl_isolation", {})
    expect(opened.get_by_text(f"{len(ran) + 2} of {len(DETECTORS)} detectors have run")).to_be_visible(timeout=PATIENT)
    sound(opened)


def test_the_border_is_dragged_and_stepped_with_the_samples_on_both_sides_in_view(
    serve: Serve, page: OpenPage, small: Path
) -> None:
    server = serve(small)
    run = runs.all_runs(small)[0]
    first = next(iter(runs.detections(run)))
    opened = page(f"{server.url}/detect?run={run.id}", width=1400, height=900)
    expect(opened.get_by_text("Flagged, nearest first", exact=True)).to_be_visible(timeout=2 * PATIENT)
    plot = opened.locator(".histogram.line .plot")
    plot.hover()  # once it stands still
    box = plot.bounding_box()
    assert box
    height = box["y"] + box["height"] / 2
    opened.mouse.move(box["x"] + 0.5 * box["width"], height)
    opened.mouse.down()
    opened.mouse.move(box["x"] + 0.8 * box["width"], height, steps=5)
    opened.mouse.up()
    eventually(lambda: runs.rules(run).get(first, {}).get("kind") == "threshold")
    expect(opened.get_by_text("flagged from")).to_be_visible(timeout=PATIENT)
    expect(opened.get_by_role("spinbutton", name="Suspicion from")).to_be_visible(timeout=PATIENT)
    eventually(lambda: abs(above(plot) - box["y"]) <= 1)  # the line is still under the pointer
    both_sides = opened.locator(".grid")
    expect(both_sides).to_have_count(2)
    for at in (0, 1):
        expect(both_sides.nth(at)).to_be_in_viewport(ratio=1)

    def count() -> int:
        return int(opened_run.opened(runs.open_run(small, run.id)).detections[first].flagged.sum())

    before = count()
    handle = opened.get_by_role("slider", name="Suspicion")
    handle.press("ArrowLeft")
    eventually(lambda: count() > before)
    handle.press("ArrowRight")
    eventually(lambda: count() == before)
    expect(opened.get_by_text(f"{before} of 1,000 samples are flagged").first).to_be_visible(timeout=PATIENT)
    sound(opened)


def test_all_others_run_with_one_button_and_their_flags_are_compared(serve: Serve, page: OpenPage, small: Path) -> None:
    server = serve(small)
    run = runs.all_runs(small)[0]
    ran = len(runs.detections(run))
    opened = page(f"{server.url}/detect?run={run.id}")
    button = opened.get_by_role("button", name="Run all")
    expect(button).to_be_visible(timeout=2 * PATIENT)
    expect(opened.get_by_text("together, cheap ones first")).to_be_visible(timeout=PATIENT)
    opened.get_by_role("tab", name="Overlap of their flags").click()
    expect(opened.locator(".js-plotly-plot .heatmaplayer").first).to_be_visible(timeout=PATIENT)
    expect(opened.get_by_text("Read along a row")).to_be_visible(timeout=PATIENT)
    button.click()
    eventually(lambda: len(runs.open_run(small, run.id).left) > 2)
    eventually(lambda: len(runs.detections(run)) > ran)
    sound(opened)


@pytest.mark.parametrize(("width", "height"), [(1400, 900), (1280, 720), (1000, 700)])
def test_the_ways_to_be_strict_stand_in_one_row(
    width: int, height: int, serve: Serve, page: OpenPage, small: Path
) -> None:
    opened = page(f"{serve(small).url}/detect", width=width, height=height)
    table, ways = opened.locator("[data-testid=stDataFrame]").first, opened.get_by_role("radio")
    expect(table).to_be_visible(timeout=2 * PATIENT)
    expect(ways.first).to_be_visible(timeout=PATIENT)
    eventually(lambda: len(set(map(above, ways.all()))) == 1)
    eventually(lambda: (table.bounding_box() or {"width": 0})["width"] >= 525)  # mark, title, flags, agreement, state
    sound(opened)


def test_the_decision_the_first_detectors_and_the_border_are_in_view_at_once(
    serve: Serve, page: OpenPage, small: Path
) -> None:
    run, of_few = runs.all_runs(small)[0], made_decision("backdoor")
    rest = (0, store.describe(small, run.dataset).n - len(of_few.states))
    decided(run, replace(of_few, states=np.pad(of_few.states, rest), membership=np.pad(of_few.membership, rest)))
    opened = page(f"{serve(small).url}/detect")
    said, table = opened.get_by_text("Backdoor confirmed in").first, opened.locator("[data-testid=stDataFrame]").first
    expect(said).to_be_visible(timeout=2 * PATIENT)
    expect(table).to_be_visible(timeout=PATIENT)
    samples = opened.locator(".st-key-detect-panes .grid")
    expect(samples).to_have_count(2)
    for width, height in ((1400, 900), (1280, 720), (1000, 700)):
        opened.set_viewport_size({"width": width, "height": height})
        if width > 1000:  # narrower, the table stands below the strictness
            eventually(lambda height=height: 0 < above(said) < above(table) + HEADER + 4 * ROW < height)
        for part in (opened.get_by_role("radio").first, opened.locator(".histogram.line"), samples.first, samples.last):
            expect(part).to_be_in_viewport(ratio=1)
    opened.get_by_text("How each group was tested").click()
    expect(opened.get_by_text("Keep the label without it").first).to_be_visible(timeout=PATIENT)
    sound(opened)
