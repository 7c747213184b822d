"""The reviewer's desk: progress, families, the queue as a gallery, and the sample in focus.

The desk is a fragment. A verdict draws the desk again, and neither the frame around the page nor what stands below it.
Those follow when the reviewer pauses, as does what other reviewers decide (`keep_up`).
"""

import time
from collections.abc import Callable
from functools import partial
from math import ceil

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.analysis.caveats import Tally
from core.analysis.queue import Filter, place_of
from core.journal import review
from core.journal.review.verdict import STANDING
from core.runs import Run, children
from pages.ui.access.who import reviewer
from pages.ui.cache import cached
from pages.ui.review import families, keyboard, sample, units
from pages.ui.review.filters import TITLES, Chosen, clear, filtered, show
from pages.ui.review.keyboard import KEYS, focus_key, gallery_key
from pages.ui.review.sample import single
from pages.ui.selection.selection import select, selected, tiles, version
from pages.ui.selection.verdicts import MOST
from pages.ui.shell import journey, onward
from pages.ui.widgets import counted, view
from pages.ui.widgets.bound import bound
from pages.ui.widgets.gallery import gallery

PAUSE = 2.0  # seconds without a decision, after which the whole page is drawn again
PAGE = 60  # samples of the queue on one page


@st.fragment
def desk(run: Run, answer: DeltaGenerator, chosen: Chosen) -> None:
    """All that a verdict changes.

    Args:
        run: under review.
        answer: where it is written how much is decided.
        chosen: what the filters leave, but for the family, which is chosen here.
    """
    conditions = chosen.conditions
    table, suspects = counted.table(run), counted.suspects(run)
    with answer:
        _progress(run, table)
    rows = filtered(run, table, chosen, families.chosen(run))
    if sample.is_open():
        _full_screen(run, table, counted.tally(run), rows, chosen)
        return
    left, middle, side = st.columns([1.1, 3, 1.5], gap="small")
    with left, st.container(key="review-families"):
        families.cards(run, suspects)
    with middle, st.container(key="review-queue"):
        with st.container(key="review-unit"):  # always there: what stands below keeps its place, and leaves no copy
            units.head(run, table, suspects, conditions)
        with st.container(key="review-pager", horizontal=True, vertical_alignment="center"):
            shown, focus = _current_page(rows, run)
            st.caption(f"{len(shown):,} of {len(rows):,}")
            st.space("stretch")
            _select_buttons(run, rows, shown)
        if rows.empty:
            _why_empty(run, counted.tally(run), chosen)
            if len(suspects) and not counted.tally(run).undecided:
                _way_on(run, suspects, "suspects" if counted.tally(run).confirmed else "flagged samples")
        _tiles(run, rows, shown, focus, chosen.size)
    with side, st.container(key="review-side"):
        if focus is None:
            st.caption("The sample in focus is shown here, with its loss curve.")
        else:
            single(run, table, focus)
    keyboard.bar(run, rows, focus)


def remember(run: Run) -> None:
    """Keep what the page is about to show, for `keep_up` to compare with."""
    st.session_state["shown"] = _standing(run)


@st.fragment(run_every=PAUSE)
def keep_up(run: Run) -> None:
    """Draw the page again once anybody decided or took something since, and the reviewer pauses."""
    pauses = time.monotonic() - st.session_state.get("acted", 0.0) > PAUSE
    if pauses and _standing(run) != st.session_state.get("shown"):
        st.rerun()


def _progress(run: Run, table: pd.DataFrame) -> None:
    counts = counted.tally(run)
    decided, what = counts.suspects - counts.undecided, "suspects" if counts.confirmed else "flagged samples"
    done = f"{decided:,} of {counts.suspects:,} {what} are decided" if counts.suspects else "Nothing is to be decided"
    st.markdown(
        f"**{done}**; {int((table['verdict'] == 'exclude').sum()):,} of {len(table):,} are excluded.",
        help=cached.all_rule_words(run),
    )
    counted.brief(run)
    if counts.suspects:
        st.progress(decided / counts.suspects)


