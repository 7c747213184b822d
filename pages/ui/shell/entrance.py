"""The door to the pages: whoever has not signed in, or is not listed, sees nothing behind it."""

import streamlit as st

from core.errors import UserError
from pages.ui.access import sign_in, who
from pages.ui.access.people import Person
from pages.ui.shell import frame
from pages.ui.widgets import refusal

LEAVING = "leaving"  # whether this visitor pressed "Sign out"


def admit() -> None:
    """Go on for whoever may see the app; others see the sign-in page, or why they are refused, and the script ends."""
    try:
        if sign_in.required():
            _checked()
        if who.visitor():
            return
    except UserError as error:
        _refused(error)
    else:
        _ask()
    st.stop()


def badge() -> None:
    """Who is signed in, in the sidebar, what they may do, and the way out; nothing without sign-in."""
    person = who.visitor() if sign_in.required() else None
    if person:
        with st.sidebar, st.container(key="signed-in", gap="xsmall"):
            st.caption(_words(person))
            st.button("Sign out", key="sign-out", icon=":material/logout:", type="tertiary", on_click=leave)


def leave() -> None:
    """Sign out."""
    st.session_state[LEAVING] = True
    st.logout()


def send_out() -> None:
    """Tell the browser once more to give up its cookie, should it still be here after signing out.

    What a run that is cut short has said is thrown away: the page asked who is there, and a reload was signed in again.
    """
    if st.session_state.get(LEAVING):
        st.logout()


def _words(person: Person) -> str:
    name = frame.plain(str(st.user.get("name") or person.address))
    address = f"  \n{frame.plain(person.address)}" if st.user.get("name") else ""
    note = "  \nViewer: looks, and changes nothing." if person.role == "viewer" else ""
    return f"**{name}**{address}{note}"


def _checked() -> None:
    """What was set up wrongly while the server ran is for its log; a visitor is told that nobody can come in."""
    try:
        sign_in.check()
    except UserError as error:
        print(f"Sign-in does not work: {error}", flush=True)
        raise UserError(
            "Sign-in is not set up rightly: nobody can come in.", "", "Whoever runs this server finds why in its log."
        ) from None


def _ask() -> None:
    """The sign-in page: a title, a sentence, a button for each provider."""
    send_out()
    with _sheet():
        st.title("Who is asking?")
        st.markdown("Assay finds, shows and removes poisoned training data. What is here is for those who sign in.")
        names = sign_in.providers()
        for name in names:
            words = "Sign in" if len(names) == 1 else f"Sign in with {frame.plain(name.title())}"
            st.button(
                words,
                key=f"sign-in-{name}",
                type="primary",
                icon=":material/login:",
                width="stretch",
                on_click=st.login,
                args=(None if name == "default" else name,),
            )


def _refused(error: UserError) -> None:
    with _sheet():
        st.title("You cannot come in")
        refusal.show(error)
        if who.signed_in():
            st.button("Sign out", key="sign-out", icon=":material/logout:", on_click=leave)


def _sheet() -> "st.delta_generator.DeltaGenerator":
    """A narrow column in the middle of an otherwise empty page, under the logo."""
    frame.dress()
    with st.container(horizontal_alignment="center"):
        sheet = st.container(key="entrance", width=440)
    sheet.image(frame.ASSETS / "logo.svg", width=165)
    return sheet
