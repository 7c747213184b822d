"""Fields, tables and lines as every page has them: some options, ranges, how tall a table is, sentences that fit."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Literal, TypeVar

import streamlit as st

from core.data.store import DatasetInfo
from pages.ui.widgets.bound import bound

T = TypeVar("T")
ALL = "0-100"  # percentiles, as the address says a range of them
RANGES = tuple(dict.fromkeys([ALL, *(f"{low}-{high}" for low in range(101) for high in range(low, 101))]))
ROW = 34  # pixels of one row at the theme's base font size
ANY = ""  # Streamlit takes None for a field that nobody has filled in: it asks for a choice, and offers to clear it


def one_of(title: str, options: Mapping[T, str] | Collection[T], *, first: T | None = None, **widget: Any) -> T:
    """A row of buttons of which one is always chosen.

    Args:
        title: above it.
        options: value → its words, or values that are their own words.
        first: chosen in the beginning; by default the first of them.
        widget: what else `st.segmented_control` takes.
    """
    words = options if isinstance(options, Mapping) else {value: str(value) for value in options}
    values = list(words)
    default = values[0] if first is None else first
    chosen: T = st.segmented_control(
        title, values, default=default, required=True, wrap=True, format_func=words.__getitem__, **widget
    )
    return chosen


def one_dataset(title: str, datasets: Mapping[str, DatasetInfo], *preferred: str | None, **widget: Any) -> DatasetInfo:
    """A list to choose a data set from; it starts at the first of the preferred ids that there is."""
    ids = list(datasets)
    start = next((ids.index(dataset_id) for dataset_id in preferred if dataset_id in datasets), 0)
    words = {info.id: f"{info.name} · {info.n:,} samples" for info in datasets.values()}
    return datasets[st.selectbox(title, ids, start, format_func=words.__getitem__, **widget)]


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
        format_func=lambda option: none if option == ANY else options[option],
        **widget,
    )
    return None if chosen == ANY else chosen


def tall(rows: int, most: int) -> int | Literal["content"]:
    """The `height` of a dataframe: as tall as its rows, and scrolled where there are more than `most`."""
    return "content" if rows <= most else ROW * (most + 1)


def in_a_line(sentences: Iterable[str]) -> None:
    """The line, of Markdown; the style sheet leaves out whole sentences that would begin another line.

    Args:
        sentences: the most important first; "" is passed over.
    """
    words = list(filter(None, sentences))
    every = " ".join(words).replace("**", "")
    with st.container(key="brief", horizontal=True, gap="xsmall"):
        with st.container(key="brief-sentences", horizontal=True, gap="xsmall", width="content"):
            for sentence in words:
                st.markdown(sentence, width="content")
        st.markdown("", width="content", help=every)


def ends(said: str) -> tuple[int, int]:
    """The lowest and the highest percentile of one of `RANGES`.

    >>> ends("95-100")
    (95, 100)
    """
    low, _, high = said.partition("-")
    return int(low), int(high)


def percentiles(title: str, name: str, said: str, then: Callable[[str], None], tip: str) -> None:
    """The slider of a range of percentiles.

    Args:
        title: above it.
        name: of the widget, unique on the page.
        said: what it shows, one of `RANGES`.
        then: called with what a person chose.
        tip: what hovering says.
    """
    chosen = bound(name, ends(said), lambda new: then("{}-{}".format(*new)))
    st.slider(title, 0, 100, format="%d%%", help=tip, **chosen)
