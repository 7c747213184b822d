"""The points of the trajectories move with the epoch, by the slider and by playing."""

import re
from pathlib import Path

from playwright.sync_api import expect

from core import runs
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT
from tests.browser.test_pages import eventually, sound


def test_points_move_with_the_epoch_and_are_played_to_the_end(serve: Serve, page: OpenPage, small: Path) -> None:
    run = runs.all_runs(small)[0]
    window = page(f"{serve(small).url}/trajectories?run={run.id}")
    expect(window.get_by_text("Median loss after epoch 3:")).to_be_visible(timeout=2 * PATIENT)
    chart = window.locator(".st-key-map-chart canvas").first
    expect(chart).to_be_visible(timeout=PATIENT)
    window.wait_for_timeout(1000)
    last = chart.screenshot()
    window.get_by_role("slider", name="Epoch").press("Home")
    expect(window.get_by_text("Median loss after epoch 1:")).to_be_visible(timeout=PATIENT)
    window.wait_for_url(re.compile("epoch=1"), timeout=PATIENT)
    eventually(lambda: chart.screenshot() != last)
    window.locator(".st-key-play-epochs button").first.click()
    expect(window.get_by_text("Median loss after epoch 2:")).to_be_visible(timeout=PATIENT)
    expect(window.get_by_text("Median loss after epoch 3:")).to_be_visible(timeout=PATIENT)
    expect(window.locator(".st-key-play-epochs").get_by_text("play_arrow").first).to_be_visible(timeout=PATIENT)
    expect(window.locator(".st-key-play-epochs").get_by_text("pause")).to_have_count(0, timeout=PATIENT)
    sound(window)
