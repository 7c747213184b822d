"""A list whose first line stands for all of it."""

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from pages.ui.widgets.small import ANY, one_or_any

    st.button("Clear", on_click=lambda: st.session_state.update(fruit=ANY))
    st.text(repr(one_or_any("Fruit", {0: "apple", 7: "pear"}, "any fruit", first=7, key="fruit")))


def test_the_first_line_is_chosen_like_any_other_and_nothing_is_ever_unfilled() -> None:
    app = AppTest.from_function(page).run()
    assert (app.text[0].value, app.selectbox[0].options) == ("7", ["any fruit", "apple", "pear"])
    app.selectbox[0].select_index(1).run()
    assert app.text[0].value == "0"  # a value that is not true, and chosen
    app.button[0].click().run()
    app.run()
    assert (app.text[0].value, app.selectbox[0].index) == ("None", 0)
    assert app.selectbox[0].proto.HasField("default")  # without one Streamlit asks for a choice


def test_an_option_that_is_called_like_the_first_line_is_another_one() -> None:
    def script() -> None:
        import streamlit as st

        from pages.ui.widgets.small import one_or_any

        st.text(repr(one_or_any("Fruit", {0: "any"}, "any", key="fruit")))

    app = AppTest.from_function(script).run()
    assert (app.text[0].value, len(set(app.selectbox[0].options))) == ("None", 2)
    app.run()
    assert app.text[0].value == "None"
    app.selectbox[0].select_index(1).run()
    assert app.text[0].value == "0"
