"""What has to be in view at the same time, in windows of a usual size, and can be read there."""

import math
import re
import sqlite3
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Locator, expect

from core import pipeline, runs
from core.runs import jobs, worker_lock
from core.runs.jobs import Progress
from core.training.config import TrainConfig
from tests.browser.brush import draw_lasso
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT
from tests.browser.test_pages import eventually
from tests.browser.test_review import BAR, TILE, decisions, opened

ROWS = 6  # that the keyboard goes down in the queue: more than a window holds
box_of = Locator.bounding_box
# As where bona fide samples are among those that are selected, and how far right the words reach.
SAY_BONA_FIDE = """(one) => {
  const parts = ["148 selected", " · ✓ ", "18 of them are bona fide"].map((words, at) => {
    const part = document.createElement(at === 1 ? "span" : "strong");
    part.textContent = words;
    return part;
  });
  one.replaceChildren(...parts);
}"""
UNCUT = "(one) => one.scrollWidth <= one.clientWidth && one.scrollHeight <= one.clientHeight"
RIGHT_END = "(one) => Math.max(...[...one.children].map((part) => part.getBoundingClientRect().right))"
READABLE = 4.5  # contrast of small words with their ground, as WCAG AA has it
# The contrast of an element's words with what lies below them, with all opacities on the way.
CONTRAST = """(element) => {
  const parse = (colour) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return [[red, green, blue], alpha / 255];
  };
  const over = ([above, alpha], below) => above.map((value, index) => alpha * value + (1 - alpha) * below[index]);
  const luminance = (colour) => {
    const [red, green, blue] = colour.map((value) => value / 255).map((value) =>
      value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const line = [];
  for (let one = element; one; one = one.parentElement) line.unshift(one);
  const ground = line.map((one) => parse(getComputedStyle(one).backgroundColor))
    .reduce((below, above) => over(above, below), [255, 255, 255]);
  const [ink, alpha] = parse(getComputedStyle(element).color);
  const whole = line.reduce((product, one) => product * getComputedStyle(one).opacity, alpha);
  const [dim, bright] = [luminance(over([ink, whole], ground)), luminance(ground)].sort((a, b) => a - b);
  return (bright + 0.05) / (dim + 0.05);
}"""


def height_of(one: Locator) -> float:
    """Its height in pixels; without end while it is not drawn."""
    box = box_of(one)
    return box["height"] if box else math.inf


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
        return bool(tile and bar and tile["y"] > 0 and tile["y"] + tile["height"] <= bar["y"])

    eventually(clear)


@pytest.mark.parametrize("size", [(1400, 900), (1000, 700)])
def test_what_the_keys_are_about_stands_apart_from_the_first_button(
    size: tuple[int, int], serve: Serve, page: OpenPage, small: Path
) -> None:
    window = opened(page, serve(small).url, *size)
    words = window.locator(f"{BAR} strong").first
    words.evaluate("(one) => { one.textContent = 'Sample #1234567'; }")
    first = window.locator(BAR).get_by_role("button", name="Exclude")

    def apart() -> bool:
        left, right = words.bounding_box(), first.bounding_box()
        return bool(left and right and left["x"] + left["width"] + 3 <= right["x"])

    eventually(apart)


@pytest.mark.parametrize("size", [(1400, 900), (1280, 720), (1000, 700)])
def test_the_bar_of_review_has_room_for_its_words_and_all_its_buttons(
    size: tuple[int, int], serve: Serve, page: OpenPage, small: Path
) -> None:
    window = opened(page, serve(small).url, *size)
    words = window.locator(f"{BAR} p").first
    words.evaluate(SAY_BONA_FIDE)

    def whole() -> bool:
        buttons = [one.bounding_box() for one in window.locator(f"{BAR} button").all()]
        bar, said = window.locator(BAR).bounding_box(), words.evaluate(RIGHT_END)
        ends = [box["x"] + box["width"] for box in buttons if box]
        first = min(box["x"] for box in buttons if box)
        return bool(bar and len(ends) == 10 and max(ends) <= bar["x"] + bar["width"] and said <= first)

    eventually(whole)
    eventually(lambda: bool(words.evaluate("(one) => one.scrollHeight <= one.clientHeight + 1")))


@pytest.mark.parametrize("size", [(1400, 900), (1280, 720)])
def test_gallery_filters_and_the_way_on_of_data_need_no_scrolling(
    size: tuple[int, int], serve: Serve, page: OpenPage, small: Path
) -> None:
    window = page(f"{serve(small).url}/data", *size)
    expect(window.get_by_role("link", name="Next: is the model learning")).to_be_in_viewport(timeout=PATIENT)
    eventually(lambda: window.locator(".stMain").evaluate("(one) => one.scrollHeight <= one.clientHeight"))


