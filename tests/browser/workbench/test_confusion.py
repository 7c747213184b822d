"""A count of the matrix on Train selects its samples, which are decided on there and stay selected on the maps."""

from pathlib import Path

from playwright.sync_api import expect

from core import runs
from core.analysis import opened_run
from core.analysis.samples import confused, ids_confused, review_table
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT, goto
from tests.browser.test_pages import eventually, sound
from tests.browser.test_review import BAR, TILE, decisions


def test_a_click_on_a_count_selects_its_samples_on_every_page_and_keys_decide(
    serve: Serve, page: OpenPage, small: Path
) -> None:
    subject = opened_run.opened(runs.all_runs(small)[0])
    table, names = review_table(subject), subject.data.class_names
    pairs = confused(table)
    few = pairs[(pairs["label"] != pairs["predicted"]) & (pairs["samples"] <= 20)]  # no question, and all are shown
    label, predicted = (int(few.iloc[0][side]) for side in ("label", "predicted"))
    chosen = ids_confused(table, label, predicted).tolist()
    window = page(f"{serve(small, {'ASSAY_REVIEWER': 'ann'}).url}/train")
    cell = window.get_by_role("gridcell", name=f"given {names[label]}, predicted {names[predicted]}:")
    cell.scroll_into_view_if_needed(timeout=2 * PATIENT)
    expect(window.locator(BAR)).to_have_count(0)
    cell.click(timeout=PATIENT)
    expect(window.locator(BAR).get_by_text(f"{len(chosen)} selected")).to_be_visible(timeout=PATIENT)
    expect(cell).to_have_attribute("aria-selected", "true")
    shown = window.locator(f".st-key-confusion-selected {TILE}")
    expect(shown).to_have_count(len(chosen))
    assert {int(tile.get_attribute("data-id") or 0) for tile in shown.all()} == set(chosen)
    goto(window, "Clusters")
    expect(window.locator(BAR).get_by_text(f"{len(chosen)} selected")).to_be_visible(timeout=PATIENT)
    goto(window, "Train")
    expect(cell).to_have_attribute("aria-selected", "true", timeout=PATIENT)
    shown.first.focus()
    window.keyboard.press("m")
    eventually(lambda: decisions(small) == dict.fromkeys(chosen, "mark"))
    expect(cell).to_have_attribute("aria-selected", "false", timeout=PATIENT)
    sound(window)
