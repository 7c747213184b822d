"""Lasso, look, mark: on a map, without scrolling."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from core import runs
from core.journal import review
from tests.browser.brush import PATIENT, draw_lasso, map_area, still
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_pages import eventually, sound

WORDS = ".st-key-selection-words"
CHOSEN = re.compile("[1-9][0-9,]* selected")  # not "Nothing is selected"
TILE = ".st-key-side-selected .tile"
Point = tuple[float, float]


def points(window: Page, most: int) -> list[Point]:
    """Places of the page on which hovering shows a sample, from the middle of the map outwards."""
    left, top, width, height = map_area(window)
    image = window.locator("[data-testid=stEChartsChart] img[src^='thumb/']")
    found: list[Point] = []
    for step in range(int(width / 2) - 20):
        place = (left + width / 2 + 4 * step % (width / 2 - 20), top + height * (0.4 + 0.1 * (step % 4)))
        window.mouse.move(*place)
        shown = []
        for _ in range(2):  # what was shown of the place before is gone when it is looked at again
            window.wait_for_timeout(200)
            shown.append(image.count() > 0 and image.first.is_visible())
            if not all(shown):
                break
        if all(shown) and all(abs(place[0] - x) > 20 for x, _ in found):
            found.append(place)
        if len(found) == most:
            break
    return found


@pytest.mark.parametrize("name", ["clusters", "trajectories"])
@pytest.mark.parametrize("size", [(1400, 900), (1280, 720)])
def test_map_images_and_bar_are_in_view_together(
    serve: Serve, page: OpenPage, small: Path, name: str, size: tuple[int, int]
) -> None:
    window = page(f"{serve(small).url}/{name}", *size)
    expect(window.get_by_text("drawn")).to_be_visible(timeout=PATIENT)
    draw_lasso(window, [(0.1, 0.2), (0.9, 0.2), (0.9, 0.9), (0.1, 0.9)])
    expect(window.locator(WORDS).get_by_text(CHOSEN)).to_be_visible(timeout=PATIENT)

    def together() -> bool:
        bar = window.locator(".st-key-selection-bar").bounding_box()
        _, top, _, tall = map_area(window)
        tile = window.locator(TILE).first.bounding_box()
        if not bar or not tile:
            return False
        in_view = bar["height"] < 70 and bar["y"] + bar["height"] <= size[1]  # one row
        return in_view and top + tall <= bar["y"] + 2 and tile["y"] + tile["height"] <= bar["y"]

    eventually(together)
    eventually(lambda: bool(window.evaluate("document.querySelector('.stMain').scrollTop") == 0))
    sound(window)


def test_a_lasso_has_the_page_drawn_once(serve: Serve, page: OpenPage, small: Path) -> None:
    drawn: list[str] = []

    def came(frame: str | bytes) -> None:
        kind = ForwardMsg.FromString(frame if isinstance(frame, bytes) else frame.encode()).WhichOneof("type")
        if kind == "navigation":  # said once whenever the whole page is drawn
            drawn.append(kind)

    window = page(f"{serve(small).url}/clusters")
    window.on("websocket", lambda socket: socket.on("framereceived", came))
    window.reload()
    draw_lasso(window, [(0.1, 0.2), (0.9, 0.2), (0.9, 0.9), (0.1, 0.9)])
    drawn.clear()
    expect(window.locator(WORDS).get_by_text(CHOSEN)).to_be_visible(timeout=PATIENT)
    still(window)
    assert len(drawn) == 1


def test_a_click_selects_a_point_shift_adds_one_and_keys_decide(serve: Serve, page: OpenPage, small: Path) -> None:
    run = runs.all_runs(small)[0]
    window = page(f"{serve(small).url}/clusters")
    expect(window.get_by_text("drawn")).to_be_visible(timeout=PATIENT)
    first, second = points(window, 2)
    window.mouse.click(*first)
    expect(window.locator(WORDS).get_by_text("1 selected")).to_be_visible(timeout=PATIENT)
    window.keyboard.down("Shift")
    window.mouse.click(*second)
    window.keyboard.up("Shift")
    expect(window.locator(WORDS).get_by_text("2 selected")).to_be_visible(timeout=PATIENT)
    window.mouse.click(*second)
    expect(window.locator(WORDS).get_by_text("1 selected")).to_be_visible(timeout=PATIENT)
    expect(window.locator(TILE)).to_have_count(1, timeout=PATIENT)
    sample = int(window.locator(TILE).first.get_attribute("data-id") or -1)
    window.keyboard.press("k")
    eventually(lambda: [*review.verdicts(small, run.id)] == [sample])
    expect(window.locator(WORDS).get_by_text("Nothing is selected")).to_be_visible(timeout=PATIENT)
    window.keyboard.press("u")
    eventually(lambda: review.verdicts(small, run.id) == {})
    sound(window)


def test_what_the_library_offers_covers_no_control_and_no_legend(serve: Serve, page: OpenPage, small: Path) -> None:
    window = page(f"{serve(small).url}/clusters")
    expect(window.get_by_text("drawn")).to_be_visible(timeout=PATIENT)
    left, top, width, height = map_area(window)
    window.mouse.move(left + width / 2, top + height / 2)
    tools = window.locator("[class*=st-key-map-chart] [data-testid=stElementToolbar]")
    eventually(lambda: (tools.bounding_box() or {"y": 0})["y"] > top + height / 2)
