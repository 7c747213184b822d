"""A list whose first line stands for all of it, a switch, and how tall a table is."""

import pytest

from pages.ui.widgets.fields import ROW, tall
from tests.pages.drawn import app_of


def page() -> None:
    import streamlit as st

    from pages.ui.widgets.fields import ANY, one_or_any

    st.button("Clear", on_click=lambda: st.session_state.update(fruit=ANY))
    st.text(repr(one_or_any("Fruit", {0: "apple", 7: "pear"}, "any fruit", first=7, key="fruit")))


def test_the_first_line_is_chosen_like_any_other_and_nothing_is_ever_unfilled() -> None:
    app = app_of(page).run()
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

        from pages.ui.widgets.fields import one_or_any

        st.text(repr(one_or_any("Fruit", {0: "any"}, "any", key="fruit")))

    app = app_of(script).run()
    assert (app.text[0].value, len(set(app.selectbox[0].options))) == ("None", 2)
    app.run()
    assert app.text[0].value == "None"
    app.selectbox[0].select_index(1).run()
    assert app.text[0].value == "0"


@pytest.mark.parametrize(("rows", "height"), [(0, "content"), (7, "content"), (8, 8 * ROW), (100_000, 8 * ROW)])
def test_a_table_is_scrolled_where_it_has_more_rows_than_are_shown(rows: int, height: object) -> None:
    assert tall(rows, 7) == height


def test_a_switch_shows_the_words_and_gives_the_option() -> None:
    def drawn() -> None:
        import streamlit as st

        from pages.ui.widgets.fields import one_of

        st.text(repr(one_of("Way", {"train": "Train", "load": "Load a model"}, key="way")))
        st.text(repr(one_of("Amount", ("number", "percent"), first="percent", key="amount")))

    app = app_of(drawn).run()
    assert not app.exception
    assert [text.value for text in app.text] == ["'train'", "'percent'"]
    assert list(app.button_group[0].options) == ["Train", "Load a model"]
    app.button_group[0].set_value("load").run()
    assert app.text[0].value == "'load'"
