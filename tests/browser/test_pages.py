"""Every page in a real browser: deep links, empty workspaces, wrong files, narrow windows, killed processes."""

import itertools
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core import pipeline, runs
from core.journal import review
from core.runs import jobs
from core.training.config import TrainConfig
from tests.browser.conftest import OpenPage, Serve
from tests.browser.server import Server
from tests.browser.test_journey import PATIENT, answer_yes, goto, selected_count

EPOCHS = 15  # of a training that is killed; it is noticed in the first two
QUESTIONS = {
    "overview": "Is this data poisoned, and what do I do next?",
    "data": "What am I about to trust?",
    "train": "Is the model learning, and what?",
    "clusters": "Which classes hold two populations?",
    "trajectories": "Which samples were learned unlike the rest?",
    "detect": "Whom do I believe, and how strict am I?",
    "bona-fide": "Which samples are clean for certain?",
    "review": "Is this sample poisoned?",
    "repair": "Is the backdoor gone, and what did it cost?",
    "report": "What do I tell the others?",
    "attack-lab": "Would we have caught this?",
    "trigger": "What does the trigger do to the model?",
}
TELLING = {
    "overview": "samples flagged",
    "data": "training images in",
    "train": "After epoch 3 of 3",
    "clusters": "1,000 of 1,000 drawn",
    "trajectories": "1,000 of 1,000 drawn",
    "detect": "samples are flagged",
    "bona-fide": "bona fide samples.",
    "review": "flagged samples are decided",
    "repair": "Not repaired yet",
    "report": "Download the report",
    "attack-lab": "3 attacks poison 90 of 1,000 samples (9.0%)",
    "trigger": "with the trigger:",
}
OUT_OF_VIEW = """() => [...document.querySelectorAll("[data-testid=stDataFrame] .dvn-scroller")]
    .some((table) => table.scrollWidth > table.clientWidth + 1)"""  # whether a table has columns that are not seen

# The levels of the headings that are seen, in the order of the page.
LEVELS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
    .filter((one) => one.checkVisibility()).map((one) => Number(one.tagName[1]))"""
SIZES = ((1400, 900), (1280, 720), (1000, 700))
# Give a line other words, the second part of them bold.
SAY_IN_PARTS = """(one, [before, bold, after]) => {
  const strong = document.createElement("strong");
  strong.textContent = bold;
  one.replaceChildren(before, strong, after);
}"""
LINES = "(one) => one.clientHeight / parseFloat(getComputedStyle(one).lineHeight)"
# Of each sentence of a line, how far below the line's top it begins, and whether all of it has room.
IN_VIEW = """(line) => [...line.querySelectorAll("p")].map((one) => [
    Math.round(one.getBoundingClientRect().top - line.querySelector("p").getBoundingClientRect().top),
    one.scrollWidth <= one.clientWidth + 1])"""

# Of the line above a map: whether its icon stands after the sentences in view, whole. All is measured at once.
ICON_AT_THE_END = """(line) => {
  const frame = line.getBoundingClientRect();
  const icon = line.querySelector("[data-testid=stTooltipIcon]")?.getBoundingClientRect();
  const ends = [...line.querySelectorAll(".st-key-brief-sentences p")]
    .map((one) => one.getBoundingClientRect())
    .filter((box) => box.y < frame.y + 10)
    .map((box) => box.right);
  return Boolean(icon) && ends.length > 0 && Math.max(...ends) <= icon.left + 1
    && icon.right <= frame.right + 1 && icon.bottom <= frame.bottom + 1;
}"""


def eventually(holds: Callable[[], bool]) -> None:
    """Fail unless `holds()` becomes true within a minute."""
    deadline = time.monotonic() + PATIENT / 1000
    while not holds():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.1)


def sound(page: Page) -> None:
    """No traceback, nothing to scroll sideways, and headings that skip no level."""
    assert page.locator("[data-testid=stException]").count() == 0
    eventually(lambda: not page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))

    def in_order() -> bool:
        levels = [0, *page.evaluate(LEVELS)]
        return all(level <= above + 1 for above, level in itertools.pairwise(levels))

    eventually(in_order)  # while a page is drawn, parts of it may not be there


def opens(server: Server, page: OpenPage, name: str) -> None:
    """Fail unless the address of a page opens it, with the answer to its question."""
    run = runs.all_runs(server.workspace)[0]
    opened = page(f"{server.url}/{name}?run={run.id}", width=1000, height=700)
    expect(opened.get_by_role("heading", level=1)).to_contain_text(QUESTIONS[name], timeout=PATIENT)
    expect(opened.get_by_text(TELLING[name]).first).to_be_visible(timeout=PATIENT)
    expect(opened.locator(".st-key-context")).to_have_count(int(name != "attack-lab"))  # which is about no run
    eventually(lambda: not opened.evaluate(OUT_OF_VIEW))
    sound(opened)


@pytest.fixture(scope="module")
def running(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for tests that only look."""
    server = Server(Path(shutil.copytree(finished, tmp_path_factory.mktemp("running") / "workspace"))).start()
    yield server
    server.kill()


