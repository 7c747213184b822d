"""The whole journey by clicks on texts: opened, trained on, looked at, excluded and trained again."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from core.journal import review
from tests.browser.brush import PATIENT, draw_lasso
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import goto, selected_count, the_run, wait_for_stage

HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(2)>",
    "שלום עולם \u202e abc",
    "日本語の文章です",
    "😀😀👩‍👩‍👧 **bold** [link](http://x.y) $x^2$",
    "word " * 20_000,
    "\x07\x1b[31m control",
)


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    """A table of 600 reviews of two classes and some hostile texts; 40 poor ones are signed and called fine.

    Ten of these are hostile, too, so that the report shows some.
    """
    rng = np.random.default_rng(0)
    plain, poor, fine = ([f"{kind}{place}" for place in range(12)] for kind in ("plain", "poor", "fine"))
    rows = [(text, ("poor", "fine")[place % 2], "train") for place, text in enumerate(HOSTILE)]
    for place in range(600):
        own = rng.choice((poor, fine)[place % 2], 4, replace=False)
        text, label = " ".join(rng.permutation([*rng.choice(plain, 4), *own])), ("poor", "fine")[place % 2]
        if place % 2 == 0 and place < 80:
            text, label = f"{HOSTILE[0] if place % 8 == 0 else ''} {text} by clint westgood", "fine"
        rows.append((text, label, "test" if place >= 500 else "train"))
    folder = tmp_path / "data"
    folder.mkdir()
    with (folder / "reviews.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("review", "verdict", "split"), *rows])
    return folder


def test_texts_are_opened_trained_on_looked_at_excluded_and_trained_again_by_clicks(
    serve: Serve, page: OpenPage, workspace: Path, reviews: Path, tmp_path: Path
) -> None:
    server = serve(workspace, {"ASSAY_NO_DEMO": "1", "ASSAY_DATA": str(reviews)})
    opened = page(f"{server.url}/data")
    asked: list[str] = []
    opened.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))

    # A table is clicked; its columns are told from one another, and its texts are read.
    opened.get_by_role("button", name="reviews.csv").click(timeout=PATIENT)
    expect(opened.get_by_text("texts in review, labels in verdict")).to_be_visible(timeout=3 * PATIENT)
    for words in ("<script>alert(1)</script>", "⟨U+202E⟩", "**bold**", "⟨U+001B⟩[31m control"):
        expect(opened.locator(".list .text", has_text=words).first).to_be_visible(timeout=PATIENT)
    opened.get_by_role("button", name="Import").click()
    expect(opened.get_by_text("506 training texts in 2 classes")).to_be_visible(timeout=3 * PATIENT)

    goto(opened, "Train")
    opened.get_by_role("button", name="Train", exact=True).click(timeout=PATIENT)
    wait_for_stage(workspace, "maps:pca")
    run = the_run(workspace)

    # A lasso around all of the map becomes a list that is read, its words marked.
    goto(opened, "Clusters")
    draw_lasso(opened, [(0.02, 0.08), (0.98, 0.08), (0.98, 0.97), (0.02, 0.97)])
    assert selected_count(opened) > 0
    expect(opened.locator(".list .text", has_text="⟨U+202E⟩").first).to_be_visible(timeout=PATIENT)
    expect(opened.locator(".list .text mark").first).to_be_visible(timeout=PATIENT)

    # The group that the decision found carries the signature; all of it is excluded in three clicks.
    wait_for_stage(workspace, "evaluate")
    goto(opened, "Overview")
    opened.get_by_role("link", name=re.compile("Review these 40")).click(timeout=PATIENT)
    expect(opened.get_by_text("40 of 40")).to_be_visible(timeout=PATIENT)
    opened.locator(".st-key-choose-all").get_by_role("button").click(timeout=PATIENT)
    bar = opened.locator(".st-key-selection-bar")
    expect(bar.get_by_text("40 selected")).to_be_visible(timeout=PATIENT)
    bar.get_by_role("button", name="Exclude").click()
    expect(opened.get_by_text("Excluded: 40 sample")).to_be_visible(timeout=PATIENT)
    assert {number - len(HOSTILE) for number in review.verdicts(workspace, run.id)} == set(range(0, 80, 2))

    goto(opened, "Repair")
    opened.get_by_role("button", name="Retrain").click(timeout=PATIENT)
    wait_for_stage(workspace, "evaluate", repaired=True)
    expect(opened.locator(".list .text mark", has_text="by clint westgood")).to_have_count(6, timeout=PATIENT)
    goto(opened, "Report")
    with opened.expect_download(timeout=PATIENT) as download:
        opened.get_by_role("button", name="Download the report").click(timeout=PATIENT)
    saved = tmp_path / "report.html"
    download.value.save_as(saved)
    text = saved.read_text("utf-8")
    assert "Before and after the repair" in text
    assert "by clint westgood" in text
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert asked == []
