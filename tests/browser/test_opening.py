"""Data in a real browser: opened from folders, archives and tables, with traps refused; and every sample looked at."""

import csv
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from core.data import store
from pages.ui.widgets.address import GRACE
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT
from tests.browser.test_pages import eventually, sound
from tests.core.hub_server import Repo, serving

GALLERY = ".st-key-data-gallery"

# Pickle opcodes that create the file named in them when unpickled: os.open(<path>, O_CREAT | O_WRONLY).
TRAP = b"cposix\nopen\n(V%s\nI65\ntR."


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder that the page may read, with the same 24 pictures as folders, as a .zip, and as a table."""
    folder = tmp_path / "data"
    rows = []
    for number in range(24):
        name = f"pictures/{('cat', '<b>dog *x*')[number % 2]}/{number:02}.png"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 255, (16, 16, 3), np.uint8)
        Image.fromarray(pixels).save(folder / name)
        rows.append((name, "cat" if number % 2 == 0 else "dog"))
    (folder / "pictures/cat/broken.png").write_bytes(b"no image")
    (folder / "pictures/cat/again.png").write_bytes((folder / rows[0][0]).read_bytes())
    with zipfile.ZipFile(folder / "pictures.zip", "w") as archive:
        for name, _ in rows:
            archive.write(folder / name, name)
    with (folder / "pictures.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("path", "label"), *rows])
    return folder


def look(page: Page, path: Path) -> None:
    """Type a path and look at it."""
    page.get_by_role("textbox", name="Path of a file or folder").fill(str(path))
    page.get_by_role("button", name="Look at it").click()


def imported(page: Page, words: str) -> None:
    """Import what was looked at, and see that the Data page shows it."""
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("training images in")).to_be_visible(timeout=3 * PATIENT)
    expect(page.get_by_text(words)).to_be_visible(timeout=PATIENT)


def test_a_folder_an_archive_and_a_table_are_looked_at_imported_and_shown(
    serve: Serve, page: OpenPage, workspace: Path, data: Path
) -> None:
    server = serve(workspace, {"ASSAY_NO_DEMO": "1", "ASSAY_DATA": str(data)})
    opened = page(f"{server.url}/data", width=1000, height=700)
    opened.get_by_role("button", name="pictures", exact=True).click(timeout=PATIENT)
    expect(opened.get_by_role("textbox", name="Path of a file or folder")).to_have_value(str(data / "pictures"))
    opened.get_by_role("button", name="Look at it").click()
    expect(opened.get_by_text("26 training samples in 2 classes")).to_be_visible(timeout=3 * PATIENT)
    for words in ("Unreadable · 1", "Duplicate · 1", "All are 16×16 pixels"):
        expect(opened.get_by_text(words)).to_be_visible(timeout=PATIENT)
    expect(opened.locator("img[src^='preview/']")).to_have_count(12, timeout=PATIENT)
    assert store.describe_all(workspace) == []
    opened.get_by_role("textbox", name="Name").fill("Cats and dogs")
    imported(opened, "25 training images in 2 classes")
    found = store.describe_all(workspace)
    assert [(info.name, info.n, info.n_skipped, info.shape) for info in found] == [
        ("Cats and dogs", 25, 1, (16, 16, 3))
    ]
    expect(opened.locator(".tally .row", has_text="Duplicate")).to_contain_text("2", timeout=PATIENT)
    expect(opened.get_by_text("Unreadable · 1").last).to_be_visible(timeout=PATIENT)
    for name in ("pictures.zip", "pictures.csv"):
        opened.get_by_role("button", name="Open other data").click()
        look(opened, data / name)
        expect(opened.get_by_text("24 training samples in 2 classes")).to_be_visible(timeout=3 * PATIENT)
        imported(opened, "24 training images in 2 classes")
    assert len(store.describe_all(workspace)) == 3
    assert opened.locator("[data-testid=stException]").count() == 0


def test_traps_and_mistakes_get_words_and_nothing_is_executed_or_lost(
    serve: Serve, page: OpenPage, workspace: Path, data: Path, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    for name in ("trap.npz", "trap.pt"):
        (data / name).write_bytes(TRAP % str(ran).encode())
    server = serve(workspace, {"ASSAY_NO_DEMO": "1", "ASSAY_DATA": str(data)})
    opened = page(f"{server.url}/data")
    field = opened.get_by_role("textbox", name="Path of a file or folder")
    expect(field).to_be_visible(timeout=PATIENT)
    for path, words in (
        (tmp_path / "elsewhere.npz", "lies outside the folders that this page may read"),
        (data / "trap.pt", "which cannot be opened"),
        (data / "trap.npz", "trap.npz cannot be read"),
    ):
        look(opened, path)
        expect(opened.get_by_role("alert").get_by_text(words)).to_be_visible(timeout=3 * PATIENT)
        expect(field).to_have_value(str(path))
    assert not ran.exists()
    assert store.describe_all(workspace) == []
    assert opened.locator("[data-testid=stException]").count() == 0


def test_a_data_set_of_the_hub_is_asked_for_fetched_and_imported_by_clicks(
    serve: Serve, page: OpenPage, workspace: Path
) -> None:
    rows = "".join(f"message {row},{('ham', 'spam')[row % 2]}\n" for row in range(12))
    with serving() as hub:
        hub.repos["ann/mail"] = Repo({"train.csv": f"text,label\n{rows}".encode(), "load.py": b"raise SystemExit"})
        server = serve(workspace, {"ASSAY_NO_DEMO": "1", "HF_ENDPOINT": hub.url})
        opened = page(f"{server.url}/data")
        opened.get_by_text("Hugging Face Hub").click(timeout=PATIENT)
        name, ask = opened.get_by_role("textbox", name="Name on the Hub"), opened.get_by_role("button", name="Ask the")
        expect(name).to_be_visible(timeout=PATIENT)
        assert hub.asked == []
        for typed, words in (("mail", "is no name on the Hub"), ("ann/none", "There is no data set ann/none")):
            name.fill(typed)
            ask.click()
            expect(opened.get_by_role("alert").get_by_text(words)).to_be_visible(timeout=2 * PATIENT)
        name.fill("ann/mail")
        ask.click()
        expect(opened.get_by_text(re.compile("ann/mail: 1 file, "))).to_be_visible(timeout=2 * PATIENT)
        assert not [path for path in hub.asked if "resolve" in path]
        opened.get_by_role("button", name="Download it").click()
        expect(opened.get_by_text("12 training samples in 2 classes")).to_be_visible(timeout=4 * PATIENT)
        assert not [path for path in hub.asked if path.endswith(".py")]
        opened.get_by_role("button", name="Import").click()
        expect(opened.get_by_text("12 training texts in 2 classes")).to_be_visible(timeout=3 * PATIENT)
    assert [(info.name, info.n) for info in store.describe_all(workspace)] == [("ann/mail", 12)]
    sound(opened)


def drag(page: Page, plot: Locator, start: float, end: float) -> None:
    """Draw a range on a histogram, between two fractions of its width."""
    plot.hover()  # once it stands still
    box = plot.bounding_box()
    assert box is not None
    height = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], height)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], height, steps=5)
    page.mouse.up()


def ids(page: Page) -> list[str]:
    """What the gallery shows, in its order."""
    expect(page.locator(f"{GALLERY} .tile").first).to_be_visible(timeout=PATIENT)
    return list(page.locator(f"{GALLERY} .tile").evaluate_all("tiles => tiles.map(tile => tile.dataset.id)"))


def test_samples_are_filtered_by_clicks_and_drags_looked_at_by_keys_and_shared(
    serve: Serve, page: OpenPage, small: Path
) -> None:
    window = page(f"{serve(small).url}/data")
    expect(window.get_by_text("1,000 images · 1–120")).to_be_visible(timeout=2 * PATIENT)
    shown = ids(window)
    assert shown != sorted(shown, key=int)
    eventually(lambda: bool(window.evaluate("document.querySelector('.stMain').scrollHeight") < 1000))

    window.locator(".tally .row", has_text="Bag").click()
    window.wait_for_url(re.compile("class=8"), timeout=PATIENT)
    expect(window.get_by_text(re.compile("of 1,000 images"))).to_be_visible(timeout=PATIENT)

    drag(window, window.locator(".histogram .plot").first, 0.5, 0.95)
    window.wait_for_url(re.compile("brightness="), timeout=PATIENT)
    expect(window.locator(".histogram .area").first).to_be_visible(timeout=PATIENT)

    tile = window.locator(f"{GALLERY} .tile").nth(1)
    expect(tile).to_contain_text("Bag", timeout=PATIENT)
    tile.click()
    window.wait_for_url(re.compile("sample="), timeout=PATIENT)
    first = window.url
    expect(window.get_by_text(re.compile("brightness [0-9.]+%"))).to_be_visible(timeout=PATIENT)
    window.keyboard.press("ArrowRight")
    window.wait_for_url(lambda url: url != first, timeout=PATIENT)
    shared, seen = window.url, ids(window)

    other = page(shared, width=1000, height=700)
    expect(other.get_by_text(re.compile("brightness [0-9.]+%"))).to_be_visible(timeout=2 * PATIENT)
    eventually(lambda: ids(other) == seen)
    other.keyboard.press("Escape")
    other.wait_for_url(lambda url: "sample=" not in url, timeout=PATIENT)
    everything = other.get_by_role("button", name="Show all")
    expect(everything).to_have_count(1, timeout=PATIENT)  # two while the page is drawn anew around it
    everything.click(timeout=PATIENT)
    expect(other.get_by_text("1,000 images · 1–120")).to_be_visible(timeout=PATIENT)
    sound(other)


def test_the_next_page_holds_other_samples_and_a_step_back_the_first_ones(
    serve: Serve, page: OpenPage, small: Path
) -> None:
    window = page(f"{serve(small).url}/data", width=1000, height=700)
    expect(window.locator(".st-key-data-pager").get_by_text("of 9", exact=True)).to_be_visible(timeout=2 * PATIENT)
    counted, number = window.get_by_text("1,000 images · 1–120"), window.get_by_role("spinbutton", name="Page")
    eventually(lambda: bool(counted.evaluate("node => node.scrollWidth <= node.clientWidth")))  # nothing of it is cut
    first = ids(window)
    window.locator(".st-key-data-next button").first.click()
    expect(window.get_by_text("121–240")).to_be_visible(timeout=PATIENT)
    expect(number).to_have_value("2")
    expect(window.locator(f'{GALLERY} .tile[data-id="{first[0]}"]')).to_have_count(0, timeout=PATIENT)
    assert not set(first) & set(ids(window))
    window.wait_for_timeout(1000 * GRACE + 500)  # before, an older address may be a request that was under way
    window.go_back()
    expect(number).to_have_value("1", timeout=PATIENT)
    expect(window.locator(f'{GALLERY} .tile[data-id="{first[0]}"]')).to_have_count(1, timeout=PATIENT)
    sound(window)
