"""From a folder of photographs and a training of one's own to the list of files to remove, and a second training."""

import re
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from core import pipeline, runs
from core.output.export import EXPORTS
from core.pipeline.recorded import RecordedRequest
from core.runs import jobs
from tests.browser.brush import RUNNING
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT, goto
from tests.browser.test_opening import imported, look
from tests.browser.test_pages import eventually, sound
from tests.own_loop import photographs, train


def load(opened: Page, recording: Path) -> None:
    """Load a recording of the data that the Data page shows."""
    opened.get_by_role("button", name="Recorded").click()
    path = opened.get_by_placeholder("/home/me/recording")
    path.fill(str(recording))
    path.press("Enter")
    opened.get_by_role("button", name="Load the recording").click(timeout=PATIENT)


def removed_files(opened: Page) -> list[str]:
    """The lines of `removed_files.txt`, downloaded on the Report page."""
    opened.get_by_role("button", name="Files for other tools").click(timeout=2 * PATIENT)
    what = opened.get_by_role("combobox", name="What")
    what.click(timeout=PATIENT)
    what.fill("remove")
    opened.get_by_role("option").first.click(timeout=PATIENT)
    expect(opened.get_by_text(EXPORTS["removed_files"].help)).to_be_visible(timeout=PATIENT)
    expect(opened.locator(RUNNING)).to_have_count(0, timeout=PATIENT)  # the button is of this file, too
    with opened.expect_download(timeout=2 * PATIENT) as download:
        opened.get_by_role("button", name="Download", exact=True).click()
    assert download.value.suggested_filename.endswith("removed_files.txt")
    return Path(download.value.path()).read_text().splitlines()


def test_photographs_trained_in_a_loop_of_ones_own_give_the_files_to_remove(
    serve: Serve, page: OpenPage, workspace: Path, tmp_path: Path
) -> None:
    planted = photographs(tmp_path / "photos")
    train(tmp_path / "photos", tmp_path / "recording")
    server = serve(workspace, {"ASSAY_NO_DEMO": "1", "ASSAY_DATA": str(tmp_path)})
    opened = page(f"{server.url}/data")
    look(opened, tmp_path / "photos")
    expect(opened.get_by_text("300 training samples in 3 classes")).to_be_visible(timeout=3 * PATIENT)
    imported(opened, "300 training images in 3 classes")
    load(opened, tmp_path / "recording")
    eventually(lambda: any(jobs.poll(run.path).state in ("running", "done") for run in runs.all_runs(workspace)))
    assert [run.recorded for run in runs.all_runs(workspace)] == [True]

    # The backdoor's samples share their corner, so they are one family; what is left over is only hard to learn.
    goto(opened, "Review")
    expect(opened.get_by_text(re.compile(r"^0 of \d+ flagged samples are decided"))).to_be_visible(timeout=2 * PATIENT)
    opened.get_by_role("button", name="Family 1 · circles").click(timeout=PATIENT)
    opened.get_by_role("button", name=f"Exclude all {len(planted)}").click(timeout=PATIENT)
    opened.get_by_role("dialog").get_by_role("button", name=f"Exclude {len(planted)}").click(timeout=PATIENT)
    expect(opened.get_by_text(f"Excluded: {len(planted)} samples")).to_be_visible(timeout=PATIENT)
    expect(opened.get_by_text(re.compile(f"; {len(planted)} of 300 are excluded"))).to_be_visible()
    sound(opened)

    goto(opened, "Report")
    listed = removed_files(opened)
    assert sorted(listed) == planted
    assert all((tmp_path / "photos" / name).is_file() for name in listed)
    sound(opened)


def test_repair_shows_what_a_second_recorded_training_says_of_what_was_excluded(
    serve: Serve, page: OpenPage, workspace: Path, tmp_path: Path
) -> None:
    """Sixty samples are learned well; the second training no longer gives the six excluded ones their label."""
    labels = np.arange(60) % 3
    np.save(tmp_path / "labels.npy", labels)
    data = pipeline.import_dataset(workspace, tmp_path / "labels.npy", "Sounds", source="labels_only")
    changed = np.where(np.arange(60) < 6, (labels + 1) % 3, labels)
    for name, loss, predictions in (("first", 0.125, labels), ("second", 0.25, changed)):
        np.save(tmp_path / f"{name}.npy", np.full((60, 2), loss))
        np.save(tmp_path / f"{name}-p.npy", predictions)
        paths = {"losses": str(tmp_path / f"{name}.npy"), "predictions": str(tmp_path / f"{name}-p.npy")}
        pipeline.load_recorded(workspace, RecordedRequest(data.id, name=name, **paths))
    first = next(run for run in runs.all_runs(workspace) if run.name == "first")
    pipeline.decide(first, range(6), "exclude", reviewer="ann")

    opened = page(f"{serve(workspace, {'ASSAY_NO_DEMO': '1'}).url}/repair?run={first.id}")
    expect(opened.get_by_text("Compare with a second recorded training")).to_be_visible(timeout=2 * PATIENT)
    other = opened.get_by_role("combobox", name="Second training")
    other.click()
    opened.get_by_role("option", name=re.compile("^second")).click(timeout=PATIENT)
    expect(opened.get_by_text("second no longer gives the excluded samples")).to_be_visible(timeout=PATIENT)
    table = opened.get_by_test_id("stDataFrame").last
    table.scroll_into_view_if_needed()
    cells = table.locator("[data-testid^=glide-cell]")
    left_out, kept = (
        ["excluded", "6", "6", "0.125", "0.25", "1", "0"],
        ["left as it was", "54", "54", "0.125", "0.25", "1", "1"],
    )
    eventually(lambda: cells.all_text_contents() == left_out + kept)
    sound(opened)
