"""The review by keys and clicks: decide and go on, undo, redo, many at once, two reviewers, a view that is shared."""

import re
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page, expect

from core import pipeline, runs
from core.analysis import opened_run
from core.analysis.queue import Filter, queue
from core.analysis.samples import review_table
from core.data import store
from core.journal import review, revisions
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT, goto
from tests.browser.test_pages import eventually, sound

TILE, BAR = ".tile[role=option]", ".st-key-selection-bar"


def decisions(workspace: Path) -> dict[int, str]:
    """Sample → its verdict, of the only run."""
    run = runs.all_runs(workspace)[0]
    return {sample: verdict.decision for sample, verdict in review.verdicts(workspace, run.id).items()}


def in_order(workspace: Path) -> list[int]:
    """The undecided queue as the page shows it."""
    return queue(review_table(opened_run.opened(runs.all_runs(workspace)[0])), Filter())["id"].tolist()


def opened(page: OpenPage, url: str, width: int = 1400, height: int = 900) -> Page:
    """The page once its gallery stands and says what the keys are about."""
    window = page(f"{url}/review", width, height)
    expect(window.locator(TILE).first).to_be_visible(timeout=2 * PATIENT)
    expect(window.get_by_role("button", name="Relabel…").first).to_be_visible(timeout=PATIENT)
    return window


def test_keys_decide_and_go_on_and_nothing_typed_fast_is_lost(serve: Serve, page: OpenPage, small: Path) -> None:
    ids = in_order(small)
    window = opened(page, serve(small).url, 1000, 700)
    for key in "ekm":
        window.keyboard.press(key)  # without waiting for an answer
    eventually(lambda: decisions(small) == {ids[0]: "exclude", ids[1]: "keep", ids[2]: "mark"})
    expect(window.locator(BAR).get_by_text(f"Sample #{ids[3]}")).to_be_visible(timeout=PATIENT)
    window.keyboard.press("u")
    eventually(lambda: decisions(small) == {ids[0]: "exclude", ids[1]: "keep"})
    expect(window.locator(BAR).get_by_text(f"Sample #{ids[2]}")).to_be_visible(timeout=PATIENT)
    window.keyboard.press("y")
    eventually(lambda: decisions(small).get(ids[2]) == "mark")
    window.locator(TILE).nth(1).click()
    expect(window.locator(BAR).get_by_text("1 selected")).to_be_visible(timeout=PATIENT)
    window.keyboard.press("r")
    window.keyboard.press("4")  # before the question is on the screen
    eventually(lambda: "relabel" in decisions(small).values())
    [label] = {one.new_label for one in review.verdicts(small, runs.all_runs(small)[0].id).values()} - {None}
    assert label == 4
    sound(window)


def test_on_a_narrow_screen_the_bar_keeps_within_the_page(serve: Serve, page: OpenPage, small: Path) -> None:
    window = opened(page, serve(small).url, 1000, 700)
    keys = window.locator(f"{BAR} .st-key-press-keyboard")
    expect(keys).to_be_visible(timeout=PATIENT)

    def within() -> bool:
        boxes = [part.bounding_box() for part in (window.locator(BAR), keys, window.get_by_label("Reason"))]
        bar, last, reason = (box or {"x": 0, "width": 0} for box in boxes)
        return last["x"] + last["width"] <= bar["x"] + bar["width"] <= 1000 and reason["width"] > 50

    eventually(within)


def test_on_a_narrow_screen_each_filter_shows_its_whole_value(serve: Serve, page: OpenPage, small: Path) -> None:
    window = opened(page, serve(small).url, 1000, 700)
    fields = [window.get_by_role("combobox", name=name, exact=True) for name in ("Verdict", "Given", "Predicted")]
    expect(fields[0]).to_have_value("Undecided", timeout=PATIENT)
    eventually(lambda: all(field.evaluate("(one) => one.scrollWidth <= one.clientWidth") for field in fields))


