"""Signing out holds, though the first word of it to the browser may be lost."""

from tests.pages.drawn import app_of


def door() -> None:
    """A way out, and below it where the browser is sent to."""
    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    from pages.ui.shell import entrance

    st.button("Sign out", on_click=entrance.leave)
    context, sent = get_script_run_ctx(), []
    assert context is not None
    passed_on = context._enqueue
    context._enqueue = lambda message: sent.append(message.auth_redirect.url)
    entrance.send_out()
    context._enqueue = passed_on
    st.text(" ".join(sent))


def test_after_signing_out_each_drawing_of_the_page_sends_the_browser_out_again() -> None:
    app = app_of(door).run()
    assert app.text[0].value == ""
    app.button[0].click().run()
    assert app.text[0].value == "/auth/logout"
    app.run()
    assert app.text[0].value == "/auth/logout"
