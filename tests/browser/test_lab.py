"""The attack lab and the trigger demo, by clicks."""

import json
import re
from pathlib import Path

from playwright.sync_api import expect

from core import runs
from core.data import store
from core.evaluation import trials
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT, goto
from tests.browser.test_pages import sound


def test_an_attack_is_edited_refused_corrected_and_planted(
    serve: Serve, page: OpenPage, small: Path, tmp_path: Path
) -> None:
    server = serve(small)
    opened = page(f"{server.url}/attack-lab?preset=ac-mnist&ratio=0.33")
    expect(opened.get_by_text("10 attacks poison 3")).to_be_visible(timeout=PATIENT)  # about a third of 1,000
    expect(opened.get_by_role("radio", name="33%")).to_be_checked(timeout=PATIENT)

    # A file that is none is refused in words, markup and all; a right one takes the place of the list.
    wrong, right = tmp_path / "wrong.json", tmp_path / "right.json"
    wrong.write_text(json.dumps({"attacks": [{"kind": "<b>warp</b>"}]}))
    attacks = [{"kind": "patch", "ratio": 0.02, "target": 1}, {"kind": "patch", "ratio": 0.02, "target": 2}]
    right.write_text(json.dumps({"seed": 3, "attacks": attacks}))
    opened.get_by_role("button", name="As a file").click()
    opened.locator("input[type=file]").set_input_files(wrong)
    expect(opened.get_by_text("There is no attack named '<b>warp</b>'")).to_be_visible(timeout=PATIENT)
    expect(opened.locator("input[type=file]")).to_have_count(1, timeout=PATIENT)  # the old field goes when drawn again
    opened.locator("input[type=file]").set_input_files(right)
    expect(opened.get_by_text("patch and patch-2 are the same trigger")).to_be_visible(timeout=PATIENT)
    opened.keyboard.press("Escape")
    expect(opened.get_by_role("button", name="Create")).to_be_disabled(timeout=PATIENT)

    # The list survives another page; without the second attack, the first can be planted.
    goto(opened, "Train")
    goto(opened, "Attack lab")
    expect(opened.get_by_text("patch and patch-2 are the same trigger")).to_be_visible(timeout=PATIENT)
    opened.locator(".st-key-lab-list").get_by_role("button", name=re.compile("delete")).last.click()
    expect(opened.get_by_text("1 attack poisons 20 of 1,000 samples (2.0%)")).to_be_visible(timeout=PATIENT)
    expect(opened.get_by_text(re.compile(r"20 samples · largest change \d+ of 255 levels"))).to_be_visible(
        timeout=PATIENT
    )
    sound(opened)
    opened.get_by_role("textbox", name="Name of the poisoned copy").fill("Mine")
    opened.get_by_role("button", name="Create").click()
    opened.get_by_role("button", name="Train on it").click(timeout=2 * PATIENT)
    expect(opened.get_by_role("combobox", name="Data set")).to_have_value("Mine · 1,000 samples", timeout=PATIENT)
    made = store.describe_all(small)[0]
    assert made.name == "Mine"
    assert [(one["name"], one["n_poisoned"], one["target_class"]) for one in made.attacks] == [("patch", 20, 1)]
    assert made.specification == {"schema": 1, "seed": 3, "attacks": [made.specification["attacks"][0]]}


def test_the_demo_shows_the_recorded_answers_and_its_address_can_be_shared(
    serve: Serve, page: OpenPage, small: Path
) -> None:
    run = runs.all_runs(small)[0]
    names = store.describe(small, run.dataset).class_names
    tried = trials.tried_samples(run, "blended_pattern", 2)
    row = int(tried["test_row"].iloc[5])
    server = serve(small)
    opened = page(
        f"{server.url}/trigger?run={run.id}&attack=blended_pattern&strength=2&row={row}", width=1000, height=700
    )
    story = opened.locator(".st-key-trigger-story")
    clean, turned = trials.answers(run, row)[0][0], trials.answers(run, row, "blended_pattern", 2)[0][0]
    expect(story).to_contain_text(f"‘{names[clean]}’", timeout=PATIENT)
    expect(story).to_contain_text(f"with the trigger: ‘{names[turned]}’", timeout=PATIENT)
    expect(opened.get_by_text("The attacker wants Sneaker").first).to_be_visible(timeout=PATIENT)
    for address in (f"thumb/{run.dataset}/test/{row}.png", f"triggered/{run.dataset}/blended_pattern/2/{row}.png"):
        shown = opened.locator(f"img[src='{address}']").last
        expect(shown).to_have_js_property("naturalWidth", 28, timeout=PATIENT)
    opened.locator(".st-key-trigger-Next button").first.click()
    opened.wait_for_url(re.compile(f"row={int(tried['test_row'].iloc[6])}$"), timeout=PATIENT)
    picked = int(tried["test_row"].iloc[2])
    opened.locator(f'.tile[data-id="{picked}"]').click(timeout=PATIENT)
    opened.wait_for_url(re.compile(f"row={picked}$"), timeout=PATIENT)
    expect(opened.locator(f"img[src='triggered/{run.dataset}/blended_pattern/2/{picked}.png']").last).to_be_visible(
        timeout=PATIENT
    )
    opened.wait_for_timeout(3500)  # after that an older address is the visitor's wish
    opened.go_back()
    opened.wait_for_url(re.compile(f"row={int(tried['test_row'].iloc[6])}$"), timeout=PATIENT)
    address = f"triggered/{run.dataset}/blended_pattern/2/{int(tried['test_row'].iloc[6])}.png"
    expect(opened.locator(f"img[src='{address}']").last).to_be_visible(timeout=PATIENT)
    opened.get_by_test_id("stMain").get_by_role("radio", name="Patch (BadNets)").click()
    opened.wait_for_url(re.compile("attack=patch"), timeout=PATIENT)
    expect(opened.get_by_text("The attacker wants Pullover").first).to_be_visible(timeout=PATIENT)
    sound(opened)


def test_old_runs_are_measured_again(serve: Serve, page: OpenPage, small: Path) -> None:
    run = runs.all_runs(small)[0]
    outcome = json.loads((run.path / "outcome.json").read_text())
    runs.save_json(run, "outcome.json", {"outcome": outcome["outcome"]})
    server = serve(small)
    opened = page(f"{server.url}/trigger?run={run.id}")
    opened.get_by_role("button", name="Measure it again").click(timeout=PATIENT)
    expect(opened.locator(".st-key-trigger-story")).to_contain_text("with the trigger:", timeout=2 * PATIENT)
    assert runs.trials(runs.open_run(small, run.id)) == outcome["trials"]
