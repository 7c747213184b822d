"""The whole journey by clicks, from data to report, on the demo that starts by itself."""

import json
import re
import time
from pathlib import Path

from playwright.sync_api import Page, expect

from core import runs
from core.evaluation import results
from core.journal import review
from tests.browser.brush import PATIENT, draw_lasso
from tests.browser.conftest import OpenPage, Serve

TRAINING = 240_000  # ms; a demo takes a quarter of that on two idle cores


def goto(page: Page, title: str) -> None:
    """Click a page's name in the sidebar and wait for its heading."""
    before = page.get_by_role("heading", level=1).inner_text()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text(before, timeout=PATIENT)


def answer_yes(page: Page, count: int) -> None:
    """Confirm the question that is asked before more than a page of samples is decided on."""
    if count > 60:
        page.get_by_role("dialog").get_by_role("button", name=re.compile(f"{count:,}")).click(timeout=PATIENT)


def selected_count(page: Page) -> int:
    """The number in the selection bar, once something is selected."""
    bar = page.locator(".st-key-selection-bar")
    text = bar.get_by_text(re.compile(r"[1-9][\d,]* selected")).first.inner_text(timeout=PATIENT)
    return int(text.split()[0].replace(",", ""))


def the_run(workspace: Path) -> runs.Run:
    """The run that is no repair."""
    return next(run for run in runs.all_runs(workspace) if run.parent is None)


def wait_for_stage(workspace: Path, stage: str, repaired: bool = False) -> runs.Run:
    """The run (or its repair) once a stage is on disk."""
    deadline = time.monotonic() + TRAINING / 1000
    while time.monotonic() < deadline:
        found = [run for run in runs.all_runs(workspace) if (run.parent is not None) == repaired]
        if found and found[0].done(stage):
            return found[0]
        time.sleep(0.5)
    raise AssertionError(f"{stage} was not reached in time")


def test_a_newcomer_gets_from_an_empty_workspace_to_a_repaired_model(
    serve: Serve, page: OpenPage, workspace: Path, tmp_path: Path
) -> None:
    server = serve(workspace, copied=False)
    first, second = page(server.url), page(server.url)

    # The demo starts by itself and shows its progress; the page stays usable, here and in a second window.
    expect(first.get_by_text("Nothing is known yet")).to_be_visible(timeout=PATIENT)
    expect(first.get_by_text(re.compile("Training: epoch|Training")).first).to_be_visible(timeout=60_000)
    goto(first, "Train")
    # However fast the training is: "epoch 3 of 16, mean loss …" while it lasts, "After epoch 16 of 16 …" afterwards.
    expect(first.get_by_text(re.compile(r"epoch \d+ of 16")).first).to_be_visible(timeout=60_000)
    first.reload()
    expect(first.get_by_text(re.compile(r"epoch \d+ of 16")).first).to_be_visible(timeout=PATIENT)
    goto(second, "Clusters")
    waiting_or_there = second.get_by_text(re.compile("This page will show|Judged"))
    expect(waiting_or_there.first).to_be_visible(timeout=PATIENT)

    # Clusters fills by itself; a lasso becomes a gallery with its count, and one click excludes it.
    wait_for_stage(workspace, "maps:ica")
    expect(second.get_by_text("Judged").first).to_be_visible(timeout=PATIENT)
    draw_lasso(second, [(0.3, 0.15), (0.95, 0.15), (0.95, 0.6), (0.3, 0.6)])
    count = selected_count(second)
    assert 0 < count < 6000
    expect(second.get_by_text(f"{count:,} selected").first).to_be_visible()
    run = the_run(workspace)
    second.get_by_role("button", name="Exclude").click()
    answer_yes(second, count)
    expect(second.get_by_text(f"Excluded: {count:,} sample")).to_be_visible(timeout=PATIENT)
    assert len(review.verdicts(workspace, run.id)) == count

    # The other map shares the selection; undo takes the decision back.
    goto(second, "Trajectories")
    second.get_by_role("button", name="Undo").click()
    expect(second.get_by_text(f"Taken back: {count:,} sample")).to_be_visible(timeout=PATIENT)
    assert review.verdicts(workspace, run.id) == {}

    # The first page has the answer by now, a card for each group, and leads on.
    wait_for_stage(workspace, "evaluate")
    goto(first, "Overview")
    expect(first.get_by_text(re.compile("Backdoors are suspected in"))).to_be_visible(timeout=PATIENT)
    expect(first.get_by_role("link", name=re.compile("Review these")).nth(2)).to_be_visible(timeout=PATIENT)

    # Review: everything that is flagged, excluded in two clicks.
    goto(second, "Review")
    second.locator(".st-key-choose-all").get_by_role("button").click(timeout=PATIENT)
    n_flagged = selected_count(second)
    second.locator(".st-key-selection-bar").get_by_role("button", name="Exclude").click()
    answer_yes(second, n_flagged)
    expect(second.get_by_text(f"Excluded: {n_flagged:,} samples")).to_be_visible(timeout=PATIENT)
    assert len(review.verdicts(workspace, run.id)) == n_flagged

    # Repair: retrain, then the table; the backdoors are gone at little cost.
    wait_for_stage(workspace, "maps:umap")
    goto(second, "Repair")
    second.get_by_role("button", name="Retrain").click()
    child = wait_for_stage(workspace, "evaluate", repaired=True)
    expect(second.get_by_text(re.compile("known attacks (now|still) succeed"))).to_be_visible(timeout=PATIENT)
    compared = results.comparison(child)
    assert compared["removed"] == n_flagged
    before, after = compared["before"], compared["after"]
    assert sum(rate >= 0.9 for rate in before["attack_success_rate"].values()) >= 2
    assert all(rate <= 0.10 for rate in after["attack_success_rate"].values()), after
    assert after["clean_accuracy"] >= before["clean_accuracy"] - 0.02

    # Report: one file, downloaded.
    goto(second, "Report")
    with second.expect_download(timeout=PATIENT) as download:
        second.get_by_role("button", name="Download the report").click()
    saved = tmp_path / "report.html"
    download.value.save_as(saved)
    text = saved.read_text("utf-8")
    assert "Before and after the repair" in text
    assert f"{after['clean_accuracy']:.1%}" in text
    assert json.loads((run.path / "run.json").read_text())["stages"]
