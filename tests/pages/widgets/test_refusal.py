"""A refusal is said once, in its place, and for as long as nothing else is done."""

from streamlit.testing.v1 import AppTest

from tests.pages.drawn import app_of


def page() -> None:
    import streamlit as st

    from core.errors import UserError
    from pages.ui.widgets import refusal

    def refuse() -> None:
        with refusal.kept("rule"):
            raise UserError("Too many *stars*.", "There are 3.", "Take fewer.")

    def refuse_again() -> None:
        refuse()
        refusal.keep(UserError("And late."), "rule")

    def work() -> None:
        with refusal.kept("rule"):
            st.session_state["done"] = True

    for name, act in (("refuse", refuse), ("again", refuse_again), ("work", work)):
        st.button(name, key=name, on_click=act)
    st.button("other")
    with st.container(key="elsewhere"):
        refusal.show_kept()
    refusal.show_kept("rule")
    st.text(str(refusal.attempted(lambda: 1)))


WORDS = r"**Too many \*stars\*.** There are 3. Take fewer."


def shown(app: AppTest, button: str) -> list[str]:
    next(one for one in app.button if one.label == button).click().run()
    assert not app.exception
    return [error.value for error in app.error]


def test_a_refusal_stays_in_its_place_until_something_else_is_done() -> None:
    app = app_of(page).run()
    assert not app.error
    assert shown(app, "refuse") == [WORDS]
    assert shown(app, "other") == [WORDS]
    assert shown(app, "work") == []
    assert app.session_state["done"]


def test_of_two_refusals_in_one_click_the_first_is_said() -> None:
    assert shown(app_of(page).run(), "again") == [WORDS]


def test_a_step_that_is_refused_says_so_and_gives_nothing() -> None:
    def drawn() -> None:
        import streamlit as st

        from core.errors import UserError
        from pages.ui.widgets import refusal

        def step() -> int:
            raise UserError("No.")

        st.text(str(refusal.attempted(step)))
        st.text(str(refusal.attempted(lambda: 1)))

    app = app_of(drawn).run()
    assert [error.value for error in app.error] == ["**No.**"]
    assert [text.value for text in app.text] == ["None", "1"]
