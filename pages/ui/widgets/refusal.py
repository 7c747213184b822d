"""One way to say what could not be done, and what to do about it.

What a button's callback draws is lost where only a part of the page is drawn again. So a refusal of what a button does
is kept in the session. The page shows it in its place, until something else is done or another page is opened.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import streamlit as st

from core.errors import UserError
from pages.ui.cache.words import plain

T = TypeVar("T")
KEPT = "refusal"
TOLD = "refusal-said"  # what this drawing of the page has said
ENDS = ".!?:…"  # of what needs no full stop
PAGE = "page"  # the place below the frame, for a button without a place of its own


def show(error: UserError, *, again: bool = True) -> None:
    """Say here what happened and what to do; not `again` leaves out what this drawing of the page has said."""
    parts = (f"**{plain(_ended(error.title))}**", plain(_ended(error.detail)), plain(_ended(error.hint)))
    words, told = " ".join(filter(None, parts)), st.session_state.setdefault(TOLD, set())
    if again or words not in told:
        st.error(words)
    told.add(words)


def nothing_told() -> None:
    """A page is drawn anew: nothing of it has been said yet."""
    st.session_state.pop(TOLD, None)


def _ended(words: str) -> str:
    """The words as a sentence: what a library raises has no full stop, and the next part would run into it."""
    return words if not words or words[-1] in ENDS else f"{words}."


def attempted(step: Callable[[], T]) -> T | None:
    """The result of `step`; None where it is refused, which is said here."""
    try:
        return step()
    except UserError as error:
        show(error)
        return None


@contextmanager
def kept(place: str = PAGE) -> Iterator[None]:
    """Forget the last refusal. What is refused inside is kept for this place, and what follows it there is not done."""
    forget()
    try:
        yield
    except UserError as error:
        keep(error, place)


def keep(error: UserError, place: str = PAGE) -> None:
    """Have `show_kept` say it in this place; what was refused before it and is still kept matters more."""
    st.session_state.setdefault(KEPT, (place, error))


def show_kept(place: str = PAGE) -> None:
    """Say what was refused last, if this is its place."""
    kept_place, error = st.session_state.get(KEPT, ("", None))
    if error is not None and kept_place == place:
        show(error)


def forget() -> None:
    """Nothing is refused any more."""
    st.session_state.pop(KEPT, None)
