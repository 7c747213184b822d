"""What a page writes into the address stays there, and what the visitor does to the address counts."""

from types import SimpleNamespace

import pytest

from pages.ui.widgets import address


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A session whose requests carry what its `query_params` are set to, and a clock."""
    here = SimpleNamespace(query_params={}, session_state={}, now=100.0)
    # What a browser that lags behind sends, and when, is Streamlit's and the clock's.
    monkeypatch.setattr(address, "st", here)
    monkeypatch.setattr(address, "time", SimpleNamespace(monotonic=lambda: here.now))
    return here


def test_a_request_that_was_under_way_takes_nothing_back(browser: SimpleNamespace) -> None:
    address.put("large", "1")
    for later in (0.1, 1.0):
        browser.now = 100.0 + later
        browser.query_params = {"run": "a"}  # sent before the browser knew
        assert address.get("large") == "1"
        assert browser.query_params == {"run": "a", "large": "1"}
    address.put("large", "")
    browser.query_params = {"large": "1"}
    assert address.get("large") == ""
    assert browser.query_params == {}


def test_of_several_steps_none_is_taken_back(browser: SimpleNamespace) -> None:
    for row in ("1", "2", "3", "2"):
        address.put("row", row)
    for older in ("", "1", "3"):
        browser.query_params = {"row": older} if older else {}
        assert address.get("row") == "2"
    browser.query_params, browser.now = {"row": "1"}, 100.0 + address.GRACE + 0.1
    assert address.get("row") == "1"


def test_the_same_again_leaves_the_guard_up(browser: SimpleNamespace) -> None:
    address.put("family", "2")
    address.put("family", "2")
    browser.query_params = {}
    assert address.get("family") == "2"


def test_another_value_is_the_visitors_and_so_is_an_old_one_later(browser: SimpleNamespace) -> None:
    address.put("family", "2")
    browser.query_params = {"family": "3"}
    assert address.get("family") == "3"
    browser.query_params, browser.now = {}, 100.0 + address.GRACE + 0.1
    assert address.get("family") == ""
    assert browser.query_params == {}


def test_a_step_in_the_browser_is_heard_however_young_the_address_is(browser: SimpleNamespace) -> None:
    address.put("class", "2")
    address.put("class", "3")
    browser.now, browser.query_params = 100.2, {"class": "2", "step": "1"}
    assert address.get("class") == "2"
    address.settle()
    assert browser.query_params == {"class": "2"}
    browser.query_params = {"class": "3"}  # what was written before the step, and came after it
    assert address.get("class") == "2"
    browser.query_params = {"class": "3", "step": "2"}
    assert address.get("class") == "3"
    address.put("class", "5")
    browser.query_params = {"class": "2"}  # what was under way when that was chosen
    assert address.get("class") == "5"


def test_a_step_to_another_page_is_heard_as_well_and_takes_nothing_that_was_chosen(browser: SimpleNamespace) -> None:
    address.put("class", "1")
    browser.now, browser.query_params = 100.2, {"step": address.ARRIVAL + "1"}
    assert address.get("class") == ""
    assert not address.stepping()
    assert address.or_kept("run", "b") == "b"
    assert address.settle() == address.ARRIVAL + "1"
    assert browser.query_params == {}


def test_what_is_chosen_right_after_a_step_is_not_taken_back(browser: SimpleNamespace) -> None:
    address.put("class", "2")
    browser.query_params = {"step": "1"}
    assert address.get("class") == ""
    address.settle()
    address.put("class", "7")
    browser.query_params = {"step": "1"}  # the browser does not know yet that the step was followed
    assert address.get("class") == "7"