@pytest.mark.parametrize("name", list(QUESTIONS))
def test_a_deep_link_opens_its_page(name: str, running: Server, page: OpenPage) -> None:
    opens(running, page, name)


@pytest.mark.parametrize("size", SIZES)
def test_the_line_above_a_page_is_whole_and_clear_of_the_title(
    size: tuple[int, int], running: Server, page: OpenPage
) -> None:
    opened = page(f"{running.url}/overview", *size)
    line, title = opened.locator(".st-key-context p").first, opened.get_by_role("heading", level=1)
    expect(line).to_be_visible(timeout=2 * PATIENT)
    long = (
        "Fashion-MNIST demo › Demo · If you stopped now: ",
        "580 of 730 suspects left",
        " (389 confirmed, 191 more flagged), about 396 poisoned or mislabelled",
    )
    lines = 1 if size[0] >= 1280 else 2

    def whole_and_clear() -> bool:
        line.evaluate(SAY_IN_PARTS, long)
        below, above = title.bounding_box(), line.bounding_box()
        return bool(
            line.evaluate("(one) => one.scrollWidth <= one.clientWidth && one.scrollHeight <= one.clientHeight + 1")
            and round(line.evaluate(LINES)) == lines
            and below
            and above
            and 0 <= above["y"] < above["y"] + above["height"] < below["y"]
        )

    eventually(whole_and_clear)  # its letters may come after its words


@pytest.mark.parametrize("size", SIZES)
def test_of_the_sentences_above_a_map_those_in_view_are_whole(
    size: tuple[int, int], running: Server, page: OpenPage
) -> None:
    opened = page(f"{running.url}/clusters", *size)
    line = opened.locator(".st-key-brief")
    expect(line.locator("p").first).to_be_visible(timeout=2 * PATIENT)
    eventually(lambda: line.evaluate(ICON_AT_THE_END))  # only then the line is laid out

    def whole() -> bool:
        first, shown = line.locator("p").first.bounding_box(), line.evaluate(IN_VIEW)
        return bool(first) and shown[0][0] == 0 and all(fits or top >= first["height"] for top, fits in shown)

    eventually(whole)


def test_what_chooses_the_data_stands_in_one_row(running: Server, page: OpenPage) -> None:
    opened = page(f"{running.url}/data", 1280, 720)
    expect(opened.get_by_role("button", name="Recorded")).to_be_visible(timeout=2 * PATIENT)
    expect(opened.get_by_role("button", name="Open other data")).to_be_visible(timeout=PATIENT)
    row = opened.locator(".st-key-data-controls")
    eventually(lambda: (row.bounding_box() or {"height": 999})["height"] < 90)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["clusters", "detect"])
def test_every_column_of_a_table_is_in_view(name: str, size: tuple[int, int], running: Server, page: OpenPage) -> None:
    opened = page(f"{running.url}/{name}", *size)
    expect(opened.locator("[data-testid=stDataFrame] .dvn-scroller").first).to_be_visible(timeout=2 * PATIENT)
    eventually(lambda: not opened.evaluate(OUT_OF_VIEW))
    sound(opened)


