"""The reviewer's desk: the queue as a gallery, the sample in focus, and what the keys do."""

from collections.abc import Callable
from functools import partial
from math import ceil

import pandas as pd
import streamlit as st

from core import review
from core.errors import UserError
from core.queue import next_undecided, place_of
from core.runs import Run
from pages.ui import gallery as galleries
from pages.ui.filters import suggested_by
from pages.ui.gallery import GalleryEvent, gallery
from pages.ui.selection import select, selected, tiles
from pages.ui.verdicts import ICONS, MOST, REASON, WORDS, decide_or_ask, questions, redo, said, undo
from pages.ui.who import may_decide, reviewer

PAGE = 60
DECISIONS = {"e": "exclude", "k": "keep", "m": "mark", "r": "relabel"}
KEYS = {"e": "decide", "k": "decide", "m": "decide", "r": "ask", "u": "undo", "y": "redo", "n": "next", "p": "back",
        "a": "all", "Escape": "clear", "?": "help"}  # fmt: skip
SHEET = {
    "E": "exclude", "K": "keep", "M": "mark as unsure", "R": "relabel, then the class's number",
    "U": "undo", "Y": "redo", "N": "next undecided that nobody else looks at", "P": "previous",
    "← → ↑ ↓": "move", "Space": "select", "Shift+click": "select a range", "A": "select all visible",
    "Esc": "select nothing", "?": "this sheet",
}  # fmt: skip
SMALL = {
    "Escape": ("close", "Select nothing (Esc)"),
    "u": ("undo", "Undo (U)"),
    "y": ("redo", "Redo (Y)"),
    "n": ("skip_next", "Next undecided (N)"),
    "?": ("keyboard", "All keys (?)"),
}


def turn(rows: pd.DataFrame, run: Run) -> tuple[pd.DataFrame, int | None]:
    """The rows of the current page of the queue, and the id in focus; the pager is drawn where there are several."""
    pages, focus = max(1, ceil(len(rows) / PAGE)), st.session_state.get(_focus(run))
    ids = rows["id"].to_numpy()
    place = place_of(ids, st.session_state.pop(f"goto-{run.id}", None))
    if place is not None:
        focus, st.session_state["page"] = int(ids[place]), place // PAGE + 1
    if st.session_state.get("page", 1) > pages:
        st.session_state["page"] = pages
    page = st.pagination(pages, key="page", max_visible_pages=5, bind="query-params") if pages > 1 else 1
    shown = rows.iloc[(page - 1) * PAGE : page * PAGE]
    here = shown["id"].tolist()
    focus = focus if focus in here else here[0] if here else None
    st.session_state[_focus(run)] = focus
    return shown, focus


def choosers(run: Run, rows: pd.DataFrame, shown: pd.DataFrame) -> None:
    """Two buttons: select what is visible, and select the whole queue."""
    st.button("Page", key="choose-page", icon=":material/select_all:", type="tertiary", disabled=rows.empty,
              help="Select what is visible (A)", on_click=select, args=(run, shown["id"].tolist()))  # fmt: skip
    st.button(f"All {len(rows):,}", key="choose-all", icon=":material/done_all:", type="tertiary", disabled=rows.empty,
              help="Select the whole queue", on_click=select, args=(run, rows["id"].tolist()))  # fmt: skip


def desk(run: Run, rows: pd.DataFrame, shown: pd.DataFrame, focus: int | None) -> None:
    """The gallery of the current page; what is done in it is done at once.

    Args:
        run: under review.
        rows: the whole queue, in which the next undecided sample is looked for.
        shown: the rows of the current page.
        focus: the id that the keys are about while nothing is selected.
    """
    taken = review.taken(run.workspace, run.id, reviewer=reviewer())
    gallery(
        tiles(run, shown, taken),
        key=_key(run),
        selected=selected(run).tolist(),
        size=st.session_state["size"],
        keys=KEYS,
        on_event=partial(_done, run, rows),
        focus=focus,
        most=MOST,
    )


