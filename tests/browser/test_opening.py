"""Opening data in a real browser: folders, archives and tables are looked at, imported and shown; traps are refused."""

import csv
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.data import store
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT

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
    expect(page.get_by_text("Samples per class")).to_be_visible(timeout=3 * PATIENT)
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
    # While one screen gives way to the next, a slow machine shows both for a moment.
    expect(opened.get_by_text("Duplicate · 1").first).to_be_visible(timeout=PATIENT)
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
