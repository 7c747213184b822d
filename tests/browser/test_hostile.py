"""Hostile names in a real browser: they are read letter by letter, load nothing, and run nothing."""

from pathlib import Path

from playwright.sync_api import ConsoleMessage, Dialog, expect

from core import runs
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT
from tests.browser.test_pages import QUESTIONS, sound
from tests.hostile import HOST, hostile

# What a name would have become: pictures, links, code, formulas, lists, headings within the page.
MADE = f"img[src*='{HOST}'], a[href*='{HOST}'], .katex, [data-testid=stMarkdownContainer] :is(del, code, h1 > script)"

BOXES = "all => all.map(one => one.getBoundingClientRect().toJSON())"


def test_hostile_names_load_and_run_nothing_on_any_page(serve: Serve, page: OpenPage, workspace: Path) -> None:
    server = serve(hostile(workspace), {"ASSAY_NO_DEMO": "1"})
    first = next(run for run in runs.all_runs(workspace) if run.done("evaluate") and not run.parent)
    wrong: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            wrong.append(message.text)

    def asked(dialog: Dialog) -> None:
        wrong.append(dialog.message)
        dialog.dismiss()

    window = page("about:blank")
    window.on("console", heard)
    window.on("dialog", asked)
    for name in QUESTIONS:
        window.goto(f"{server.url}/{name}?run={first.id}")
        expect(window.get_by_role("heading", level=1)).to_contain_text(QUESTIONS[name], timeout=PATIENT)
        window.wait_for_timeout(1500)
        for box in window.locator("canvas").evaluate_all(BOXES)[:2]:
            for step in range(60):
                x, y = step % 10 + 0.5, step // 10 + 0.5
                window.mouse.move(box["x"] + box["width"] * x / 10, box["y"] + box["height"] * y / 6)
        sound(window)
        made = window.locator(MADE)
        wrong += [f"{name}: {made.nth(at).evaluate('e => e.outerHTML')}" for at in range(made.count())]
        wrong += [f"{name}: a script ran"] * (window.evaluate("window.__ran") is not None)
    assert not wrong, "\n".join(dict.fromkeys(wrong))
