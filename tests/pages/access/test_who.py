"""What a viewer may not do, whatever was on the screen before."""

import pytest

from core.errors import UserError
from pages.ui.access import who
from pages.ui.access.people import Person
from tests.pages.drawn import app_of

VIEWER, REVIEWER = Person("vic@example.org", "viewer"), Person("ann@example.org", "reviewer")


def page() -> None:
    import streamlit as st  # runs on its own, without this file's imports

    from pages.ui.access import who
    from pages.ui.widgets import refusal

    def change() -> None:
        st.session_state["changed"] = who.reviewer()

    refusal.show_kept()
    st.button("Change", on_click=who.decides(change), **who.for_reviewers(tip="It changes."))


def be(person: Person | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the visitor is this person; somebody not listed where it is None."""

    def visitor() -> Person:
        if person is None:
            raise UserError("You are not on the list.")
        return person

    # Who is there comes with a signed cookie of a browser; a page that runs without one has no visitor.
    monkeypatch.setattr(who, "visitor", visitor)


@pytest.mark.parametrize("person", [VIEWER, None])
def test_a_button_drawn_for_a_reviewer_changes_nothing_for_others(
    person: Person | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(REVIEWER, monkeypatch)
    app = app_of(page).run()
    assert (app.button[0].disabled, app.button[0].help) == (False, "It changes.")
    be(person, monkeypatch)
    app.button[0].click().run()
    assert "changed" not in app.session_state
    assert [error.value for error in app.error] == [f"**{who.LOOKS_ONLY}** {who.ASK}"]
    assert (app.button[0].disabled, app.button[0].help) == (True, f"{who.LOOKS_ONLY} {who.ASK}")


def test_a_reviewer_changes_things_under_the_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    be(REVIEWER, monkeypatch)
    app = app_of(page).run()
    app.button[0].click().run()
    assert app.session_state["changed"] == "ann@example.org"
    assert not app.error


def test_without_sign_in_whoever_runs_the_server_reviews(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_REVIEWER", "Ann")
    assert (who.reviewer(), who.may_decide()) == ("Ann", True)