@pytest.mark.parametrize("size", [(1280, 720), (1000, 700)])
def test_the_pictures_of_a_family_stand_beside_each_other_above_its_first_samples(
    serve: Serve, page: OpenPage, small: Path, size: tuple[int, int]
) -> None:
    window = opened(page, serve(small).url, *size)
    window.get_by_role("button", name=re.compile("^Family 1")).click()
    pictures = window.locator(".st-key-unit-head .tile")
    expect(pictures).to_have_count(2, timeout=PATIENT)
    eventually(lambda: len({(box or {"y": index})["y"] for index, box in enumerate(map(box_of, pictures.all()))}) == 1)

    def whole() -> bool:
        image, bar = box_of(window.locator(f"{TILE} img").first), box_of(window.locator(BAR))
        return bool(image and bar and image["y"] + image["height"] <= bar["y"])

    eventually(whole)


def test_what_narrows_a_map_stands_in_the_row_of_its_controls(serve: Serve, page: OpenPage, small: Path) -> None:
    window = page(f"{serve(small).url}/clusters?loss=20-100", 1280, 720)
    expect(window.get_by_text(re.compile("^8[0-9][0-9] of 1,000 drawn"))).to_be_visible(timeout=2 * PATIENT)
    row = window.locator(".st-key-map-controls")
    eventually(lambda: height_of(row) < 90)  # one row, with two switches above each other
    window.reload()
    expect(window.get_by_text(re.compile("^8[0-9][0-9] of 1,000 drawn"))).to_be_visible(timeout=2 * PATIENT)
    window.locator(".st-key-map-controls").get_by_role("button", name="1").click()
    window.get_by_role("button", name="Show all").click()
    expect(window.get_by_text("1,000 of 1,000 drawn")).to_be_visible(timeout=PATIENT)


@pytest.mark.parametrize("size", [(1280, 720), (1000, 700)])
def test_the_curves_of_a_selection_are_in_view_below_four_images_in_a_row(
    size: tuple[int, int], serve: Serve, page: OpenPage, small: Path
) -> None:
    window = page(f"{serve(small).url}/trajectories", *size)
    draw_lasso(window, ((0.1, 0.25), (0.9, 0.25), (0.9, 0.85), (0.1, 0.85)))
    expect(window.locator(".st-key-selection-head").first).to_be_visible(timeout=PATIENT)

    def whole() -> bool:
        curves, bar = box_of(window.locator(".st-key-curves canvas").first), box_of(window.locator(BAR))
        return bool(curves and bar and curves["height"] > 150 and curves["y"] + curves["height"] <= bar["y"])

    def four_in_a_row() -> bool:
        tops = window.locator(TILE).evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().top)")
        return len(tops) > 4 and len(set(tops[:4])) == 1 < len(set(tops[:5]))

    eventually(whole)
    eventually(four_in_a_row)
    eventually(lambda: height_of(window.locator(".st-key-selection-head")) < 30)  # one line


def test_the_button_that_accepts_is_in_view_beside_the_last_sample_too(
    serve: Serve, page: OpenPage, small: Path
) -> None:
    window = page(f"{serve(small).url}/bona-fide", 1000, 700)
    accept = window.get_by_role("button", name=re.compile("^Accept 25 of 25"))
    for tile in (window.locator(TILE).first, window.locator(TILE).last):
        tile.scroll_into_view_if_needed()
        expect(accept).to_be_in_viewport(ratio=1, timeout=PATIENT)


def test_the_bar_says_in_view_of_which_classes_the_selection_is(serve: Serve, page: OpenPage, small: Path) -> None:
    window = page(f"{serve(small).url}/clusters", 1400, 900)
    draw_lasso(window, ((0.1, 0.25), (0.9, 0.25), (0.9, 0.85), (0.1, 0.85)))
    words = window.locator(".st-key-selection-words p")
    expect(words).to_contain_text("more classes", timeout=PATIENT)
    eventually(lambda: bool(words.evaluate(UNCUT)))
    expect(words).not_to_contain_text("*")


def test_cancel_is_in_view_in_a_low_window(serve: Serve, page: OpenPage, small: Path) -> None:
    run = runs.all_runs(small)[0]
    window = page(f"{serve(small).url}/overview", 1280, 720)
    with worker_lock.holding(run.path):
        title = "Deciding: triggers recovered, a model trained without the suspects"
        jobs.write(run.path, Progress("running", title, started=time.time(), fraction=0.6))
        cancel = window.locator(".stSidebar").get_by_role("button", name="Cancel")
        expect(cancel).to_be_in_viewport(ratio=1, timeout=PATIENT)