def test_many_are_decided_only_after_a_question(serve: Serve, page: OpenPage, small: Path) -> None:
    ids = in_order(small)
    assert len(ids) > 60
    window = opened(page, serve(small).url)
    window.get_by_role("button", name=f"All {len(ids)}", exact=False).last.click()
    # As soon as the bar says so, when the gallery may not have been told yet.
    expect(window.locator(BAR).get_by_text(f"{len(ids)} selected")).to_be_visible(timeout=PATIENT)
    window.keyboard.press("e")
    dialog = window.get_by_role("dialog")
    expect(dialog.get_by_text(f"Exclude {len(ids)} samples?")).to_be_visible(timeout=PATIENT)
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0, timeout=PATIENT)
    assert decisions(small) == {}
    window.locator(BAR).get_by_role("button", name="Exclude").click()
    dialog.get_by_role("button", name=f"Exclude {len(ids)}").click(timeout=PATIENT)
    eventually(lambda: decisions(small) == dict.fromkeys(ids, "exclude"))
    expect(window.get_by_text(f"{len(ids)} of {len(ids)} flagged samples are decided")).to_be_visible(timeout=PATIENT)
    window.get_by_role("radio", name="Revisions").click()
    expect(window.get_by_text(f"Pending: {len(ids)} left out.")).to_be_visible(timeout=PATIENT)
    window.get_by_role("textbox", name="Name").fill("All that was flagged")
    window.get_by_role("button", name="Commit").click()
    expect(window.get_by_text("Committed as revision 1: All that was flagged")).to_be_visible(timeout=PATIENT)
    [made] = revisions.revisions(small, runs.all_runs(small)[0].dataset)
    assert (made.name, made.excluded) == ("All that was flagged", len(ids))


def test_a_question_stays_open_while_others_decide_until_it_is_left(serve: Serve, page: OpenPage, small: Path) -> None:
    run, ids = runs.all_runs(small)[0], in_order(small)
    window = opened(page, serve(small, {"ASSAY_REVIEWER": "ann"}).url)
    dialog = window.get_by_role("dialog")

    def bob_keeps(count: int) -> None:
        """Somebody else decides, which has the page drawn again."""
        pipeline.decide(run, ids[:count], "keep", reviewer="bob")
        expect(window.get_by_text(f"{count} of {len(ids)} flagged samples are decided")).to_be_visible(timeout=PATIENT)
        window.wait_for_timeout(500)  # whatever goes, goes with the rest of the page

    window.keyboard.press("?")
    expect(dialog.get_by_text("next undecided that nobody else looks at")).to_be_visible(timeout=PATIENT)
    bob_keeps(1)
    expect(dialog.get_by_text("next undecided that nobody else looks at")).to_be_visible()
    window.keyboard.press("Escape")
    expect(dialog).to_have_count(0, timeout=PATIENT)
    window.get_by_role("button", name=f"All {len(ids) - 1}", exact=False).last.click()
    expect(window.locator(BAR).get_by_text(f"{len(ids) - 1} selected")).to_be_visible(timeout=PATIENT)
    window.keyboard.press("e")
    expect(dialog.get_by_text(f"Exclude {len(ids) - 1} samples?")).to_be_visible(timeout=PATIENT)
    bob_keeps(2)
    expect(dialog.get_by_text(f"Exclude {len(ids) - 1} samples?")).to_be_visible()
    window.keyboard.press("Escape")
    expect(dialog).to_have_count(0, timeout=PATIENT)
    bob_keeps(3)
    assert dialog.count() == 0

    # By the browser's own buttons the page can be left under an open question, which does not wait there.
    goto(window, "Repair")
    goto(window, "Review")
    window.locator(BAR).get_by_role("button", name="Exclude").click(timeout=PATIENT)
    expect(dialog).to_have_count(1, timeout=PATIENT)
    for _ in range(5):  # on a slow connection Streamlit leaves more than one entry a page in the browser's history
        window.go_back()
        window.wait_for_timeout(3000)
        if "/repair" in window.url:
            break
    expect(window.get_by_role("heading", level=1)).not_to_contain_text("Is this sample poisoned?", timeout=PATIENT)
    goto(window, "Review")
    expect(window.locator(BAR).get_by_text(f"{len(ids) - 1} selected")).to_be_visible(timeout=PATIENT)
    assert dialog.count() == 0
    assert set(decisions(small).values()) == {"keep"}
    window.locator(BAR).get_by_role("button", name="Exclude").click()
    dialog.get_by_role("button", name=f"Exclude {len(ids) - 1}").click(timeout=PATIENT)
    eventually(lambda: decisions(small) == {ids[0]: "keep"} | dict.fromkeys(ids[1:], "exclude"))
    expect(dialog).to_have_count(0, timeout=PATIENT)
    sound(window)


