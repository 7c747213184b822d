"""What has to be in view at the same time, in windows of a usual size."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT
from tests.browser.test_pages import eventually
from tests.browser.test_review import BAR, TILE, opened

ROWS = 6  # that the keyboard goes down in the queue: more than a window holds


def test_the_sample_in_focus_stays_beside_the_queue_and_no_tile_hides_below_the_bar(
    serve: Serve, page: OpenPage, small: Path
) -> None:
    window = opened(page, serve(small).url, 1280, 720)
    window.locator(TILE).first.focus()
    for _ in range(ROWS):
        window.keyboard.press("ArrowDown")
    here = window.locator(f"{TILE}.here").first
    sample = here.get_attribute("data-id")
    title = window.locator(".st-key-review-side").get_by_text(f"Sample #{sample}")
    expect(title).to_be_in_viewport(timeout=PATIENT)
    expect(window.locator(".st-key-review-families").get_by_text("Families")).to_be_in_viewport()

    def clear() -> bool:
        tile, bar = here.bounding_box(), window.locator(BAR).bounding_box()
        return bool(tile and bar and 0 < tile["y"] and tile["y"] + tile["height"] <= bar["y"])

    eventually(clear)