def test_runs_of_one_name_are_told_apart_in_the_picker(serve: Serve, page: OpenPage, small: Path) -> None:
    run = runs.all_runs(small)[0]
    made = pipeline.new_run(small, run.dataset, TrainConfig(), name="A name that leaves no room for its time")
    window = page(f"{serve(small).url}/overview?run={made.id}", 1000, 700)
    time_of = f"{datetime.fromisoformat(made.created).astimezone():%d %b %H:%M:%S}"
    expect(window.locator(".stSidebar").get_by_text(time_of)).to_be_visible(timeout=PATIENT)
    window.locator(".stSidebar").get_by_role("combobox").click()
    words = window.get_by_role("option").filter(has_text=time_of).locator("[data-item-hl]")
    expect(words).to_be_visible(timeout=PATIENT)
    eventually(lambda: bool(words.evaluate(UNCUT)))


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_small_print_and_buttons_can_be_read_on_either_ground(
    ground: Literal["light", "dark"], serve: Serve, page: OpenPage, small: Path
) -> None:
    window = page(f"{serve(small).url}/trigger", 1280, 720)
    window.emulate_media(color_scheme=ground)
    window.goto(window.url.replace("/trigger", "/detect"))
    for words in (".stMain [data-testid=stCaptionContainer] p", "button[kind=primary] p", "[data-selected=true] p"):
        one = window.locator(words).first
        expect(one).to_be_visible(timeout=PATIENT)

        def readable(one: Locator = one) -> bool:
            return bool(one.evaluate(CONTRAST) >= READABLE)

        eventually(readable)  # the style sheet may come after the words


def test_what_a_full_disk_refuses_is_said_in_view_and_nothing_is_lost(
    serve: Serve, page: OpenPage, small: Path
) -> None:
    run = runs.all_runs(small)[0]
    pipeline.decide(run, [1], "exclude", reviewer="ann")
    with closing(sqlite3.connect(small / "journal.db")) as journal:
        journal.execute(
            "CREATE TRIGGER full BEFORE INSERT ON verdicts BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
        journal.commit()
    window = opened(page, serve(small).url, 1280, 720)
    refused = window.get_by_test_id("stAlert").get_by_text("Free space on the disk")
    window.keyboard.press("k")
    expect(refused).to_be_in_viewport(ratio=1, timeout=PATIENT)
    window.goto(window.url.replace("/review", "/clusters"))
    draw_lasso(window, ((0.1, 0.25), (0.9, 0.25), (0.9, 0.85), (0.1, 0.85)))
    window.locator(BAR).get_by_role("button", name="Unsure").click()
    window.get_by_role("dialog").get_by_role("button", name="Unsure").click()
    expect(refused).to_be_in_viewport(ratio=1, timeout=PATIENT)
    assert decisions(small) == {1: "exclude"}
    with closing(sqlite3.connect(small / "journal.db")) as journal:
        journal.execute("DROP TRIGGER full")
        journal.commit()
    window.locator(BAR).get_by_role("button", name="Unsure").click()
    window.get_by_role("dialog").get_by_role("button", name="Unsure").click()
    eventually(lambda: len(decisions(small)) > 1)
    expect(refused).to_have_count(0, timeout=PATIENT)


def test_all_that_is_drawn_to_be_called_clean_is_in_view(serve: Serve, page: OpenPage, small: Path) -> None:
    window = page(f"{serve(small).url}/bona-fide", 1280, 720)
    expect(window.locator(TILE)).to_have_count(25, timeout=PATIENT)

    def whole() -> bool:
        tile, bar = box_of(window.locator(TILE).last), box_of(window.locator(".st-key-accept-bar"))
        return bool(tile and bar and tile["y"] + tile["height"] <= bar["y"])

    eventually(whole)


@pytest.mark.parametrize(("size", "columns"), [((1000, 700), "few"), ((1400, 900), "whole")])
def test_beside_two_maps_the_table_of_classes_has_the_columns_that_fit(
    serve: Serve, page: OpenPage, small: Path, size: tuple[int, int], columns: str
) -> None:
    window = page(f"{serve(small).url}/clusters?beside=cluster", *size)
    tables = {"few": window.locator(".st-key-classes-few"), "whole": window.locator(".st-key-classes")}
    shown = tables.pop(columns)
    expect(shown).to_be_visible(timeout=PATIENT)
    expect(*tables.values()).to_be_hidden()
    fits = "(one) => one.scrollWidth <= one.clientWidth"
    eventually(lambda: bool(shown.locator(".dvn-scroller").evaluate(fits)))


@pytest.mark.parametrize("size", [(1280, 720), (1000, 700)])
def test_on_the_whole_screen_all_reasons_are_in_view(
    serve: Serve, page: OpenPage, small: Path, size: tuple[int, int]
) -> None:
    pipeline.detect(runs.all_runs(small)[0], "consensus", {})
    window = page(f"{serve(small).url}/review?verdict=All&large=1&flagged-by=badloss", *size)
    reasons = window.locator(".st-key-reasons")
    expect(reasons.get_by_role("progressbar").first).to_be_visible(timeout=2 * PATIENT)

    def whole() -> bool:
        listed, bar = box_of(reasons), box_of(window.locator(BAR))
        return bool(listed and bar and 0 < listed["y"] < listed["y"] + listed["height"] <= bar["y"])

    eventually(whole)
