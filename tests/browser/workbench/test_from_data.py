"""What is looked at on Data is selected on the map and reviewed at a click; tiles are as large as one likes."""

import re
from pathlib import Path

from playwright.sync_api import expect

from core import runs
from core.analysis.opened_run import opened as run_of
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT
from tests.browser.test_pages import eventually, sound
from tests.browser.test_review import BAR, TILE

GALLERY = f".st-key-data-gallery {TILE}"


def test_a_sample_and_what_filters_leave_lead_to_the_map_and_to_review(
    serve: Serve, page: OpenPage, small: Path
) -> None:
    run = runs.all_runs(small)[0]
    labels = run_of(run).data.labels
    window = page(f"{serve(small).url}/data?run={run.id}&class=2", 1280, 720)
    window.locator(GALLERY).nth(3).click(timeout=2 * PATIENT)
    window.wait_for_url(re.compile("sample="), timeout=PATIENT)
    sample = re.findall(r"sample=(\d+)", window.url)[0]
    onward = window.locator(".st-key-data-onward")
    onward.get_by_role("link", name="Review").click(timeout=PATIENT)
    expect(window.get_by_text(f"Sample #{sample}").first).to_be_visible(timeout=2 * PATIENT)
    expect(window.locator(TILE)).to_have_count(1)
    window.go_back()
    window.locator(".st-key-data-select button").first.click(timeout=2 * PATIENT)
    window.wait_for_url(re.compile("clusters"), timeout=PATIENT)
    n = int((labels == 2).sum())
    expect(window.locator(BAR).get_by_text(f"{n} selected")).to_be_visible(timeout=2 * PATIENT)
    sound(window)


def test_tiles_on_data_are_made_larger_and_stay_so_after_a_reload(serve: Serve, page: OpenPage, small: Path) -> None:
    window = page(f"{serve(small).url}/data")
    picture = window.locator(f"{GALLERY} img").first
    expect(picture).to_be_visible(timeout=2 * PATIENT)
    window.locator(".st-key-data-size").get_by_role("button").first.click()
    window.get_by_role("slider", name="Tile size").press("End")
    eventually(lambda: (picture.bounding_box() or {"width": 0})["width"] >= 190)
    window.reload()
    eventually(lambda: picture.is_visible() and (picture.bounding_box() or {"width": 0})["width"] >= 190)
    sound(window)
