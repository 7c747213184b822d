"""The selection, which both maps, the galleries and the review share, and the bar that acts on it."""

import getpass
import os
from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from core import pipeline, review
from core.errors import UserError
from core.runs import Run
from pages.ui import cached
from pages.ui.gallery import Tile, gallery

SHOWN = 60
BADGES = {"exclude": "excluded", "keep": "kept", "relabel": "relabelled", "mark": "marked"}


def selected(run: Run) -> NDArray[np.int64]:
    """Sorted ids selected in this run."""
    return np.array(st.session_state.get(f"selection-{run.id}", ()), np.int64)


def select(run: Run, ids: Sequence[int] | NDArray[np.int64]) -> None:
    """Make `ids` the selection."""
    st.session_state[f"selection-{run.id}"] = tuple(sorted({int(one) for one in ids}))


def reviewer() -> str:
    """Who decides: the signed-in user, else whoever runs the server."""
    return str(st.user.get("email") or os.environ.get("ASSAY_REVIEWER") or getpass.getuser())


def tiles(run: Run, rows: pd.DataFrame) -> list[Tile]:
    """A tile per row of the review table: number, given and predicted label, verdict or flag."""
    names = cached.info(run).class_names
    return [_tile(run, row, names) for row in rows.to_dict("records")]


def selection_gallery(run: Run, table: pd.DataFrame, *, height: int) -> bool:
    """The images of the selection, most suspicious first, beside the map; False when nothing is selected."""
    rows = table[table["id"].isin(selected(run))]
    if rows.empty:
        return False
    shown = rows.sort_values("suspicion", ascending=False, kind="stable").head(SHOWN)
    few = "" if len(rows) <= SHOWN else f": the {SHOWN} most suspicious of {len(rows):,}"
    st.markdown(f"**Selected samples**{few}")
    with st.container(height=height, border=False):
        gallery(tiles(run, shown), key=f"selection-gallery-{run.id}", selected=(), size=64, selectable=False)
    return True


def selection_bar(run: Run, table: pd.DataFrame) -> None:
    """Count and class mix of the selection and what can be done with it, in view on every page."""
    rows = table[table["id"].isin(selected(run))]
    if rows.empty:
        st.caption("Nothing is selected. Draw a lasso or a rectangle on the map.")
        _undo_alone(run)
        return
    names = cached.info(run).class_names
    mix = rows["label"].value_counts()
    words = ", ".join(f"{names[index]} {count:,}" for index, count in mix.head(3).items())
    more = f" and {len(mix) - 3} more classes" if len(mix) > 3 else ""
    with st.container(key="selection-bar", horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(rows):,} selected** · {words}{more}", width="stretch")
        actions(run, rows["id"].tolist())


def actions(run: Run, ids: Sequence[int]) -> None:
    """The buttons that decide on `ids`, each in one click, and undo."""
    off = not len(ids)
    kinds = {
        "exclude": ("Exclude", ":material/block:", "primary"),
        "keep": ("Keep", ":material/check:", "secondary"),
        "mark": ("Mark", ":material/flag:", "secondary"),
    }
    for decision, (title, icon, kind) in kinds.items():
        st.button(title, key=f"{decision}-selection", icon=icon, type=kind, disabled=off,  # type: ignore[arg-type]
                  on_click=decide, args=(run, ids, decision))  # fmt: skip
    with st.popover("Relabel…", icon=":material/label:", disabled=off):
        names = cached.info(run).class_names
        label = st.selectbox("New label", range(len(names)), format_func=lambda index: names[index], key="new-label")
        st.button(f"Relabel {len(ids):,}", key="relabel-selection", on_click=decide, args=(run, ids, "relabel", label))
    st.button("Clear", key="clear-selection", icon=":material/close:", disabled=off, on_click=select, args=(run, ()))
    _undo_alone(run)


def decide(run: Run, ids: Sequence[int], decision: str, new_label: int | None = None) -> None:
    """Record a decision; what went wrong is said and the selection stays."""
    try:
        count = pipeline.decide(run, ids, decision, reviewer=reviewer(), new_label=new_label)
    except UserError as error:
        st.session_state["said"] = str(error)
        return
    st.toast(f"{BADGES[decision].capitalize()}: {count:,} samples", icon=":material/done:")


def undo(run: Run) -> None:
    """Take back this reviewer's latest decision."""
    try:
        count = review.undo(run.workspace, run.id, reviewer=reviewer())
    except UserError as error:
        st.session_state["said"] = str(error)
        return
    st.toast(f"Taken back: {count:,} samples" if count else "There is nothing to take back.", icon=":material/undo:")


def _undo_alone(run: Run) -> None:
    if said := st.session_state.pop("said", ""):
        st.error(said)
    off = not review.revision(run.workspace, run.id)
    st.button("Undo", key="undo", icon=":material/undo:", type="tertiary", disabled=off, on_click=undo, args=(run,),
              help="Takes back your latest decision.")  # fmt: skip


def _tile(run: Run, row: dict[str, object], names: tuple[str, ...]) -> Tile:
    given = names[int(row["label"])]  # type: ignore[call-overload]
    known = row["predicted"] is not pd.NA
    predicted = names[int(row["predicted"])] if known else "not predicted"  # type: ignore[call-overload]
    badge = BADGES.get(str(row["verdict"]), "flagged" if row["flagged"] else "")
    words = f"#{row['id']} · given {given} · predicted {predicted} · more suspicious than {float(row['suspicion']):.0%}"  # type: ignore[arg-type]
    return Tile(int(row["id"]), f"thumb/{run.dataset}/{row['row']}.png", (given, f"→ {predicted}"), badge, words)  # type: ignore[call-overload]
