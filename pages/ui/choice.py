"""One of some options, or none of them."""

from collections.abc import Mapping
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")
ANY = ""  # Streamlit takes None for a field that nobody has filled in: it asks for a choice, and offers to clear it


def one_or_any(title: str, options: Mapping[T, str], none: str, *, first: T | None = None, **widget: Any) -> T | None:
    """A list to choose one of `options` from; None where the first line, in the words `none`, is chosen.

    Args:
        title: above it.
        options: value → its words.
        none: the words for all of them, or for none.
        first: chosen in the beginning. In the session, under its `key`, none is `ANY`.
        widget: what else `st.selectbox` takes.
    """
    values: list[Any] = [ANY, *options]
    while none in options.values():  # such a class would be chosen by its words
        none += " …"
    chosen = st.selectbox(title, values, values.index(ANY if first is None else first),
                          format_func=lambda one: none if one == ANY else options[one], **widget)  # fmt: skip
    return None if chosen == ANY else chosen