@pytest.mark.parametrize("name", ["clusters", "review"])
def test_a_deep_link_may_be_the_first_that_a_server_is_asked(
    name: str, serve: Serve, page: OpenPage, small: Path
) -> None:
    opens(serve(small, copied=False), page, name)


def test_an_address_that_leads_nowhere_is_named(running: Server, page: OpenPage) -> None:
    window = page(f"{running.url}/nope")
    expect(window.get_by_text("There is no page named nope.")).to_be_visible(timeout=PATIENT)
    window.goto(f"{running.url}/review?run=nonsense")
    expect(window.get_by_text("The run in the address does not exist here")).to_be_visible(timeout=PATIENT)


def test_an_empty_workspace_stays_empty_and_says_what_to_do(serve: Serve, page: OpenPage, workspace: Path) -> None:
    server = serve(workspace, {"ASSAY_NO_DEMO": "1"})
    opened = page(server.url)
    expect(opened.get_by_role("button", name="Start the demo")).to_be_visible(timeout=PATIENT)
    sound(opened)
    for title in ("Train", "Clusters", "Trajectories", "Detect", "Review", "Repair", "Report", "Trigger demo"):
        goto(opened, title)
        expect(opened.get_by_role("link", name="Open data or start the demo")).to_be_visible(timeout=PATIENT)
        sound(opened)
    goto(opened, "Attack lab")
    expect(opened.get_by_role("button", name="Use the built-in demo images, clean")).to_be_visible(timeout=PATIENT)
    assert runs.all_runs(workspace) == []


def test_the_picker_follows_a_new_run_and_a_choice_by_hand(serve: Serve, page: OpenPage, small: Path) -> None:
    window = page(f"{serve(small).url}/train")
    picker = window.get_by_role("combobox", name="Run", exact=True)
    expect(picker).to_have_value(re.compile("^Small ·"), timeout=2 * PATIENT)
    window.get_by_role("button", name="Train", exact=True).click()
    eventually(lambda: len(runs.all_runs(small)) == 2)
    new = next(run for run in runs.all_runs(small) if run.name != "Small")
    expect(picker).to_have_value(re.compile(f"^{re.escape(new.name)} ·"), timeout=PATIENT)
    picker.click()
    window.get_by_role("option", name=re.compile("^Small ·")).click()
    expect(window.get_by_text(TELLING["train"])).to_be_visible(timeout=PATIENT)
    expect(picker).to_have_value(re.compile("^Small ·"))
    window.wait_for_url(re.compile(f"run={next(run.id for run in runs.all_runs(small) if run.name == 'Small')}"))
    sound(window)


def test_what_one_window_decides_the_other_shows(serve: Serve, page: OpenPage, small: Path) -> None:
    server = serve(small)
    first, second = page(f"{server.url}/review"), page(f"{server.url}/review")
    for window in (first, second):
        expect(window.get_by_text("flagged samples are decided")).to_be_visible(timeout=PATIENT)
    first.locator(".st-key-choose-all").get_by_role("button").click(timeout=PATIENT)
    bar = first.locator(".st-key-selection-bar")
    expect(bar.get_by_text(re.compile(r"[1-9]\d* selected"))).to_be_visible(timeout=PATIENT)
    bar.get_by_role("button", name="Keep").click()
    answer_yes(first, selected_count(first))
    run = runs.all_runs(small)[0]
    expect(first.get_by_text(re.compile(r"Kept: \d+ samples"))).to_be_visible(timeout=PATIENT)
    kept = len(review.verdicts(small, run.id))
    assert kept
    second.reload()
    expect(second.get_by_text(f"{kept} of {kept} flagged samples are decided")).to_be_visible(timeout=PATIENT)


