"""The points of the trajectories move with the epoch, by the slider and by playing."""

import re
from pathlib import Path

from playwright.sync_api import expect

from core import runs
from tests.browser.brush import still
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT
from tests.browser.test_pages import eventually, sound

# Within the page, as three epochs are over before a busy machine has taken two pictures of it.
MOVED_UNTIL_PAUSED = """async (button) => {
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  button.click();
  let canvas;
  while (!(canvas = document.querySelector("canvas.gliding"))) await pause(10);
  const seen = () => [canvas.toDataURL(), document.querySelector(".gliding-epoch").style.left];
  const before = seen();
  const line = document.querySelector(".gliding-epoch"), at = () => parseFloat(line.style.left), start = at();
  while (at() - start < 0.3 * line.parentElement.clientWidth) await pause(10); // past half of the way to the next epoch
  const after = seen();
  button.click();
  await pause(50);
  return [...after.map((one, at) => one !== before[at]), canvas.isConnected];
}"""


def test_points_move_with_the_epoch_and_are_played_to_the_end(serve: Serve, page: OpenPage, small: Path) -> None:
    run = runs.all_runs(small)[0]
    window = page(f"{serve(small).url}/trajectories?run={run.id}")
    expect(window.get_by_text("Median loss after epoch 3:")).to_be_visible(timeout=2 * PATIENT)
    chart = window.locator("[class*=st-key-map-chart] canvas").first
    expect(chart).to_be_visible(timeout=PATIENT)
    still(window)
    last = chart.screenshot()
    window.get_by_role("slider", name="Epoch").press("Home")
    expect(window.get_by_text("Median loss after epoch 1:")).to_be_visible(timeout=PATIENT)
    window.wait_for_url(re.compile("epoch=1"), timeout=PATIENT)
    eventually(lambda: chart.screenshot() != last)
    play = window.get_by_role("button", name="Play", exact=True)
    points, mark, stays = play.evaluate(MOVED_UNTIL_PAUSED)
    assert points
    assert mark  # on the curves
    assert stays  # over the map, until it shows that epoch, too
    window.wait_for_url(lambda url: "epoch=1" not in url, timeout=PATIENT)
    gliding = window.locator("canvas.gliding")
    expect(gliding).to_have_count(0, timeout=PATIENT)
    play.click()
    expect(window.get_by_text("Median loss after epoch 3:")).to_be_visible(timeout=PATIENT)
    expect(gliding).to_have_count(0, timeout=PATIENT)
    expect(window.locator(".gliding-epoch")).to_have_count(0)
    window.wait_for_url(lambda url: "epoch=" not in url)
    sound(window)
