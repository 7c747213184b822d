"""A widget that shows what is kept elsewhere: heard when a person uses it, and only then."""

from streamlit.testing.v1 import AppTest

from tests.pages.drawn import app_of


def page() -> None:
    """A number that is kept elsewhere and never above 50, another page, and another way to change it."""
    import streamlit as st

    from pages.ui.widgets.bound import bound

    kept = st.session_state.setdefault("kept", {"value": 1, "heard": []})

    def then(value: int) -> None:
        kept["heard"].append(value)
        kept["value"] = value if value <= 50 else kept["value"]

    if st.session_state.get("stop"):
        st.stop()
    if not st.checkbox("Away"):
        st.number_input("Number", **bound("number", kept["value"], then))
    st.button("Ten", on_click=lambda: kept.update(value=10))


def opened() -> AppTest:
    return app_of(page).run()


def heard(app: AppTest) -> list[int]:
    assert not app.exception
    found: list[int] = app.session_state["kept"]["heard"]
    return found


def test_what_a_person_chooses_is_heard_once_and_stays() -> None:
    app = opened()
    widget = app.number_input[0].proto.id
    app.number_input[0].set_value(7).run()
    app.run()
    assert heard(app) == [7]
    assert (app.number_input[0].value, app.number_input[0].proto.id) == (7, widget)  # a field in use is not replaced


def test_a_browser_that_lags_behind_takes_nothing_back() -> None:
    app = opened()
    app.number_input[0].set_value(7).run()
    older = app._tree.get_widget_states()
    app.button[0].click().run()
    assert app.number_input[0].value == 10
    for _ in range(2):
        app._run(older)
        assert heard(app) == [7]
        assert app.number_input[0].value == 10
    app.number_input[0].set_value(12).run()
    assert heard(app) == [7, 12]


def test_what_is_chosen_twice_before_the_page_is_drawn_is_heard_twice() -> None:
    app = opened()
    seven, eight = (app.number_input[0].set_value(value) and app._tree.get_widget_states() for value in (7, 8))
    app.session_state["stop"] = True  # as if each came before the widget's turn in the run of the one before
    for states in (seven, eight, seven):
        app._run(states)
    app.session_state["stop"] = False
    app.run()
    assert heard(app) == [7, 8, 7]
    assert app.number_input[0].value == 7


def test_a_widget_that_has_left_is_not_heard_and_comes_back_as_it_is_kept() -> None:
    app = opened()
    app.number_input[0].set_value(7).run()
    older = app._tree.get_widget_states()
    app.checkbox[0].check().run()
    app.button[0].click().run()
    app._run(older)
    app.checkbox[0].uncheck().run()
    assert heard(app) == [7]
    assert app.number_input[0].value == 10


def test_what_is_refused_is_shown_as_it_was() -> None:
    app = opened()
    app.number_input[0].set_value(70).run()
    assert heard(app) == [70]
    assert app.number_input[0].value == 1
    app.run()
    assert heard(app) == [70]
