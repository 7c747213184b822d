"""One of some options, or none of them.

How tall a table is.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import streamlit as st

ROW = 34  # pixels of one row at the theme's base font size


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
    chosen = st.selectbox(
        title,
        values,
        values.index(ANY if first is None else first),
        format_func=lambda one: none if one == ANY else options[one],
        **widget,
    )
    return None if chosen == ANY else chosen


def tall(rows: int, most: int) -> int | Literal["content"]:
    """The `height` of a dataframe: as tall as its rows, and scrolled where there are more than `most`."""
    return "content" if rows <= most else ROW * (most + 1)
