"""Who sits in front of the screen, and what they may do."""

import getpass
import os
import time
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import streamlit as st

from core import settings
from core.errors import UserError
from pages.ui.access import sign_in
from pages.ui.access.people import Person, lasts, person
from pages.ui.cache import stamps
from pages.ui.widgets import refusal

LOOKS_ONLY = "Viewers look, and change nothing."
ASK = "Ask a reviewer to do this."


def signed_in() -> bool:
    """Whether somebody signed in, be they listed or not, and that still counts."""
    return bool(st.user.get("is_logged_in")) and lasts(st.user, time.time())


def visitor() -> Person | None:
    """Who may see the app: whoever signed in and is listed; without sign-in whoever runs the server, as a reviewer.

    Raises:
        UserError: for somebody who signed in and may not come in, saying why.
    """
    if not sign_in.required():
        return Person(_by_hand(), "reviewer")
    return person(st.user, sign_in.listed()) if signed_in() else None


def admitted() -> Person | None:
    """`visitor`; None for somebody who is refused."""
    try:
        return visitor()
    except UserError:
        return None


def reviewer() -> str:
    """Who decides: the address of whoever signed in, else whoever runs the server."""
    somebody = admitted()
    return somebody.address if somebody else ""


def may_decide() -> bool:
    """Whether this person is a reviewer: viewers decide nothing and start nothing."""
    somebody = admitted()
    return somebody is not None and somebody.role == "reviewer"


def decides(act: Callable[..., Any] | None = None, *, beside: str = refusal.PAGE) -> Callable[..., Any]:
    """`act`, for reviewers only; whoever is refused is told why, in the place `beside`.

    Whatever changes anything wears it, as `@decides` or `@decides(beside="rule")`. A button that is off is not enough:
    keys press none, and a page may have been drawn before somebody's role changed. A refused act returns None.
    """
    if act is None:
        return partial(decides, beside=beside)

    @wraps(act)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        with refusal.kept(beside):
            if not may_decide():
                raise UserError(LOOKS_ONLY, "", ASK)
            try:
                return act(*args, **kwargs)
            finally:
                stamps.forget()

    return guarded


def for_reviewers(*, disabled: bool = False, tip: str | None = None) -> dict[str, Any]:
    """`disabled` and `help` of a widget that changes something: off for a viewer, and saying why."""
    return (
        {"disabled": disabled, "help": tip}
        if may_decide()
        else {"disabled": True, "help": f"{LOOKS_ONLY} Ask a reviewer to do this."}
    )


def _by_hand() -> str:
    return str(st.user.get("email") or os.environ.get(settings.REVIEWER) or getpass.getuser())