def test_two_reviewers_see_each_other_and_where_they_differ(serve: Serve, page: OpenPage, small: Path) -> None:
    ids = in_order(small)
    ann, bob = (opened(page, serve(small, {"ASSAY_REVIEWER": name}).url) for name in ("ann", "bob"))
    ann.keyboard.press("e")
    eventually(lambda: decisions(small) == {ids[0]: "exclude"})
    bob.keyboard.press("k")  # of what his screen still shows as undecided
    eventually(lambda: decisions(small) == {ids[0]: "keep"})
    # What she looks at now is passed over, though it is undecided.
    expect(bob.locator(TILE).filter(has_text="taken").first).to_be_visible(timeout=PATIENT)
    bob.keyboard.press("n")
    expect(bob.locator(BAR).get_by_text(f"Sample #{ids[2]}")).to_be_visible(timeout=PATIENT)
    bob.get_by_role("radio", name="Disagreements").click()
    expect(bob.get_by_text("ann and bob agree on 0 of 1 samples")).to_be_visible(timeout=PATIENT)
    expect(bob.get_by_text("1 open, 0 settled.")).to_be_visible(timeout=PATIENT)


def test_a_view_is_shared_by_its_address(serve: Serve, page: OpenPage, small: Path) -> None:
    table = review_table(opened_run.opened(runs.all_runs(small)[0]))
    label = int(queue(table, Filter())["label"].mode()[0])
    n = len(queue(table, Filter(label=label)))
    server = serve(small)
    window = opened(page, server.url)
    window.get_by_role("combobox", name=re.compile("Given")).click()
    name = store.describe(small, runs.all_runs(small)[0].dataset).class_names[label]
    window.get_by_role("option", name=name).last.click()
    told = re.compile(rf"^{min(n, 60)} of {n}$")
    expect(window.get_by_text(told)).to_be_visible(timeout=PATIENT)
    window.wait_for_url(re.compile("class="), timeout=PATIENT)
    again = page(f"{window.url}&agree=1")
    expect(again.get_by_text(told)).to_be_visible(timeout=2 * PATIENT)
    expect(again.get_by_role("button", name="More (1)")).to_be_visible(timeout=PATIENT)


def test_a_round_of_bona_fide_samples_leaves_out_what_was_clicked(serve: Serve, page: OpenPage, small: Path) -> None:
    run = runs.all_runs(small)[0]
    known, begun = (
        int(review_table(opened_run.opened(run))["bona_fide"].sum()),
        datetime.now(UTC).isoformat(timespec="milliseconds"),
    )
    window = page(f"{serve(small, {'ASSAY_REVIEWER': 'ann'}).url}/bona-fide")
    expect(window.get_by_text(f"{known:,} bona fide samples.")).to_be_visible(timeout=2 * PATIENT)
    tile = window.locator(TILE).nth(3)
    expect(tile).to_be_visible(timeout=2 * PATIENT)
    doubtful = int(tile.get_attribute("data-id") or -1)
    tile.click()
    expect(window.get_by_role("button", name="Accept 24 of 25 (A)")).to_be_visible(timeout=PATIENT)
    crossed = "tile => getComputedStyle(tile, '::after').backgroundImage"
    eventually(lambda: "gradient" in tile.evaluate(crossed))
    assert "gradient" not in window.locator(TILE).nth(4).evaluate(crossed)
    window.keyboard.press("a")
    eventually(lambda: len(review.guarantees(small, run.dataset)) == 25)
    said = review.guarantees(small, run.dataset)
    assert [sample for sample, accepted in said.items() if not accepted] == [doubtful]
    expect(window.get_by_text(f"{known + 24:,} bona fide samples.")).to_be_visible(timeout=PATIENT)
    rows = review.guarantee_journal(small, run.dataset)
    assert set(rows["reviewer"]) == {"ann"}
    assert begun <= rows["created"].min() <= rows["created"].max() <= datetime.now(UTC).isoformat()
    sound(window)
