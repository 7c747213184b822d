"""The legend of a map: a click hides a group and shows it again, a double click shows it alone; a lasso takes what is
seen."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core import runs
from core.analysis import opened_run
from tests.browser.brush import draw_lasso
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT
from tests.browser.test_pages import sound

ALL = ((0.005, 0.12), (0.995, 0.12), (0.995, 0.995), (0.005, 0.995))  # corners of a lasso around every point


def drawn(window: Page, count: int, of: int) -> None:
    expect(window.get_by_text(f"{count:,} of {of:,} drawn")).to_be_visible(timeout=PATIENT)


@pytest.mark.parametrize("name", ["clusters", "trajectories"])
def test_a_click_hides_a_class_and_a_lasso_selects_none_of_it(
    name: str, serve: Serve, page: OpenPage, small: Path
) -> None:
    run = runs.all_runs(small)[0]
    labels, names = opened_run.opened(run).data.labels, opened_run.opened(run).data.class_names
    n, count = len(labels), int((labels == 2).sum())
    window = page(f"{serve(small).url}/{name}?run={run.id}&colour=class", 1000, 700)
    group = window.get_by_role("group", name="Legend").get_by_role("button", name=f"{names[2]} · {count:,}")
    expect(group).to_have_attribute("aria-pressed", "true", timeout=2 * PATIENT)
    drawn(window, n, n)
    group.click()
    expect(group).to_have_attribute("aria-pressed", "false")
    drawn(window, n - count, n)
    expect(window).to_have_url(re.compile("hide=class"))
    draw_lasso(window, ALL)
    words = window.locator(".st-key-selection-words")
    expect(words).to_contain_text("selected", timeout=PATIENT)
    expect(words).not_to_contain_text(names[2])
    window.reload()
    drawn(window, n - count, n)
    group.dblclick()
    drawn(window, count, n)
    group.dblclick()
    drawn(window, n, n)
    sound(window)


@pytest.mark.parametrize("size", [(1400, 900), (1280, 720), (1000, 700)])
def test_every_one_of_ten_classes_is_read_in_the_legend(
    size: tuple[int, int], serve: Serve, page: OpenPage, small: Path
) -> None:
    window = page(f"{serve(small).url}/clusters?colour=class", *size)
    groups = window.get_by_role("group", name="Legend").get_by_role("button")
    expect(groups).to_have_count(10, timeout=2 * PATIENT)
    for at in range(10):
        expect(groups.nth(at)).to_be_in_viewport(ratio=1)


def test_a_map_of_which_all_is_hidden_says_so_beside_one_that_is_drawn(
    serve: Serve, page: OpenPage, small: Path
) -> None:
    n = len(opened_run.opened(runs.all_runs(small)[0]).data.labels)
    address = f"{serve(small).url}/trajectories?colour=loss&beside=flag&hide=not+flagged|flagged|bona+fide"
    window = page(address, 1000, 700)
    words = window.get_by_text("Nothing is drawn.")
    expect(words).to_be_in_viewport(timeout=2 * PATIENT)
    drawn(window, n, n)
    window.get_by_role("button", name="Play").click()  # the points of the other map glide
    expect(window.locator(".gliding")).to_have_count(1, timeout=PATIENT)
    window.get_by_role("button", name="Pause").click()
    expect(window.locator(".gliding")).to_have_count(0, timeout=PATIENT)
    draw_lasso(window, [(x, max(y, 0.35)) for x, y in ALL])  # from below the bar of colours
    selected = window.locator(".st-key-selection-words").get_by_text(re.compile("^[1-9][0-9,]* selected"))
    expect(selected).to_be_visible(timeout=PATIENT)
    window.get_by_role("button", name=f"Show all {n:,}").click()
    expect(words).to_have_count(0, timeout=PATIENT)
    expect(window.get_by_text(f"{n:,} of {n:,} drawn")).to_have_count(2)
    expect(selected).to_be_visible()
    sound(window)
