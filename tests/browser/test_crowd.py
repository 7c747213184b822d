"""A map of many points: fetched once, drawn with the flagged on top, and answered with exact ids."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core import pipeline, runs
from core.output.palette import FLAGGED
from core.pipeline import Synthetic
from core.runs import Run
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_pages import sound

PATIENT = 90_000
N = 25_000
MARGIN = 0.04  # around the map, of its width


def made(workspace: Path) -> Run:
    """A run with many samples, of which BaDLoss flags some."""
    run = pipeline.synthesize(workspace, Synthetic(N, 4, 12, 4))
    pipeline.detect(run, "badloss", {"reject_fraction": 0.1})
    return runs.open_run(workspace, run.id)


def picture(window: Page) -> np.ndarray:
    """(h, w, 4) the pixels of the map."""
    url = window.locator(".crowd canvas").first.evaluate("(canvas) => canvas.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))))


def test_many_points_are_fetched_once_and_an_area_gives_exact_ids(
    serve: Serve, page: OpenPage, workspace: Path
) -> None:
    run = made(workspace)
    window = page("about:blank")
    fetched: list[str] = []
    window.on("request", lambda request: fetched.append(request.url) if "/held/" in request.url else None)
    window.goto(f"{serve(workspace).url}/trajectories?run={run.id}")
    words = window.locator(".crowd .words")
    expect(words).to_contain_text("25,000 of 25,000 drawn", timeout=PATIENT)
    assert len(fetched) == 2  # the coordinates and the groups
    sizes = window.locator(".crowd .stage").evaluate("(stage) => [stage.clientWidth, stage.clientHeight]")

    places = np.array(run.array("map-trajectories-pca"))
    low, high = places.min(0), places.max(0)
    low, high = low - MARGIN * (high - low), high + MARGIN * (high - low)
    pixels = np.floor((places - [low[0], high[1]]) / (high - low) * [1, -1] * sizes).astype(int)

    # Each flagged sample shows its colour where it lies, whatever lies there too.
    colour = [int(FLAGGED[start : start + 2], 16) for start in (1, 3, 5)]
    flagged = runs.detections(run)["badloss"].flagged
    column, row = pixels[flagged].T
    shown = picture(window)
    assert flagged.sum() > 1000
    assert (np.abs(shown[row, column, :3].astype(int) - colour) <= 2).all()

    box = window.locator(".crowd .stage").bounding_box()
    assert box
    window.locator(".crowd").get_by_role("button", name="Rectangle").click()
    left, right, top, bottom = 0.3, 0.7, 0.3, 0.7
    ends = np.array([[left, top], [right, bottom]]) * sizes // 1
    for (x, y), act in zip(ends.tolist(), (window.mouse.down, window.mouse.up), strict=True):
        window.mouse.move(box["x"] + 1 + x, box["y"] + 1 + y, steps=4)
        act()
    corners = low[0] + ends[:, 0] / sizes[0] * (high - low)[0], high[1] - ends[:, 1] / sizes[1] * (high - low)[1]
    inside = ((places >= np.min(corners, 1)) & (places <= np.max(corners, 1))).all(1)
    assert 100 < inside.sum() < N
    expect(words).to_contain_text(f"{inside.sum():,} selected", timeout=PATIENT)
    expect(window.locator(".st-key-selection-words")).to_contain_text(f"{inside.sum():,} selected", timeout=PATIENT)
    window.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(window.locator(".crowd .card")).to_contain_text("given", timeout=PATIENT)
    assert len(fetched) == len(set(fetched)) == 6  # which are selected, too, and what hovering says
    window.locator(".crowd").get_by_role("button", name="Clear").click()
    expect(window.locator(".st-key-selection-words")).to_contain_text("Nothing is selected", timeout=PATIENT)
    assert len(fetched) == 6
    sound(window)


def test_a_legend_of_many_classes_has_a_few_rows_and_scrolls(serve: Serve, page: OpenPage, workspace: Path) -> None:
    run = pipeline.synthesize(workspace, Synthetic(N, 4, 12, 4))
    window = page(f"{serve(workspace).url}/trajectories?run={run.id}&colour=class", 1000, 700)
    expect(window.locator(".crowd .words")).to_contain_text("drawn", timeout=PATIENT)
    shown, whole = window.locator(".legend .groups").evaluate("(one) => [one.clientHeight, one.scrollHeight]")
    assert 18 < shown <= min(72, whole)
    groups = window.get_by_role("group", name="Legend").get_by_role("button")
    for at in (0, -1):  # both ends of it are reached
        groups.nth(at).scroll_into_view_if_needed()
        expect(groups.nth(at)).to_be_in_viewport(ratio=0.9)
    sound(window)


def stage_of(window: Page, at: int = 0) -> dict[str, float]:
    box = window.locator(".crowd .stage").nth(at).bounding_box()
    assert box
    return dict(box)


@pytest.mark.parametrize("size", [(1400, 900), (1000, 700)])
def test_a_range_says_what_it_leaves_and_moves_nothing_and_what_is_selected_is_seen(
    size: tuple[int, int], serve: Serve, page: OpenPage, workspace: Path
) -> None:
    run = made(workspace)
    address = f"{serve(workspace).url}/trajectories?run={run.id}&colour=loss&beside=flag&loss=10-100"
    window = page(address, *size)
    words = window.locator(".crowd .words")
    expect(words).to_have_count(2, timeout=PATIENT)
    for at in (0, 1):
        expect(words.nth(at)).to_contain_text("of 25,000 drawn", timeout=PATIENT)
        expect(words.nth(at)).to_be_in_viewport(ratio=1)
        below, bar = words.nth(at).bounding_box(), window.locator(".st-key-selection-bar").bounding_box()
        assert below
        assert bar
        assert below["y"] + below["height"] <= bar["y"]

    # The point that lies farthest out of all that are drawn is where it was among all points.
    places, losses = np.array(run.array("map-trajectories-pca")), run.array("losses")[:, -1]
    low, high = places.min(0), places.max(0)
    low, high = low - MARGIN * (high - low), high + MARGIN * (high - low)
    left = places[losses > np.quantile(losses, 0.11)]
    one = left[left[:, 0].argmin()]
    before = stage_of(window)
    x, y = (one - [low[0], high[1]]) / (high - low) * [1, -1] * [before["width"], before["height"]]
    near = picture(window)[int(y) - 3 : int(y) + 4, int(x) - 3 : int(x) + 4]
    assert near[..., 3].any()
    window.mouse.click(before["x"] + x, before["y"] + y)
    expect(window.locator(".st-key-selection-words")).to_contain_text("1 selected", timeout=PATIENT)
    expect(words.first).to_contain_text("1 selected", timeout=PATIENT)
    assert stage_of(window) == before  # the map kept its size
    ring = picture(window)[int(y) - 8 : int(y) + 9, int(x) - 8 : int(x) + 9]
    dark = (ring[..., 3] > 200) & (ring[..., :3].max(-1) < 80)
    assert dark.sum() > 15
    sound(window)
