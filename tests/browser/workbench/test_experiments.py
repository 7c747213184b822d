"""Repairs as experiments: one is repeated with another seed from the page, and the removed samples are looked at."""

from pathlib import Path

from playwright.sync_api import expect

from core import pipeline, runs
from core.evaluation.removed import removed
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT
from tests.browser.test_pages import OUT_OF_VIEW, eventually, sound
from tests.browser.test_review import in_order


def test_a_repair_is_repeated_with_another_seed_and_its_removed_samples_are_looked_at(
    serve: Serve, page: OpenPage, small: Path
) -> None:
    run = runs.all_runs(small)[0]
    pipeline.decide(run, in_order(small)[:40], "exclude", reviewer="ann")
    child = pipeline.work(pipeline.new_repair(run))
    fate = removed(child)
    assert fate is not None
    window = page(f"{serve(small, {'ASSAY_REVIEWER': 'ann'}).url}/repair?run={run.id}")
    expect(window.get_by_test_id("stDataFrame").first).to_be_visible(timeout=2 * PATIENT)
    window.get_by_role("radio", name="Removed samples").click()
    told = f"calls {len(fate.probably_clean)} of 40 removed samples by their own label"
    expect(window.get_by_text(told)).to_be_visible(timeout=PATIENT)
    window.get_by_role("button", name="Repeat with other seeds").click()
    window.get_by_role("spinbutton", name="Further seeds").fill("1")
    window.get_by_role("spinbutton", name="Further seeds").press("Enter")
    window.get_by_role("button", name="Start", exact=True).click(timeout=PATIENT)
    eventually(lambda: [other.config["seed"] for other in runs.children(run) if other.done("evaluate")] == [1, 0])
    expect(window.get_by_text("Bars: one standard deviation over the seeds.")).to_be_visible(timeout=PATIENT)
    window.get_by_role("radio", name="Before and after").click()
    expect(window.get_by_text("mean ± standard deviation over 2 seeds.")).to_be_visible(timeout=PATIENT)
    window.set_viewport_size({"width": 1280, "height": 720})
    eventually(lambda: not window.evaluate(OUT_OF_VIEW))
    sound(window)