def _current_page(rows: pd.DataFrame, run: Run) -> tuple[pd.DataFrame, int | None]:
    """The rows of the current page of the queue, and the id in focus; the pager is drawn where there are several."""
    pages, focus = max(1, ceil(len(rows) / PAGE)), st.session_state.get(focus_key(run))
    ids = rows["id"].to_numpy()
    place = place_of(ids, st.session_state.pop(f"goto-{run.id}", None))
    page = min(max(int(view.get(families.FROM) or 1) - 1, 0) // PAGE + 1, pages)
    if place is not None:
        focus, page = int(ids[place]), place // PAGE + 1
        _turn(page)
    if pages > 1:
        st.pagination(pages, max_visible_pages=5, **bound("review-page", page, _turn))
    shown = rows.iloc[(page - 1) * PAGE : page * PAGE]
    here = shown["id"].tolist()
    focus = focus if focus in here else here[0] if here else None
    st.session_state[focus_key(run)] = focus
    return shown, focus


def _turn(page: int) -> None:
    view.put(families.FROM, str((page - 1) * PAGE + 1) if page > 1 else "")


def _select_buttons(run: Run, rows: pd.DataFrame, shown: pd.DataFrame) -> None:
    """Two buttons: select what is visible, and select the whole queue."""
    for title, key, icon, tip, chosen in (
        ("Page", "choose-page", "select_all", "Select what is visible (A)", shown),
        (f"All {len(rows):,}", "choose-all", "done_all", "Select the whole queue", rows),
    ):
        button = {"key": key, "icon": f":material/{icon}:", "type": "tertiary", "disabled": rows.empty, "help": tip}
        st.button(title, on_click=select, args=(run, chosen["id"].tolist()), **button)


def _tiles(
    run: Run, rows: pd.DataFrame, shown: pd.DataFrame, focus: int | None, size: int, *, one_row: bool = False
) -> None:
    """A gallery of some rows of the queue; what is done in it is done at once."""
    taken = review.taken(run.workspace, run.id, reviewer=reviewer())
    gallery(
        tiles(run, shown, taken),
        key=gallery_key(run),
        selected=selected(run).tolist(),
        version=version(run),
        size=size,
        keys=KEYS,
        on_event=partial(keyboard.done, run, rows),
        focus=focus,
        most=MOST,
        one_row=one_row,
    )


def _empty_queue(counts: Tally, conditions: Filter, nothing: Callable[[], str]) -> None:
    """Why the queue is empty: all is decided, a filter hides what is not, or nothing is flagged, in these words."""
    n_undecided, what = counts.undecided, f"{counts.noun.capitalize()} and undecided"
    if n_undecided and (conditions.ids.strip() or conditions.verdict != "undecided"):
        st.info(f"No sample fits the filters. {what}: {n_undecided:,}.")
    elif n_undecided:
        st.info(f"Nothing is left to decide here. {what} elsewhere: {n_undecided:,}.")
    elif counts.suspects:
        st.success("Nothing is left to decide.")
    else:
        st.info(nothing())


def _why_empty(run: Run, counts: Tally, chosen: Chosen) -> None:
    """The same, with the way out: no filters, the detectors that flag something, or the way to run one."""
    _empty_queue(counts, chosen.conditions, partial(counted.nothing, run))
    words = "Clear all filters"
    if chosen.left_out and st.button(words, key="clear-all", icon=":material/filter_alt_off:", on_click=clear):
        st.rerun()  # the filters are drawn outside of this fragment
    if not counts.suspects:
        counted.others(run)
        onward.to_detect(run)


def _way_on(run: Run, suspects: pd.DataFrame, what: str) -> None:
    """What became of the suspects once all are decided, a look at them, and the way to the repair."""
    counts = suspects["verdict"].value_counts()
    became = [f"{count:,} {STANDING[str(verdict)]}" for verdict, count in counts.items()]
    st.markdown(f"Of {len(suspects):,} {what}: **{', '.join(became)}**.")
    with st.container(horizontal=True, vertical_alignment="center"):
        show_all = {"verdict": TITLES["decided"]}
        if st.button("Look at them", key="see-decided", icon=":material/visibility:", on_click=show, kwargs=show_all):
            st.rerun()  # the filters are drawn outside of this fragment
        repairs = any(child.done("evaluate") for child in children(run))
        journey.go_to("repair", "See what the repair has brought" if repairs else "Repair the model")


def _full_screen(run: Run, table: pd.DataFrame, counts: Tally, rows: pd.DataFrame, chosen: Chosen) -> None:
    """The sample in focus on the whole screen, above those around it in the queue."""
    ids = rows["id"].to_numpy()
    target = st.session_state.pop(f"goto-{run.id}", st.session_state.get(focus_key(run)))
    place = place_of(ids, target) or 0
    focus = int(ids[place]) if len(ids) else None
    st.session_state[focus_key(run)] = focus
    with st.container(key="full-screen"):
        _tiles(run, rows, sample.rows_around(rows, place), focus, sample.STRIP, one_row=True)
        if focus is None:
            _why_empty(run, counts, chosen)
        else:
            sample.full_screen(run, table, focus, f"{place + 1:,} of {len(rows):,}")
        keyboard.bar(run, rows, focus)


def _standing(run: Run) -> tuple[str, int, frozenset[int]]:
    others = review.taken(run.workspace, run.id, reviewer=reviewer())
    return run.id, review.revision(run.workspace, run.id), frozenset(others)
