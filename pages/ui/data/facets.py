"""The filters of the Data page: classes, problems and what is measured, each with its counts."""

from dataclasses import replace
from functools import partial
from math import inf

import numpy as np
import streamlit as st

from core.data.browsing import ALIKE, RANDOM, histogram
from core.modalities.contract import Trait
from core.output.names import told_apart
from core.output.palette import ACCENT, GREY
from core.runs import Run
from core.types import Floats
from pages.ui.data.browser import on_maps
from pages.ui.data.browsing import Browsed, choose, choose_range, clear, is_filtered, number
from pages.ui.data.problems import MEANING
from pages.ui.widgets.histogram import Axis, Bars, Moved
from pages.ui.widgets.histogram import histogram as bars
from pages.ui.widgets.tally import Row, tally

LONGEST = 32  # characters of a class's name: as many as stand beside its number
COPIED = ("duplicate", "near duplicate", "two labels")  # problems of samples that are seen side by side


def filters(now: Browsed, run: Run | None) -> None:
    """Classes, problems and what is measured, each with its counts; a click or a drag leaves out the rest.

    With a run of these data, what is left is seen on the map at a click.
    """
    if is_filtered(now):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button("Show all", key="data-clear", icon=":material/filter_alt_off:", on_click=clear, args=(now,))
            if run and len(left := now.rows()):
                on_maps(run, now.ids[left], key="data-select")
    _problems(now)
    _classes(now)
    for trait in now.survey.traits:
        _trait(now, trait)
    if not now.survey.complete:
        st.caption("There is too much to read through while you wait: nothing is measured, and no copy is looked for.")
    elif not now.survey.compared:
        st.caption("Near duplicates are not looked for among so many.")


def _classes(now: Browsed) -> None:
    """How many samples each class has, and how many of these are left by the other filters."""
    n, names = len(now.info.class_names), now.info.class_names
    counts, left = (np.bincount(some, minlength=n).tolist() for some in (now.labels, now.labels[now.rows("label")]))
    short = told_apart(names, LONGEST)
    rows = [Row(str(index), names[index], counts[index], left[index], short[index]) for index in range(n)]
    chosen = "" if now.choice.label is None else str(now.choice.label)
    tally("Classes", rows, key="data-classes", chosen=chosen, then=partial(choose, now.label_name), height=216)


def _problems(now: Browsed) -> None:
    problems, left = now.survey.problems, now.rows("problem")
    if not problems:
        if now.survey.complete:
            st.caption(":material/check: No copy, blank or odd sample was found.")
        return
    rows = [
        Row(kind, kind.capitalize(), len(found), int(np.isin(found, left).sum()), help=MEANING.get(kind, ""), warn=True)
        for kind, found in problems.items()
    ]
    tally("Problems", rows, key="data-problems", chosen=now.choice.problem, then=partial(_problem, now), height=170)


def _problem(now: Browsed, kind: str) -> None:
    """Those with one problem; copies are seen side by side."""
    choose("problem", kind)
    if kind in COPIED and now.choice.order == RANDOM:
        choose("order", ALIKE)
    elif not kind and now.choice.order == ALIKE:
        choose("order", "")


def _trait(now: Browsed, trait: Trait) -> None:
    found = histogram(trait, now.rows(apart_from=trait.name))
    n = len(found.every)
    if n < 2:  # all samples are the same in this
        return
    axis = Axis(found.edges.tolist(), (), trait.unit)
    whole = float(found.edges[0]) % 1 == 0.5  # a bar a number, which stands below its middle
    places = [(at + 0.5) / n for at in sorted({0, n // 2, n - 1})] if whole else (0.0, n // 2 / n, 1.0)
    axis = replace(axis, ticks=[(at, f"{number(axis.at(at))}{trait.unit}") for at in places])
    chosen = now.choice.ranges.get(trait.name)
    bars(
        trait.name,
        axis,
        [
            Bars(f"of all {len(now.labels):,}", f"{GREY}55", found.every.tolist()),
            Bars("left by the other filters", ACCENT, found.shown.tolist()),
        ],
        key=f"data-trait-{trait.name}",
        then=partial(_ranged, trait, axis, found.edges),
        marks=(axis.place(chosen[0]), axis.place(chosen[1])) if chosen else (),
        words=_range_words(chosen, trait.unit) if chosen else "",
        tip=trait.help,
        height=46,
    )


def _ranged(trait: Trait, axis: Axis, edges: Floats, moved: Moved) -> None:
    ends = (axis.at(moved.marks[0]), axis.at(moved.marks[1])) if len(moved.marks) == 2 else None
    choose_range(trait, edges, ends)


def _range_words(chosen: tuple[float, float], unit: str) -> str:
    low, high = chosen
    if low == -inf:
        return f"up to {number(high)}{unit}"
    return f"from {number(low)}{unit}" if high == inf else f"{number(low)}–{number(high)}{unit}"
