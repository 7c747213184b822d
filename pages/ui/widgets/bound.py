"""Widgets that show a value kept elsewhere, which a browser that lags behind cannot set back.

A request carries what all widgets showed when the browser sent it, and parts of a page that draw themselves send one
every second or two. Streamlit calls the callback of each widget whose value is another than the server's. It does so
where the server has changed the value since, and even where the widget has left the page.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")


def bound(name: str, value: T, then: Callable[[T], None]) -> dict[str, Any]:
    """The key and the callback of a widget that shows `value`; to be handed to it.

    Where the value was changed otherwise than by this widget, the widget is a new one, and its forerunner is not
    listened to any more. A value that was heard is not heard again, nor missed where another came before the redraw.

    Args:
        name: of the widget, unique on the page.
        value: what it is to show, as the widget itself would say it.
        then: called with what a person chose. What it leaves unchanged is shown again.
    """
    state, mark = st.session_state, f"{name}-turn"
    generation, heard = state.get(mark, (0, value))
    generation += state.get(f"{name}-{generation}", heard) != value
    key = f"{name}-{generation}"
    state[mark], state[key] = (generation, value), value

    def changed() -> None:
        now, heard = state[mark]
        if now == generation and key in state and state[key] != heard:
            state[mark] = generation, state[key]
            then(state[key])

    return {"key": key, "on_change": changed}
