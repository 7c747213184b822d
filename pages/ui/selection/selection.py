"""The selection, which both maps, the galleries and the review share, and the bar that acts on it."""

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from core.data.store.sample_names import is_file_name, one_line, short_name
from core.journal import review
from core.journal.review.verdict import STANDING
from core.runs import Run
from pages.ui.access.who import for_reviewers
from pages.ui.cache import cached
from pages.ui.cache.words import plain
from pages.ui.selection.verdicts import WORDS, bona_fide_among, decide_or_ask, decision_buttons, questions, said, undo
from pages.ui.shell.frame import put_away
from pages.ui.widgets import pictures
from pages.ui.widgets.gallery import Tile, gallery

__all__ = [
    "actions",
    "follow",
    "select",
    "selected",
    "selection_bar",
    "selection_gallery",
    "tiles",
    "version",
]

CAPTION = 18  # characters of a name under a tile; hovering says the whole path
SHOWN = 60  # samples of a selection that are shown, the most suspicious; the others are counted


def selected(run: Run) -> NDArray[np.int64]:
    """Sorted ids selected in this run."""
    return np.array(st.session_state.get(f"selection-{run.id}", ()), np.int64)


def select(run: Run, ids: Sequence[int] | NDArray[np.int64]) -> None:
    """Make `ids` the selection, which a gallery has to be told."""
    st.session_state[f"selection-version-{run.id}"] = version(run) + 1
    follow(run, ids)


def follow(run: Run, ids: Iterable[int]) -> None:
    """Make `ids` the selection where a gallery says so, which knows it."""
    st.session_state[f"selection-{run.id}"] = tuple(sorted({int(sample) for sample in ids}))


def version(run: Run) -> int:
    """How often the selection was changed elsewhere than in a gallery."""
    return int(st.session_state.get(f"selection-version-{run.id}", 0))


def tiles(run: Run, rows: pd.DataFrame, taken: Collection[int] = ()) -> list[Tile]:
    """A tile per row of the review table: name, both labels, verdict, flag, or that someone else has it."""
    classes, names = cached.info(run).class_names, cached.names(run)
    called = [names[place] for place in rows.index]
    return [_tile(run, row, name, classes, taken) for row, name in zip(rows.to_dict("records"), called, strict=True)]


def selection_gallery(run: Run, table: pd.DataFrame, *, height: int) -> bool:
    """The images of the selection, most suspicious first, beside the map; False when nothing is selected."""
    rows = table[table["id"].isin(selected(run))]
    if rows.empty:
        return False
    shown = rows.sort_values("suspicion", ascending=False, kind="stable").head(SHOWN)
    few = "" if len(rows) <= SHOWN else f": the {SHOWN} most suspicious of {len(rows):,}"
    st.markdown(f"**Selected samples**{few}")
    with st.container(height=height, border=False):
        gallery(tiles(run, shown), key=f"selection-gallery-{run.id}", size=64)
    return True


def selection_bar(run: Run, table: pd.DataFrame) -> None:
    """Count and class mix of the selection and what can be done with it, in view on every page."""
    rows = table[table["id"].isin(selected(run))]
    if rows.empty:
        said()
        st.caption("Nothing is selected. Draw a lasso or a rectangle on the map.")
        _undo_alone(run)
        put_away()  # a question on what was selected before
        return
    names = [plain(name) for name in cached.info(run).class_names]
    mix = rows["label"].value_counts()
    words = ", ".join(f"{names[index]} {count:,}" for index, count in mix.head(3).items())
    more = f" and {len(mix) - 3} more classes" if len(mix) > 3 else ""
    guaranteed = bona_fide_among(run, selected(run))
    with st.container(key="selection-bar", horizontal=True, vertical_alignment="center"):
        clean = f" · :material/verified: **{guaranteed}**" if guaranteed else ""
        st.markdown(f"**{len(rows):,} selected** · {words}{more}{clean}", width="stretch")
        actions(run)


def actions(run: Run) -> None:
    """The buttons that decide on the selection, and undo; what is asked before, and what went wrong."""
    said()
    empty = not len(selected(run))
    # The selection is read when a button is pressed: what was drawn with the button may be older.
    decision_buttons(
        "selection",
        lambda decision: decide_or_ask(run, selected(run).tolist(), decision),
        off=WORDS if empty else (),
    )
    st.button("Clear", key="clear-selection", icon=":material/close:", disabled=empty, on_click=select, args=(run, ()))
    _undo_alone(run)
    questions(run, lambda: select(run, ()))


def _undo_alone(run: Run) -> None:
    off = not review.revision(run.workspace, run.id)
    st.button(
        "Undo",
        key="undo",
        icon=":material/undo:",
        type="tertiary",
        on_click=undo,
        args=(run,),
        **for_reviewers(disabled=off, tip="Takes back your latest decision."),
    )


def _tile(run: Run, row: dict[str, object], called: str, names: tuple[str, ...], taken: Collection[int]) -> Tile:
    given = names[int(row["label"])]  # type: ignore[call-overload]
    is_predicted = row["predicted"] is not pd.NA
    predicted = names[int(row["predicted"])] if is_predicted else "not predicted"  # type: ignore[call-overload]
    held = row["id"] in taken
    badge = STANDING.get(str(row["verdict"]), "taken" if held else "flagged" if row["flagged"] else "")
    held_words = " · someone else looks at it" if held else ""
    rank = f"more suspicious than {float(row['suspicion']):.0%}"  # type: ignore[arg-type]
    file = f" · {one_line(called)}" if is_file_name(called) else ""
    words = f"#{row['id']}{file} · given {given} · predicted {predicted} · {rank}{held_words}"
    return Tile(
        int(row["id"]),
        pictures.of_sample(run.dataset, int(row["row"])),
        (given, f"→ {predicted}", *((short_name(called, CAPTION),) if file else ())),
        badge,
        words,  # type: ignore[call-overload]
        settled=bool(row["verdict"]) or held,
    )
