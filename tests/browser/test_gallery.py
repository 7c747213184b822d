"""The gallery's script alone in a real browser, called in orders that the page calls it in only when all is slow."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

SCRIPT = Path(__file__).parents[2] / "assets" / "gallery.js"
TWO_LETTERS_AND_DOTS = 20  # pixels
STYLE = SCRIPT.with_suffix(".css")
# Two places hold the same gallery of one image, the whole screen and the page that it covers. `show` is what the page
# does when it runs; `sent` is what the keys have said.
STAGE = """async (script) => {
    const { default: show } = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
    const data = { name: "queue", keys: { e: "decide", f: "large" }, selectable: true, selected: [], focus: 7,
                   version: 0, elsewhere: 0, size: 72, most: 60, oneRow: false, seen: 0 };
    window.tile = { id: 7, image_url: "data:,", caption: [], badge: "", tooltip: "", settled: false, colour: "grey",
                   told: "", parts: [] };
    window.sent = [];
    window.places = {};
    for (const name of ["page", "whole"]) {
        places[name] = document.body.appendChild(document.createElement("div"));
    }
    window.show = (name, drawn, size = data.size) => show({
        parentElement: places[name], data: { ...data, tiles: [tile], drawn, size },
        setStateValue: (_, events) => sent.push(...events.map((event) => [name, event.key])),
    });
}"""


@pytest.fixture
def stage(chromium: Browser) -> Iterator[Page]:
    """A blank page with a `page` and a `whole` to show the gallery in."""
    window = chromium.new_page()
    window.evaluate(STAGE, SCRIPT.read_text())
    yield window
    window.close()


def holder(stage: Page) -> list[str]:
    """Which of the two places hold the gallery."""
    found: list[str] = stage.evaluate("Object.keys(places).filter((name) => places[name].querySelector('.grid'))")
    return found


def test_a_place_that_is_left_does_not_take_the_gallery_back(stage: Page) -> None:
    stage.evaluate("show('page', 1); show('whole', 2); show('page', 1); places.page.remove()")
    assert holder(stage) == ["whole"]
    stage.keyboard.press("e")
    assert stage.evaluate("sent") == [["whole", "e"]]


def test_a_place_that_is_drawn_again_gets_the_gallery_back(stage: Page) -> None:
    stage.evaluate("show('page', 1); show('whole', 2); show('page', 3); places.whole.remove()")
    assert holder(stage) == ["page"]
    stage.keyboard.press("e")
    assert stage.evaluate("sent") == [["page", "e"]]


def test_the_only_place_left_gets_the_gallery_however_old_its_drawing(stage: Page) -> None:
    stage.evaluate("show('page', 1); show('whole', 2); places.whole.remove(); show('page', 1)")
    assert holder(stage) == ["page"]


def test_a_key_pressed_between_two_places_waits_for_the_next(stage: Page) -> None:
    stage.evaluate("show('page', 1); places.page.remove()")
    stage.keyboard.press("e")
    assert stage.evaluate("sent") == []
    stage.evaluate("show('whole', 2)")
    stage.wait_for_function("sent.length")
    assert stage.evaluate("sent") == [["whole", "e"]]


def test_a_long_line_below_an_image_loses_its_middle_and_a_short_one_nothing(stage: Page) -> None:
    stage.add_style_tag(content=STYLE.read_text())
    stage.evaluate("tile.caption = ['Speed limit (20km/h) on a long road', 'Ankle boot']; show('page', 1, 84)")
    long, short = stage.locator(".caption > span").all()
    head, tail = long.locator("span").all()
    assert head.evaluate("node => node.scrollWidth > node.clientWidth > 0")  # dots stand for what is cut
    assert tail.inner_text() == "g road"
    assert tail.evaluate(
        "node => node.getBoundingClientRect().right <= node.closest('.tile').getBoundingClientRect().right"
    )
    assert long.evaluate("node => node.textContent") == "Speed limit (20km/h) on a long road"
    assert short.inner_text() == "Ankle boot"


def test_a_name_below_a_small_image_loses_its_middle_and_not_its_end(stage: Page) -> None:
    stage.add_style_tag(content=STYLE.read_text())
    stage.evaluate("tile.caption = ['T-shirt/top', 'Pullover', 'Bag']; show('page', 1, 32)")
    for name, line in zip(("T-shirt/top", "Pullover"), stage.locator(".caption > span").all(), strict=False):
        head, tail = line.locator("span").all()
        assert head.evaluate("node => node.scrollWidth > node.clientWidth > 0")
        assert tail.evaluate("node => node.scrollWidth <= node.clientWidth + 1")
        assert name.endswith(tail.inner_text())
        assert line.evaluate("node => node.textContent") == name
    assert stage.locator(".caption > span").last.inner_text() == "Bag"


def test_of_a_very_long_name_below_a_small_image_dots_say_that_it_is_cut(stage: Page) -> None:
    stage.add_style_tag(content=STYLE.read_text())
    stage.evaluate("tile.caption = ['Golden retriever on a beach (summer)']; show('page', 1, 52)")
    head, tail = stage.locator(".caption > span > span").all()
    assert tail.inner_text() == "mer)"
    assert head.evaluate("node => node.clientWidth") >= TWO_LETTERS_AND_DOTS
