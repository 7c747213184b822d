"""What the keys of the review do, and the bar that holds the same as buttons."""

import time
from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from core.analysis.queue import next_undecided
from core.errors import UserError
from core.journal import review
from core.runs import Run
from pages.ui.access.who import may_decide, reviewer
from pages.ui.review import sample
from pages.ui.review.enlarged import enlarged
from pages.ui.selection import shared
from pages.ui.selection.selection import follow, select, selected, version
from pages.ui.selection.verdicts import (
    PLACE,
    WORDS,
    bona_fide_among,
    decide_or_ask,
    decision_buttons,
    questions,
    reason_key,
    redo,
    said,
    tell,
    undo,
)
from pages.ui.shell.frame import DIALOG, put_away
from pages.ui.widgets import counted, refusal
from pages.ui.widgets import gallery as galleries
from pages.ui.widgets.gallery import GalleryEvent

DECISIONS = {"e": "exclude", "k": "keep", "m": "mark", "r": "relabel"}
KEYS = {
    "e": "decide",
    "k": "decide",
    "m": "decide",
    "r": "ask",
    "u": "undo",
    "y": "redo",
    "n": "next",
    "p": "back",
    "a": "all",
    "f": "large",
    "Escape": "clear",
    "?": "help",
}
SHEET = {
    "E": "exclude",
    "K": "keep",
    "M": "mark as unsure",
    "R": "relabel, then the class's number",
    "U": "undo",
    "Y": "redo",
    "N": "next undecided that nobody else looks at",
    "P": "previous",
    "← → ↑ ↓": "move",
    "Space": "select",
    "Shift+click": "select a range",
    "A": "select all visible",
    "F": "the sample on the whole screen, and back",
    "Esc": "select nothing, or leave the whole screen",
    "?": "this sheet",
}
KEYS_SHEET = "keys"
SMALL = {
    "Escape": ("close", "Select nothing (Esc)"),
    "u": ("undo", "Undo (U)"),
    "y": ("redo", "Redo (Y)"),
    "n": ("skip_next", "Next undecided (N)"),
    "f": ("fullscreen", "The sample on the whole screen (F)"),
    "?": ("keyboard", "All keys (?)"),
}


def bar(run: Run, rows: pd.DataFrame, focus: int | None) -> None:
    """What the keys would decide on, and the same as buttons; in view all the time."""
    said()
    chosen = len(selected(run))
    shared.say(run, selected(run).tolist())
    with st.container(key="selection-bar", horizontal=True, vertical_alignment="center", gap="small"):
        words = f"**{chosen:,} selected**" if chosen else f"**Sample #{focus}**" if focus is not None else ""
        about = selected(run).tolist() or [one for one in (focus,) if one is not None]
        guaranteed = bona_fide_among(run, about, classes=False)  # which is said when it is asked
        with st.container(key="selection-words", gap=None):
            st.markdown(f"{words} · :material/verified: **{guaranteed}**" if guaranteed else words, width="stretch")
        keys = {decision: key for key, decision in DECISIONS.items()}
        decision_buttons(
            "selection",
            lambda decision: _pressed(run, rows, keys[decision]),
            off=() if chosen or focus is not None else WORDS,
            tips={decision: f"Key {key.upper()}" for decision, key in keys.items()},
        )
        st.text_input("Reason", key=reason_key(), placeholder="Reason", label_visibility="collapsed", width=120)
        for key, (icon, tip) in SMALL.items():
            off = key == "Escape" and not chosen and not sample.is_open()
            st.button(
                "",
                key=f"press-{icon}",
                icon=f":material/{icon}:",
                type="tertiary",
                help=tip,
                disabled=off,
                on_click=_pressed,
                args=(run, rows, key),
            )
    questions(run, lambda then: select(run, ()))
    enlarged(run)
    if st.session_state.get(DIALOG) == KEYS_SHEET:
        _sheet()


def _pressed(run: Run, rows: pd.DataFrame, key: str) -> None:
    """A button of the bar, which is a key; what was clicked in the gallery just before comes first."""
    galleries.answer(gallery_key(run), partial(done, run, rows))
    focus = st.session_state.get(focus_key(run))
    _act(run, rows, key, selected(run).tolist() or [sample for sample in (focus,) if sample is not None])


def done(run: Run, rows: pd.DataFrame, event: GalleryEvent, once: Callable[[], None]) -> None:
    """What was done in the gallery; `once` goes before what must not be done twice."""
    here = set(selected(run).tolist())
    # Something else was selected meanwhile, which the gallery did not know yet: what was done is done to that, too.
    missed = event.version != version(run)
    ids = {*(here if missed else here - set(event.shown)), *event.selected}
    follow(run, ids)
    st.session_state[focus_key(run)] = event.next
    if event.key:
        about = sorted(ids) if missed or event.on == "selection" else []
        _act(run, rows, event.key, about or [sample for sample in (event.focus,) if sample is not None], once)
    _hold(run)


def _act(run: Run, rows: pd.DataFrame, key: str, ids: list[int], once: Callable[[], None] = lambda: None) -> None:
    """What a key stands for; it is about `ids`: the selection, else the sample in focus."""
    st.session_state["acted"] = time.monotonic()
    if key in DECISIONS and ids:
        if decide_or_ask(run, ids, DECISIONS[key], by=counted.flagged_by(run), once=once) and len(selected(run)):
            follow(run, ())
    elif key == "u":
        undo(run, once)
    elif key == "y":
        redo(run, once)
    elif key == "n":
        _next(run, rows, st.session_state.get(focus_key(run)))
    elif key == "f" or (key == "Escape" and sample.is_open()):
        sample.toggle(run, st.session_state.get(focus_key(run)))
    elif key == "Escape":
        follow(run, ())
    elif key == "?":
        st.session_state[DIALOG] = KEYS_SHEET


def _next(run: Run, rows: pd.DataFrame, focus: int | None) -> None:
    following = next_undecided(rows, focus, review.taken(run.workspace, run.id, reviewer=reviewer()))
    if following is None:
        tell("Nothing else is undecided here.", ":material/done_all:")
    else:
        st.session_state[focus_key(run)] = st.session_state[f"goto-{run.id}"] = following


def _hold(run: Run) -> None:
    """Tell others which sample is looked at here."""
    focus = st.session_state.get(focus_key(run))
    if focus is None or not may_decide():
        return
    try:
        review.claim(run.workspace, run.id, [focus], reviewer=reviewer())
    except UserError as error:
        refusal.keep(error, PLACE)


@st.dialog("Keys", on_dismiss=put_away)
def _sheet() -> None:
    st.markdown(
        "\n".join(["| Key | What it does |", "|---|---|", *(f"| `{key}` | {does} |" for key, does in SHEET.items())])
    )


def gallery_key(run: Run) -> str:
    """The gallery's name in the session."""
    return f"review-{run.id}"


def focus_key(run: Run) -> str:
    """Where the session keeps the sample in focus."""
    return f"focus-{run.id}"
