"""Review: is this sample poisoned?"""

from math import ceil

import pandas as pd
import streamlit as st

from core.detectors import DETECTORS
from core.runs import Run
from core.samples import flagged_samples, flags_stage, leading
from pages.ui import cached, families, frame
from pages.ui.gallery import gallery
from pages.ui.selection import actions, decide, select, selected, tiles, undo
from pages.ui.single import history, rule_words, single
from pages.ui.words import HELP

PAGE = 60
KEYS = {"e": "exclude", "k": "keep", "m": "mark", "u": "undo"}


def queue(run: Run, table: pd.DataFrame) -> pd.DataFrame:
    """The flagged samples that the filters leave, most suspicious first."""
    found, names = cached.detections(run), cached.info(run).class_names
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        first = leading(found)
        sources = [*(first if len(first) == 1 else [""]), *(name for name in found if [name] != first)]
        source = st.selectbox("Flagged by", sources, width=220, key="source",
                              format_func=lambda name: DETECTORS[name].title if name else "any detector")  # fmt: skip
        index = st.selectbox("Given label", [None, *range(len(names))], width=180, key="review-class",
                             format_func=lambda one: "all classes" if one is None else names[one])  # fmt: skip
        state = st.segmented_control("Verdict", ("undecided", "decided", "all"), default="undecided", key="state")
        st.slider("Tile size", 48, 144, 84, 12, width=160, key="tile-size")
    rows = families.members(flagged_samples(table, source or ""), families.chosen(run))
    if index is not None:
        rows = rows[rows["label"] == index]
    decided = rows["verdict"] != ""
    return rows if state in ("all", None) else rows[decided] if state == "decided" else rows[~decided]


def act_on_key(run: Run, key: str, ids: tuple[int, ...]) -> None:
    """What a pressed key stands for."""
    if key == "u":
        undo(run)
    elif ids:
        decide(run, ids, KEYS[key])
        select(run, ())


st.title("Is this sample poisoned?", help=HELP["suspicion"])
run = frame.current_run(flags_stage, "the flagged samples, most suspicious first, to be decided on")
table = cached.table(run)
all_flagged = flagged_samples(table)
decided = int((all_flagged["verdict"] != "").sum())
st.markdown(f"**{decided:,} of {len(all_flagged):,} flagged samples are decided**; "
            f"{int((table['verdict'] == 'exclude').sum()):,} of {len(table):,} samples are excluded.")  # fmt: skip
st.progress(decided / max(1, len(all_flagged)))
st.caption(rule_words(run))
rows = queue(run, table)
n_pages = max(1, ceil(len(rows) / PAGE))
left, middle, side = st.columns([1.15, 3.1, 1.15], gap="small")
with left:
    families.cards(run, all_flagged)
with middle:
    families.head(run, all_flagged)
    page = st.pagination(n_pages, key=f"page-{n_pages}") if n_pages > 1 else 1
    shown = rows.iloc[(page - 1) * PAGE : page * PAGE]
    with st.container(horizontal=True, vertical_alignment="center"):
        keys = "E exclude, K keep, M mark, U undo"
        st.caption(f"{len(shown):,} of {len(rows):,} · {keys}", width="stretch")
        st.button(
            "Select page",
            icon=":material/select_all:",
            type="tertiary",
            on_click=select,
            args=(run, shown["id"].tolist()),
        )
        st.button(f"Select all {len(rows):,}", icon=":material/done_all:", type="tertiary", on_click=select,
                  args=(run, rows["id"].tolist()), disabled=rows.empty)  # fmt: skip
    if rows.empty:
        st.success("Nothing is left to decide here." if len(all_flagged) else "No detector flagged anything.")
    event = gallery(
        tiles(run, shown),
        key=f"review-{run.id}",
        selected=selected(run).tolist(),
        size=st.session_state["tile-size"],
        keys=KEYS,
    )
    if event is not None:
        before = set(selected(run).tolist())
        st.session_state["focus"] = next((one for one in event.selected if one not in before), None)
        elsewhere = before - set(shown["id"].tolist())
        select(run, [*elsewhere, *event.selected])
        if event.key:
            act_on_key(run, event.key, event.selected)
        st.rerun()
with side:
    chosen = [one for one in selected(run).tolist() if one in set(table["id"])]
    if chosen:
        focus = st.session_state.get("focus")
        single(run, table, focus if focus in chosen else chosen[0])
    else:
        st.caption("Select a sample to see it large, with its loss curve.")
with st.container(key="selection-bar", horizontal=True, vertical_alignment="center"):
    st.markdown(f"**{len(chosen):,} selected**", width="stretch")
    actions(run, chosen)
if st.toggle("Show the journal of all decisions"):
    history(run)
st.page_link(
    "pages/repair.py", label="Next: is the backdoor gone, and what did it cost?", icon=":material/arrow_forward:"
)
