"""What a person chose on one page holds on the others, and the address says so."""

import json

from streamlit.testing.v1 import AppTest

from pages.ui.widgets.address import WRITTEN
from tests.pages.drawn import app_of


def drawn_page(page: str, name: str, value: str) -> None:
    """A page that says what it shows, and a button that chooses something else."""
    import json

    import streamlit as st

    from pages.ui.widgets import view

    st.button("Choose", on_click=view.choose, args=(name, value))
    st.text(json.dumps(view.shown(page, {"map": ("PCA", "ICA"), "class": ("", "0", "1")})))


def opened(page: str = "clusters", name: str = "class", value: str = "1", **address: str) -> AppTest:
    app = app_of(drawn_page, args=(page, name, value))
    for parameter, said in address.items():
        app.query_params[parameter] = said
    return app.run()


def shows(app: AppTest) -> dict[str, str]:
    assert not app.exception
    found: dict[str, str] = json.loads(app.text[0].value)
    return found


def later(app: AppTest) -> None:
    """Much later, at an address that says nothing."""
    app.query_params.clear()
    del app.session_state[WRITTEN]


def test_what_is_chosen_is_in_the_address_and_holds_on_the_next_page() -> None:
    app = opened()
    assert shows(app) == {"map": "PCA", "class": ""}
    assert "class" not in app.query_params
    app.button[0].click().run()
    assert shows(app)["class"] == "1"
    assert app.query_params["class"] == "1"
    later(app)
    another = opened("trajectories")
    another.session_state["view-kept"] = app.session_state["view-kept"]
    another.session_state["view-at"] = "clusters"
    assert shows(another.run())["class"] == "1"
    assert another.query_params["class"] == "1"


def test_a_step_back_on_the_same_page_takes_the_choice_back() -> None:
    app = opened(name="map", value="ICA")
    app.button[0].click().run()
    assert shows(app)["map"] == "ICA"
    later(app)
    assert shows(app.run())["map"] == "PCA"


def test_an_address_that_was_shared_says_what_is_shown_unless_there_is_no_such_thing() -> None:
    app = opened(map="ICA", **{"class": "7"})
    assert shows(app) == {"map": "ICA", "class": ""}
    assert dict(app.query_params).keys() == {"map"}


def test_the_first_option_is_chosen_by_taking_the_parameter_out() -> None:
    app = opened(value="", **{"class": "1"})
    assert shows(app)["class"] == "1"
    app.button[0].click().run()
    assert shows(app)["class"] == ""
    assert "class" not in app.query_params
