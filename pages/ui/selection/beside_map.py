"""What stands beside and below a map: the samples of the selection, the keys, and the bar that acts on it."""

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis.neighbours import like
from core.journal import review
from core.runs import Run
from pages.ui.access.who import for_reviewers
from pages.ui.cache import cached
from pages.ui.cache.words import plain
from pages.ui.selection import shared
from pages.ui.selection.remarks import on_selection
from pages.ui.selection.selection import follow, looked_at, places_of, select, selected, tiles, version
from pages.ui.selection.verdicts import (
    MOST,
    WORDS,
    bona_fide_among,
    decide_or_ask,
    decision_buttons,
    questions,
    redo,
    said,
    undo,
)
from pages.ui.widgets import counted
from pages.ui.widgets import gallery as galleries
from pages.ui.widgets.gallery import GalleryEvent, gallery

SHOWN = 60  # samples of a selection on a page beside a map
LIKE = 20  # that are added at once to what they are like
DECISIONS = {"e": "exclude", "k": "keep", "m": "mark", "r": "relabel"}
KEYS = {"e": "decide", "k": "decide", "m": "decide", "r": "ask", "u": "undo", "y": "redo", "Escape": "clear"}
EMPTY = "Nothing is selected: lasso, click, shift-click."


def selection_gallery(run: Run, table: pd.DataFrame) -> None:
    """The samples of the selection, most suspicious first, with the keys; without a selection, nothing but the keys."""
    rows = places_of(table, looked_at(run))
    order = np.argsort(-table["suspicion"].to_numpy()[rows], kind="stable")  # what has no suspicion stands last
    page = _head(run, len(rows)) if len(rows) else 0
    shown = table.iloc[rows[order[page * SHOWN : (page + 1) * SHOWN]]]
    gallery(
        tiles(run, shown),
        key=_key(run),
        selected=selected(run),
        version=version(run),
        size=64,
        keys=KEYS,
        on_event=partial(_done, run),
        most=MOST,
    )


def _head(run: Run, n: int) -> int:
    """Above the images: which of them these are, the way to the others and to more like them; returns the page."""
    key, last = f"selection-page-{run.id}", (n - 1) // SHOWN
    of, page = st.session_state.get(key, (0, 0))
    page = min(page, last) if of == version(run) else 0  # another selection begins with its first page
    which = f"**{page * SHOWN + 1:,}–{min((page + 1) * SHOWN, n):,}** of {n:,}" if last else "**Selected samples**"
    turn = {"type": "tertiary", "on_click": partial(st.session_state.__setitem__, key)}
    with st.container(key="selection-head", horizontal=True, vertical_alignment="center", gap="xsmall"):
        tip = "The most suspicious first. A click takes a sample out of the selection, and in again."
        # Where there are several pages, the words stand in one line with their buttons.
        st.markdown(which, help=tip, width="stretch")
        for title, icon, to in (("Back", "left", page - 1), ("Next", "right", page + 1)) if last else ():
            st.button(
                "",
                key=f"selection-{title}",
                icon=f":material/chevron_{icon}:",
                help=f"{title} page",
                disabled=not 0 <= to <= last,
                args=((version(run), to),),
                **turn,
            )
        if run.has_activations:
            st.button(
                f"+{LIKE} alike",
                key="more-like",
                icon=":material/hub:",
                type="tertiary",
                help=f"Selects {LIKE} more samples: those that are most like these to the model, on the whole.",
                on_click=_add_like,
                args=(run,),
            )
    return page


def _add_like(run: Run) -> None:
    """Select what is most like the selection, too; what was clicked in the gallery just before comes first."""
    galleries.answer(_key(run), partial(_done, run))
    ids, now = cached.table(run)["id"].to_numpy(), selected(run)
    found = like(run.array("activations"), places_of(cached.table(run), now), LIKE)
    select(run, np.union1d(now, ids[found]))


def selection_bar(run: Run, table: pd.DataFrame, *, always: bool = True) -> None:
    """Count and class mix of the selection and what can be done with it, in one row that is always in view.

    Unless `always`, there is no bar where nothing is selected, only what became of the latest decision.
    """
    labels = table["label"].iloc[places_of(table, selected(run))]
    shared.say(run, selected(run).tolist())
    said()
    if not always and not len(labels):
        return
    with st.container(key="selection-bar", horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(key="selection-words", gap=None):
            st.markdown(_words(run, labels) if len(labels) else EMPTY, width="stretch")
        _actions(run)


def _words(run: Run, labels: "pd.Series[int]") -> str:
    """How many are selected, whether bona fide samples are among them, and their classes."""
    names = [plain(name) for name in cached.info(run).class_names]
    mix = labels.value_counts()
    words = ", ".join(f"{names[index]} {count:,}" for index, count in mix.head(3).items())
    more = f" and {len(mix) - 3} more classes" if len(mix) > 3 else ""
    guaranteed = bona_fide_among(run, selected(run), classes=False)  # which is said when it is asked
    clean = f" · :material/verified: **{guaranteed}**" if guaranteed else ""
    return f"**{len(labels):,} selected**{clean} · {words}{more}"


def _actions(run: Run) -> None:
    """The buttons that decide on the selection, and undo; what is asked before."""
    empty = not len(selected(run))
    keys = {decision: key for key, decision in DECISIONS.items()}
    # The selection is read when a button is pressed: what was drawn with the button may be older.
    decision_buttons(
        "selection",
        lambda decision: _pressed(run, keys[decision]),
        off=WORDS if empty else (),
        tips={decision: f"Key {key.upper()}" for decision, key in keys.items()},
    )
    on_selection(run)
    st.button(
        "",
        key="clear-selection",
        icon=":material/close:",
        type="tertiary",
        help="Select nothing (Esc)",
        disabled=empty,
        on_click=_pressed,
        args=(run, "Escape"),
    )
    st.button(
        "Undo",
        key="undo",
        icon=":material/undo:",
        type="tertiary",
        on_click=_pressed,
        args=(run, "u"),
        **for_reviewers(
            disabled=not review.revision(run.workspace, run.id), tip="Takes back your latest decision (U)."
        ),
    )
    questions(run, lambda then: select(run, ()))


def _pressed(run: Run, key: str) -> None:
    """A button of the bar, which is a key; what was clicked in the gallery just before comes first."""
    galleries.answer(_key(run), partial(_done, run))
    _act(run, key, lambda: None)


def _done(run: Run, event: GalleryEvent, once: Callable[[], None]) -> None:
    """What was done in the gallery; `once` goes before what must not be done twice."""
    here = set(selected(run).tolist())
    # Something else was selected meanwhile, which the gallery did not know yet: what was done is done to that, too.
    missed = event.version != version(run)
    follow(run, {*(here if missed else here - set(event.shown)), *event.selected})
    if event.key:
        _act(run, event.key, once)


def _act(run: Run, key: str, once: Callable[[], None]) -> None:
    """What a key stands for; it is about the selection."""
    st.session_state["acted"] = time.monotonic()
    ids = selected(run).tolist()
    if key in DECISIONS and ids:
        if decide_or_ask(run, ids, DECISIONS[key], by=counted.flagged_by(run), once=once):
            select(run, ())
    elif key == "u":
        undo(run, once)
    elif key == "y":
        redo(run, once)
    elif key == "Escape":
        select(run, ())


def _key(run: Run) -> str:
    return f"selection-gallery-{run.id}"
