"""A sample is tagged on Review, found again by its tag, and the tag survives a reload."""

from pathlib import Path

from playwright.sync_api import expect

from core import runs
from core.journal import review
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT
from tests.browser.test_pages import eventually, sound
from tests.browser.test_review import TILE, in_order, opened


def test_a_sample_is_tagged_and_found_again_by_its_tag(serve: Serve, page: OpenPage, small: Path) -> None:
    run, first = runs.all_runs(small)[0], in_order(small)[0]
    server = serve(small, {"ASSAY_REVIEWER": "ann"})
    window = opened(page, server.url)
    window.get_by_role("button", name="Note").first.click(timeout=PATIENT)
    window.get_by_role("textbox", name="Tag on this sample").fill("sticker")
    window.get_by_role("textbox", name="Tag on this sample").press("Enter")
    window.get_by_role("button", name="Add tag").click(timeout=PATIENT)
    eventually(lambda: first in review.notes(small, run.id))
    assert review.notes(small, run.id)[first].tags == ("sticker",)
    again = page(f"{server.url}/review?run={run.id}&tag=sticker")
    expect(again.locator(TILE)).to_have_count(1, timeout=2 * PATIENT)
    expect(again.locator(f'{TILE}[data-id="{first}"]')).to_be_visible()
    expect(again.get_by_role("button", name="sticker").first).to_be_visible(timeout=PATIENT)
    sound(again)
