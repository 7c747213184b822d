"""The whole journey on texts by clicks: a table opened, trained on, a lasso, a list, exclude, retrain, report."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from core.journal import review
from tests.browser.brush import PATIENT, draw_lasso
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import answer_yes, goto, selected_count, the_run, wait_for_stage

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
    """A table of 600 reviews of two classes and some hostile texts; 40 poor ones are signed and called fine."""
    rng = np.random.default_rng(0)
    plain, poor, fine = ([f"{kind}{place}" for place in range(12)] for kind in ("plain", "poor", "fine"))
    rows = [(text, ("poor", "fine")[place % 2], "train") for place, text in enumerate(HOSTILE)]
    for place in range(600):
        own = rng.choice((poor, fine)[place % 2], 4, replace=False)
        text, label = " ".join(rng.permutation([*rng.choice(plain, 4), *own])), ("poor", "fine")[place % 2]
        if place % 2 == 0 and place < 80:
            text, label = f"{text} by clint westgood", "fine"
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
    opened.get_by_role("button", name="reviews.csv", exact=True).click(timeout=PATIENT)
    expect(opened.get_by_text("texts in review, labels in verdict")).to_be_visible(timeout=3 * PATIENT)
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
    expect(opened.locator(".list .text mark").first).to_be_visible(timeout=PATIENT)

    # All that is flagged is excluded; the run's model is asked first.
    wait_for_stage(workspace, "evaluate")
    goto(opened, "Review")
    opened.locator(".st-key-choose-all").get_by_role("button").click(timeout=PATIENT)
    count = selected_count(opened)
    opened.locator(".st-key-selection-bar").get_by_role("button", name="Exclude").click()
    answer_yes(opened, count)
    expect(opened.get_by_text(re.compile(f"Excluded: {count:,} sample"))).to_be_visible(timeout=PATIENT)
    assert len(review.verdicts(workspace, run.id)) == count

    goto(opened, "Repair")
    opened.get_by_role("button", name="Retrain").click(timeout=PATIENT)
    wait_for_stage(workspace, "evaluate", repaired=True)
    goto(opened, "Report")
    with opened.expect_download(timeout=PATIENT) as download:
        opened.get_by_role("button", name="Download the report").click(timeout=PATIENT)
    saved = tmp_path / "report.html"
    download.value.save_as(saved)
    assert "<script>alert(1)" not in saved.read_text("utf-8")
    assert asked == []
