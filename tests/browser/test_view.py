"""Class, colours and selection survive a change of page and a reload, and a step back leads back."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.browser.brush import PATIENT, draw_lasso
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import goto
from tests.browser.test_pages import eventually, sound

WORDS = ".st-key-selection-words"


def colour(window: Page) -> Locator:
    return window.get_by_role("combobox", name=re.compile("Colour by"))


def test_what_is_chosen_stays(serve: Serve, page: OpenPage, small: Path) -> None:
    window = page(f"{serve(small).url}/clusters")
    expect(window.get_by_text("drawn")).to_be_visible(timeout=PATIENT)
    colour(window).click()
    window.get_by_role("option", name="loss").click(timeout=PATIENT)
    window.wait_for_url(re.compile("colour=loss"), timeout=PATIENT)
    draw_lasso(window, [(0.1, 0.2), (0.9, 0.2), (0.9, 0.9), (0.1, 0.9)])
    selected = window.locator(WORDS).get_by_text(re.compile(r"^\d[\d,]* selected"))
    expect(selected).to_be_visible(timeout=PATIENT)
    words = selected.inner_text()
    window.wait_for_url(re.compile("sel="), timeout=PATIENT)
    window.reload()
    expect(window.locator(WORDS).get_by_text(words)).to_be_visible(timeout=PATIENT)
    expect(colour(window)).to_have_value("loss")
    goto(window, "Trajectories")
    window.wait_for_url(re.compile("trajectories.*colour=loss"), timeout=PATIENT)
    expect(window.locator(WORDS).get_by_text(words)).to_be_visible(timeout=PATIENT)
    expect(colour(window)).to_have_value("loss")
    for _ in range(6):  # some steps are those of the address
        window.go_back()
        window.wait_for_timeout(1500)
        if "/clusters" in window.url:
            break
    expect(window.get_by_text("Which classes hold two populations?")).to_be_visible(timeout=PATIENT)
    expect(window.locator(WORDS).get_by_text(words)).to_be_visible(timeout=PATIENT)
    sound(window)


def test_a_step_back_on_the_same_page_leads_to_what_was_seen_before(serve: Serve, page: OpenPage, small: Path) -> None:
    window = page(f"{serve(small).url}/review")
    given, verdict = (
        window.get_by_role("combobox", name=re.compile(f"^{name}")).first for name in ("Given", "Verdict")
    )
    expect(given).to_have_value("all classes", timeout=PATIENT)
    for field, option in ((verdict, "All"), (given, "Sandal")):
        field.click()
        window.get_by_role("option", name=option).last.click(timeout=PATIENT)
        window.wait_for_url(re.compile("verdict=All" if option == "All" else "class=5"), timeout=PATIENT)
    window.go_back()  # at once
    expect(given).to_have_value("all classes", timeout=PATIENT)
    expect(verdict).to_have_value("All")
    window.wait_for_url(re.compile("verdict=All$"), timeout=PATIENT)
    window.go_forward()
    expect(given).to_have_value(re.compile("Sandal"), timeout=PATIENT)
    goto(window, "Clusters")
    window.wait_for_url(re.compile("clusters.*class=5"), timeout=PATIENT)
    expect(window.get_by_text("drawn")).to_be_visible(timeout=PATIENT)
    draw_lasso(window, [(0.1, 0.2), (0.9, 0.2), (0.9, 0.9), (0.1, 0.9)])
    window.wait_for_url(re.compile("sel="), timeout=PATIENT)
    expect(window.locator(WORDS).get_by_text(re.compile("[1-9] selected"))).to_be_visible(timeout=PATIENT)
    window.wait_for_timeout(500)
    window.go_back()
    expect(window.locator(WORDS).get_by_text("Nothing is selected")).to_be_visible(timeout=PATIENT)
    window.go_back()  # what followed the arrival has no place of its own in the history
    window.wait_for_url(re.compile("/review.*class=5"), timeout=PATIENT)
    expect(given).to_have_value(re.compile("Sandal"), timeout=PATIENT)
    expect(verdict).to_have_value("All")
    sound(window)


def test_a_page_that_says_its_parameters_before_its_path_is_one_entry_in_the_history(
    serve: Serve, page: OpenPage, small: Path
) -> None:
    window = page(f"{serve(small).url}/review")
    expect(window.get_by_role("combobox", name=re.compile("^Given")).first).to_have_value("all classes")
    entries = window.evaluate(
        """() => {
            const [run, before] = [location.search, history.length];
            const added = [];
            for (const [act, url] of [["pointerdown", run + "&verdict=All"], ["pointerdown", run + "&class=5"],
                                      ["", "/clusters" + run + "&class=5"], ["keydown", "/detect" + run]]) {
                if (act) window.dispatchEvent(new Event(act));
                history.pushState({}, "", url);
                added.push(history.length - before);
            }
            return added;
        }"""
    )
    assert entries == [1, 2, 2, 3]


def test_what_a_page_says_after_it_was_left_does_not_change_the_address_of_the_next(
    serve: Serve, page: OpenPage, small: Path
) -> None:
    held: list[str | bytes] = []
    asked: list[str | bytes] = []
    holding: list[bool] = []

    def route(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(lambda message: (asked.append(message), server.send(message)))
        server.on_message(lambda message: held.append(message) if holding else socket.send(message))
        sockets.append(socket)

    sockets: list[WebSocketRoute] = []
    window = page("about:blank")
    window.route_web_socket(re.compile("_stcore/stream"), route)
    window.goto(f"{serve(small).url}/review")
    verdict, colours = (
        window.get_by_role("combobox", name=re.compile(name)).first for name in ("^Verdict", "Colour by")
    )
    expect(verdict).to_have_value("Undecided", timeout=PATIENT)
    verdict.click()
    window.get_by_role("option", name="All").last.click(timeout=PATIENT)
    window.wait_for_url(re.compile("verdict=All"), timeout=PATIENT)
    goto(window, "Clusters")
    expect(window.get_by_text("drawn")).to_be_visible(timeout=PATIENT)
    colours.click()
    holding.append(True)
    window.get_by_role("option", name="loss").click(timeout=PATIENT)
    window.wait_for_timeout(3000)

    def withheld() -> bool:
        window.wait_for_timeout(100)  # in which the messages arrive
        return any(b"colour=loss" in message for message in held if isinstance(message, bytes))

    eventually(withheld)
    window.go_back()
    late = len(held)
    for message in held[:late]:
        sockets[-1].send(message)
    before = len(asked)
    eventually(lambda: window.wait_for_timeout(100) or len(asked) > before)
    assert b"verdict=All" in asked[-1]  # what is asked after that is of the new page
    assert b"colour=loss" not in asked[-1]
    holding.clear()
    for message in held[late:]:
        sockets[-1].send(message)
    expect(verdict).to_have_value("All", timeout=PATIENT)
    window.wait_for_url(re.compile("/review.*verdict=All$"), timeout=PATIENT)
    window.wait_for_timeout(1000)
    assert window.url.endswith("verdict=All")
    assert "colour" not in window.url
    window.go_forward()  # nothing was put in between
    expect(window.get_by_text("drawn")).to_be_visible(timeout=PATIENT)
    expect(colour(window)).to_have_value("loss")
    sound(window)
