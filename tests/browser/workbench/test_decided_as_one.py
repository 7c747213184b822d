"""A cluster decided on as one, the whole screen, and data that are committed, trained on and gone back to."""

import re
from pathlib import Path

from playwright.sync_api import expect

from core import runs
from core.analysis import opened_run
from core.analysis.opened_run import CLUSTERING
from core.analysis.samples import review_table
from core.data import store
from core.journal import review, revisions
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT, goto, wait_for_stage
from tests.browser.test_pages import eventually, sound
from tests.browser.test_review import BAR, TILE, decisions, in_order, opened

WHOLE = ".st-key-full-screen"


def test_a_cluster_is_decided_on_as_one_and_a_sample_on_the_whole_screen(
    serve: Serve, page: OpenPage, small: Path
) -> None:
    run = runs.all_runs(small)[0]
    index = next(index for index, found in runs.detections(run)[CLUSTERING].classes.items() if found.was_split)
    table = review_table(opened_run.opened(run))
    cluster = table[(table["cluster_class"] == index) & (table["cluster"] == 1)]["id"].tolist()
    window = page(f"{serve(small, {'ASSAY_REVIEWER': 'ann'}).url}/clusters")
    window.get_by_role("combobox", name=re.compile("^Class")).click(timeout=2 * PATIENT)
    window.get_by_role("option", name=class_name(run, index)).click(timeout=PATIENT)
    window.get_by_role("link", name="Review", exact=True).first.click(timeout=PATIENT)
    window.wait_for_url(re.compile("cluster="), timeout=PATIENT)
    n = len(cluster)
    expect(window.get_by_text(f"Smaller cluster of {class_name(run, index)}: {n} samples")).to_be_visible(
        timeout=PATIENT
    )
    window.get_by_role("button", name=f"Exclude all {n}").click(timeout=PATIENT)
    dialog = window.get_by_role("dialog")
    expect(dialog.get_by_text(f"Exclude {n} samples?")).to_be_visible(timeout=PATIENT)
    assert decisions(small) == {}
    dialog.get_by_role("button", name=f"Exclude {n}").click(timeout=PATIENT)
    eventually(lambda: decisions(small) == dict.fromkeys(cluster, "exclude"))
    assert set(review.journal(small, run.id)["reason"]) == {f"smaller cluster of {class_name(run, index)}"}

    left = in_order(small)
    window.locator(".st-key-clear-filters").get_by_role("button").click(timeout=PATIENT)
    expect(window.locator(BAR).get_by_text(f"Sample #{left[0]}")).to_be_visible(timeout=PATIENT)
    expect(window.locator(f'{TILE}.here[data-id="{left[0]}"]')).to_be_visible(timeout=PATIENT)
    window.keyboard.press("f")
    whole = window.locator(WHOLE)
    expect(whole.get_by_text(f"1 of {len(left)}")).to_be_visible(timeout=PATIENT)
    expect(whole.get_by_text("Nearest in other classes")).to_be_visible(timeout=PATIENT)
    expect(whole.locator(f"{TILE}.here").first).to_be_visible(timeout=PATIENT)
    window.keyboard.press("k")
    eventually(lambda: decisions(small).get(left[0]) == "keep")
    expect(whole.locator(BAR).get_by_text(f"Sample #{left[1]}")).to_be_visible(timeout=PATIENT)
    window.keyboard.press("u")
    eventually(lambda: left[0] not in decisions(small))
    expect(whole.locator(BAR).get_by_text(f"Sample #{left[0]}")).to_be_visible(timeout=PATIENT)
    window.keyboard.press("Escape")
    expect(whole).to_have_count(0, timeout=PATIENT)
    expect(window.locator(TILE).nth(10)).to_be_visible(timeout=PATIENT)
    sound(window)


def test_a_key_pressed_while_the_page_is_rebuilt_waits_for_its_gallery(
    serve: Serve, page: OpenPage, small: Path
) -> None:
    first = in_order(small)[0]
    window = opened(page, serve(small).url)
    whole = window.locator(WHOLE)
    window.keyboard.press("f")
    expect(whole.get_by_text("Nearest in other classes")).to_be_visible(timeout=PATIENT)
    # Left, and entered again in the very moment in which neither gallery is there.
    assert window.evaluate(
        """(whole) => new Promise((done) => {
        const press = (key) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        new MutationObserver((_, observer) => {
            if (document.querySelector(whole)) return;
            observer.disconnect();
            press("f");
            done(true);
        }).observe(document.body, { childList: true, subtree: true });
        press("f");
        setTimeout(() => done(false), 60_000);
    })""",
        WHOLE,
    )
    expect(whole.get_by_text("Nearest in other classes")).to_be_visible(timeout=PATIENT)
    window.keyboard.press("e")
    eventually(lambda: decisions(small) == {first: "exclude"})
    sound(window)


def test_a_revision_is_committed_trained_on_compared_and_gone_back_to(
    serve: Serve, page: OpenPage, small: Path
) -> None:
    run, ids = runs.all_runs(small)[0], in_order(small)
    window = opened(page, serve(small, {"ASSAY_REVIEWER": "ann"}).url)
    window.keyboard.press("a")
    expect(window.locator(BAR).get_by_text("60 selected")).to_be_visible(timeout=PATIENT)
    window.keyboard.press("e")
    dialog = window.get_by_role("dialog")  # no more than a page, but some of them were called clean
    expect(dialog.get_by_text("of them are bona fide")).to_be_visible(timeout=PATIENT)
    assert decisions(small) == {}
    dialog.get_by_role("button", name="Exclude 60").click(timeout=PATIENT)
    eventually(lambda: decisions(small) == dict.fromkeys(ids[:60], "exclude"))
    window.get_by_role("radio", name="Revisions").click()
    expect(window.get_by_text("Pending: 60 left out.")).to_be_visible(timeout=PATIENT)
    window.get_by_role("button", name="Commit").click()
    expect(window.get_by_text("Committed as revision 1")).to_be_visible(timeout=PATIENT)
    window.keyboard.press("k")
    eventually(lambda: decisions(small).get(ids[60]) == "keep")
    window.keyboard.press("e")
    eventually(lambda: decisions(small).get(ids[61]) == "exclude")

    # What is pending is committed with the repair, in the reviewer's name.
    goto(window, "Repair")
    window.get_by_role("button", name="Retrain").click(timeout=PATIENT)
    child = wait_for_stage(small, "evaluate", repaired=True)
    first, second = revisions.revisions(small, run.dataset)
    assert (first.reviewer, second.reviewer, runs.revision_of(child)) == ("ann", "ann", 2)
    assert runs.read_changes(child).excluded == frozenset([*ids[:60], ids[61]])

    goto(window, "Review")  # where the revisions are still open
    expect(window.get_by_text("1 left out.", exact=True)).to_be_visible(timeout=PATIENT)  # from the first to the second
    window.get_by_role("button", name="Go back …").click()
    window.get_by_role("button", name="Go back to revision 1").click(timeout=PATIENT)
    expect(window.get_by_text("Pending: 1 brought back.")).to_be_visible(timeout=PATIENT)
    assert ids[61] not in decisions(small)
    sound(window)


def class_name(run: runs.Run, index: int) -> str:
    """What the data set calls a class."""
    return store.describe(run.workspace, run.dataset).class_names[index]