def bar(run: Run, rows: pd.DataFrame, focus: int | None) -> None:
    """What the keys would decide on, and the same as buttons; in view all the time."""
    said()
    chosen = len(selected(run))
    with st.container(key="selection-bar", horizontal=True, vertical_alignment="center", gap="small"):
        words = f"**{chosen:,} selected**" if chosen else f"**Sample #{focus}**" if focus is not None else ""
        st.markdown(words, width=130)
        for key, decision in DECISIONS.items():
            kind = "primary" if decision == "exclude" else "secondary"
            title = {"mark": "Unsure", "relabel": "Relabel…"}.get(decision, WORDS[decision])
            st.button(title, key=f"{decision}-selection", icon=ICONS[decision], type=kind,  # type: ignore[arg-type]
                      disabled=(not chosen and focus is None) or not may_decide(), help=f"Key {key.upper()}",
                      on_click=_pressed, args=(run, rows, key))  # fmt: skip
        st.text_input("Reason", key=REASON, placeholder="Reason (optional)", label_visibility="collapsed", width=150)
        st.space("stretch")
        for key, (icon, tip) in SMALL.items():
            st.button("", key=f"press-{icon}", icon=f":material/{icon}:", type="tertiary", help=tip,
                      disabled=key == "Escape" and not chosen, on_click=_pressed, args=(run, rows, key))  # fmt: skip
    questions(run, lambda: select(run, ()))
    if st.session_state.pop("sheet", False):
        _sheet()


def _pressed(run: Run, rows: pd.DataFrame, key: str) -> None:
    """A button of the bar, which is a key; what was clicked in the gallery just before comes first."""
    galleries.answer(_key(run), partial(_done, run, rows))
    focus = st.session_state.get(_focus(run))
    _act(run, rows, key, selected(run).tolist() or [one for one in (focus,) if one is not None])


def _done(run: Run, rows: pd.DataFrame, event: GalleryEvent, once: Callable[[], None]) -> None:
    """What was done in the gallery; `once` goes before what must not be done twice."""
    elsewhere = set(selected(run).tolist()) - set(event.shown)
    select(run, [*elsewhere, *event.selected])
    st.session_state[_focus(run)] = event.next
    if event.key:
        ids = [*elsewhere, *event.selected] if event.on == "selection" else []
        _act(run, rows, event.key, ids or [one for one in (event.focus,) if one is not None], once)
    _hold(run)


def _act(run: Run, rows: pd.DataFrame, key: str, ids: list[int], once: Callable[[], None] = lambda: None) -> None:
    """What a key stands for; it is about `ids`: the selection, else the sample in focus."""
    if key in DECISIONS and ids:
        if decide_or_ask(run, ids, DECISIONS[key], by=suggested_by(run), once=once) and len(selected(run)):
            select(run, ())
    elif key == "u":
        undo(run, once)
    elif key == "y":
        redo(run, once)
    elif key == "n":
        _next(run, rows, st.session_state.get(_focus(run)))
    elif key == "Escape":
        select(run, ())
    elif key == "?":
        st.session_state["sheet"] = True


def _next(run: Run, rows: pd.DataFrame, focus: int | None) -> None:
    found = next_undecided(rows, focus, review.taken(run.workspace, run.id, reviewer=reviewer()))
    if found is None:
        st.toast("Nothing else is undecided here.", icon=":material/done_all:")
    else:
        st.session_state[_focus(run)] = st.session_state[f"goto-{run.id}"] = found


def _hold(run: Run) -> None:
    """Tell others which sample is looked at here."""
    focus = st.session_state.get(_focus(run))
    if focus is None or not may_decide():
        return
    try:
        review.claim(run.workspace, run.id, [focus], reviewer=reviewer())
    except UserError as error:
        st.session_state["said"] = str(error)


@st.dialog("Keys")
def _sheet() -> None:
    for keys, words in SHEET.items():
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"`{keys}`", width=110)
            st.markdown(words)


def _key(run: Run) -> str:
    return f"review-{run.id}"


def _focus(run: Run) -> str:
    return f"focus-{run.id}"
