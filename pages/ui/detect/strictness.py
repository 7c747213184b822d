"""How strict to be with one detector: the rule, what it flags, and what to think of that."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from core import pipeline
from core.analysis.comparison import line_of, stepped
from core.analysis.rules import Kind, Rule, chosen_rule, first_rule
from core.output.palette import GREY, POISON, TRUSTED
from core.runs import Run
from pages.ui.access.who import decides, for_reviewers
from pages.ui.cache import cached, compared
from pages.ui.cache.words import HELP, plain
from pages.ui.selection.selection import tiles
from pages.ui.widgets import refusal
from pages.ui.widgets.bound import bound
from pages.ui.widgets.gallery import gallery
from pages.ui.widgets.ground import ground
from pages.ui.widgets.histogram import Axis, Bars, Moved, histogram

TITLES = {  # short: all stand in one row beside the table
    "own": "Own rule",
    "rate": "Error rate",
    "outliers": "Outliers",
    "budget": "Number",
    "threshold": "Suspicion",
}

PICTURE = 52  # pixels of a sample at the border
TEXTS = 3  # on either side of it
WORDS = 76  # pixels for what a side is

LOOKS = {"not flagged": GREY, "flagged": POISON}  # colour of the groups of the spread; bona fide is that of the ground


def strictness(run: Run, name: str) -> None:
    """The rule in force, to be changed at once for all pages; how many it flags, where, at its border, and advice."""
    detection, table = cached.detections(run)[name], cached.table(run)
    rule, key = chosen_rule(run, name, detection), f"rule-{run.id}-{name}"  # another window may have changed it
    useless = "outliers" if detection.p_values is not None else "rate"
    kinds = [kind for kind in TITLES if kind == rule.kind or kind != useless]
    common = bound(f"{key}-kind", rule.kind, lambda new: _choose(run, name, new, first_rule(new, detection).value))
    common |= for_reviewers(tip=HELP["rate"])
    with st.container(key="strictness"):  # on a narrow screen its two parts stand side by side, above the table
        with st.container(key="strictness-line"):
            st.segmented_control(
                "How strict, by", kinds, format_func=TITLES.__getitem__, required=True, wrap=True, **common
            )
            refusal.show_kept("rule")
            # As tall with a field as without one: the chart below stays under the pointer that moves its line.
            with st.container(key="strictness-now"):
                if rule.kind in ("own", "outliers"):
                    _flagged(run, name, len(table))
                else:
                    words_, field = st.columns([4, 3], vertical_alignment="center")
                    with field:
                        _value(run, name, rule, key)
                    with words_:
                        _flagged(run, name, len(table))
            _spread(run, name)
        with st.container(key="strictness-border"):
            _border(run, name)
    _advice(run, name)


def _spread(run: Run, name: str) -> None:
    """The spread of the suspicion, with the border as a line that is dragged, or moved by keys a sample at a time."""
    detection, trusted = cached.detections(run)[name], cached.opened(run).bona_fide
    values, ticks, counts = compared.bars(run, name)
    axis = Axis(values, ticks)
    line = line_of(detection, trusted)
    is_line = line is not None and np.array_equal(
        detection.flagged & ~trusted, (detection.suspicion >= line) & ~trusted
    )
    at = f"flagged from {line:.4g} on" if is_line else "own rule; the line flags as many" if line else ""
    looks = LOOKS | {"bona fide": TRUSTED[ground()]}
    groups = [Bars(words, looks[words], numbers, below=words == "bona fide") for words, numbers in counts.items()]

    def moved(event: Moved) -> None:
        now = cached.detections(run)[name]
        new = stepped(now, trusted, event.step) if event.step else Rule("threshold", axis.at(event.marks[0]))
        _choose(run, name, "threshold", new.value)

    histogram(
        "Suspicion",
        axis,
        groups,
        key=f"spread-{run.id}-{name}",
        then=moved,
        kind="line",
        marks=() if line is None else (axis.place(line),),
        words=at,
        tip=HELP["suspicion"],
        height=120,
        log=True,
        disabled=bool(for_reviewers().get("disabled")),
    )


def _border(run: Run, name: str) -> None:
    """The samples on both sides of the border: where it is wrong, it is wrong here first."""
    found, table = compared.border(run, name), cached.table(run)
    for title, rows, tip in (
        ("Flagged", found.above, "The least suspicious first: stricter would let these go first."),
        ("Not flagged", found.below, "The most suspicious first: less strict would take these first."),
    ):
        # Named at its left, not above it: both rows are then in view with the line, in a low window too.
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"border-{title[:4]}"):
            st.markdown(f"**{title}**, nearest first", help=tip, width=WORDS)
            with st.container(width="stretch"):
                _beside(run, table.iloc[rows], f"border-{title[:4]}-{run.id}")


def _beside(run: Run, rows: pd.DataFrame, key: str) -> None:
    """The samples on one side of the border, as many as a row holds, or the first texts."""
    if not len(rows):
        st.caption("None.")
        return
    beside = [replace(tile, caption=tile.caption[:1], badge="", words="") for tile in tiles(run, rows)]
    is_read = any(tile.told for tile in beside)
    gallery(beside[:TEXTS] if is_read else beside, key=key, size=PICTURE, one_row=True)


def _flagged(run: Run, name: str, n: int) -> None:
    """How many are flagged now, in one line."""
    n_flagged = int(cached.detections(run)[name].flagged.sum())
    st.markdown(f"**{n_flagged:,} of {n:,} samples are flagged** ({n_flagged / max(1, n):.1%})")


def _advice(run: Run, name: str) -> None:
    """The rule and what to think of it, with the review budget as a button where no rate is enough."""
    n_flagged, advice = int(cached.detections(run)[name].flagged.sum()), cached.advice_on(run, name)
    words = f"{rule_in_words(run, name)}. {plain(' '.join(advice.sentences))}"
    st.markdown(f"{words[0].upper()}{words[1:]}")
    below = " Bona fide samples hang below." if cached.opened(run).bona_fide.any() else ""
    st.caption(
        "Drag the line, or use the arrow keys (Shift: ten samples). The counts of the chart grow with their logarithm, "
        f"so that a few samples show.{below}"
    )
    if advice.review and advice.review != n_flagged:
        st.button(
            f"Flag the {advice.review:,} most suspicious for review",
            icon=":material/rule:",
            on_click=_choose,
            args=(run, name, "budget", advice.review),
            **for_reviewers(),
        )


def rule_in_words(run: Run, name: str) -> str:
    """The rule in force for a detector that ran, in words."""
    return plain(cached.rule_words(run, name))


def _value(run: Run, name: str, rule: Rule, key: str) -> None:
    """The field that the rule's kind asks for."""
    n, unit = len(cached.table(run)), 100 if rule.kind == "rate" else 1
    value = {"rate": round(100 * rule.value), "budget": min(round(rule.value), n)}.get(rule.kind, float(rule.value))
    common = bound(f"{key}-{rule.kind}", value, lambda new: _choose(run, name, rule.kind, new / unit))
    common |= for_reviewers() | {"label_visibility": "collapsed"}  # the choice above it says what the number is
    if rule.kind == "rate":
        st.number_input("Wrong on average, %", 1, 50, icon=":material/percent:", **common)
    elif rule.kind == "budget":
        st.number_input("Number of samples", 1, n, step=max(1, n // 200), **common)
    else:
        st.number_input("Suspicion from", format="%.4g", step=0.1, **common)


@decides(beside="rule")
def _choose(run: Run, name: str, kind: Kind, value: float) -> None:
    pipeline.choose_rule(run, name, Rule(kind, value))
