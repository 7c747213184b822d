"""Pictures are looked at large and amplified; a phone is told that reviewing needs a larger screen."""

from pathlib import Path

from playwright.sync_api import expect

from core import runs
from core.analysis import families
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT
from tests.browser.test_pages import eventually, sound
from tests.browser.test_review import opened

SIDEWAYS = "(node => node.scrollWidth > node.clientWidth)(document.querySelector('[data-testid=stMain]'))"


def test_the_pictures_of_a_family_are_looked_at_large_and_amplified(serve: Serve, page: OpenPage, small: Path) -> None:
    family = families.families(runs.all_runs(small)[0])[0]
    window = opened(page, serve(small).url)
    window.locator(f".st-key-choose-family-{family.id} button").click(timeout=PATIENT)
    window.get_by_role("button", name="Enlarge").click(timeout=PATIENT)
    dialog = window.get_by_role("dialog")
    difference = dialog.locator(".tile img").nth(1)
    expect(difference).to_be_visible(timeout=PATIENT)
    eventually(lambda: (difference.bounding_box() or {"width": 0})["width"] >= 250)
    expect(difference).to_have_css("filter", "contrast(1)")

    def amplified() -> bool:
        """Press again where the slider was drawn anew below the first press."""
        dialog.get_by_role("slider", name="Amplified").press("End")
        return bool(difference.evaluate("one => getComputedStyle(one).filter") == "contrast(16)")

    eventually(amplified)
    dialog.get_by_role("slider", name="Size in pixels").press("Home")
    window.wait_for_function("one => one.getBoundingClientRect().width <= 150", arg=difference.element_handle())
    window.keyboard.press("Escape")
    expect(dialog).to_have_count(0, timeout=PATIENT)
    sound(window)


def test_a_phone_is_told_that_reviewing_needs_a_larger_screen(serve: Serve, page: OpenPage, small: Path) -> None:
    url, words = serve(small).url, "This page needs a larger screen."
    narrow = page(f"{url}/review", 390, 844)
    expect(narrow.get_by_text(words)).to_be_visible(timeout=2 * PATIENT)
    expect(narrow.get_by_role("button", name="Exclude")).to_be_visible(timeout=PATIENT)
    eventually(lambda: not narrow.evaluate(SIDEWAYS))
    find = narrow.get_by_role("textbox", name="Find")
    eventually(lambda: bool(find.evaluate("node => node.clientWidth > 60")))
    on_map = page(f"{url}/clusters", 390, 844)
    expect(on_map.get_by_role("radio", name="UMAP")).to_be_visible(timeout=PATIENT)
    eventually(lambda: not on_map.evaluate(SIDEWAYS))
    wide = opened(page, url, 1000, 700)
    expect(wide.get_by_text(words)).to_be_hidden()
    tall = opened(page, url, 1000, 2400)
    expect(tall.get_by_role("radio", name="History")).to_be_in_viewport(ratio=1)
    for name in ("overview", "repair"):
        other = page(f"{url}/{name}", 390, 844)
        expect(other.get_by_text("Reviewing samples needs a larger screen")).to_be_visible(timeout=PATIENT)
        expect(other.get_by_text(words)).to_have_count(0)
        eventually(lambda shown=other: not shown.evaluate(SIDEWAYS))  # type: ignore[misc]