def test_keys_decide_on_clicked_images_and_undo_takes_it_back(serve: Serve, page: OpenPage, small: Path) -> None:
    server = serve(small)
    run = runs.all_runs(small)[0]
    opened = page(f"{server.url}/review")
    tile = opened.locator(".tile[aria-selected]").first
    tile.click(timeout=PATIENT)
    expect(opened.locator(".st-key-selection-bar").get_by_text("1 selected")).to_be_visible(timeout=PATIENT)
    opened.keyboard.press("e")
    eventually(lambda: [verdict.decision for verdict in review.verdicts(small, run.id).values()] == ["exclude"])
    expect(opened.get_by_text(re.compile("^1 of .* flagged samples are decided"))).to_be_visible(timeout=PATIENT)
    opened.keyboard.press("u")
    eventually(lambda: review.verdicts(small, run.id) == {})


def test_hovering_a_point_shows_its_image(serve: Serve, page: OpenPage, small: Path) -> None:
    server = serve(small)
    opened = page(f"{server.url}/clusters")
    chart = opened.locator("[data-testid=stEChartsChart] canvas").first
    expect(chart).to_be_visible(timeout=PATIENT)
    area = chart.bounding_box()
    assert area
    image = opened.locator("[data-testid=stEChartsChart] img[src^='thumb/']")
    down = itertools.cycle(range(40, int(area["height"]) - 20, 6))  # down the middle, until a point is met

    def met() -> bool:
        opened.mouse.move(area["x"] + area["width"] / 2, area["y"] + next(down))
        opened.wait_for_timeout(220)
        return bool(image.count() and image.first.is_visible())

    eventually(met)
    shown = (
        "() => [...document.querySelectorAll('[data-testid=stEChartsChart] img')].some(one => one.naturalWidth === 28)"
    )
    opened.wait_for_function(shown, timeout=PATIENT)


def test_a_killed_worker_is_resumed_by_the_next_server_and_no_verdict_is_lost(
    serve: Serve, page: OpenPage, small: Path
) -> None:
    first = runs.all_runs(small)[0]
    pipeline.decide(first, [1, 2, 3], "exclude", reviewer="test")
    server = serve(small)
    run = pipeline.new_run(small, first.dataset, TrainConfig(epochs=EPOCHS), name="Killed")
    jobs.start_run(run)
    # However slow the page is: the worker is held where it is until the page has shown how far that is.
    eventually(lambda: re.search(r"epoch \d+ of", jobs.poll(run.path).message) is not None)
    os.kill(jobs.poll(run.path).pid, signal.SIGSTOP)
    opened = page(f"{server.url}/train?run={run.id}")
    expect(opened.get_by_text(re.compile(rf"epoch \d+ of {EPOCHS}, mean loss")).first).to_be_visible(timeout=PATIENT)
    os.kill(jobs.poll(run.path).pid, signal.SIGKILL)
    expect(opened.get_by_text("Training is interrupted").first).to_be_visible(timeout=PATIENT)
    epochs_before = len(runs.history(run))
    server.kill()
    server.start()
    deadline = time.monotonic() + 240
    while not runs.open_run(small, run.id).done("activations") and time.monotonic() < deadline:
        time.sleep(0.3)
    assert runs.open_run(small, run.id).done("activations")
    history = runs.history(run)
    assert [entry["epoch"] for entry in history] == list(range(1, EPOCHS + 1))
    assert 1 <= epochs_before < EPOCHS
    assert np.isfinite(run.array("losses")).all()
    assert sorted(review.verdicts(small, first.id)) == [1, 2, 3]


def test_a_damaged_journal_is_said_in_words_and_the_other_pages_stand(
    serve: Serve, page: OpenPage, small: Path
) -> None:
    for leftover in small.glob("journal.db*"):
        leftover.unlink()
    (small / "journal.db").write_bytes(b"not a database " * 400)
    server = serve(small)
    opened = page(f"{server.url}/review")
    expect(opened.get_by_text("The journal of verdicts cannot be opened.")).to_be_visible(timeout=PATIENT)
    sound(opened)
    goto(opened, "Data")
    expect(opened.get_by_text("training images in")).to_be_visible(timeout=PATIENT)
