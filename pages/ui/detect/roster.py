"""The table of all detectors, and the one that a person chose from it."""

import pandas as pd
import streamlit as st

from core.detectors import DETECTORS
from core.runs import Run, jobs
from core.runs.plan import detection
from pages.ui.cache import cached
from pages.ui.cache.words import HELP
from pages.ui.shell import frame
from pages.ui.widgets import counted, view

ROW = 26  # pixels of a row of the table
# With the mark of the chosen row, 32 pixels, they fit into what the table has where a window has 1,280: 538.
COLUMNS = {
    "title": st.column_config.TextColumn("Detector", width=226),
    "flagged": st.column_config.NumberColumn("Flagged", format="localized", width=62, help="By the rule in force."),
    "agreement": st.column_config.NumberColumn("Agrees", format="%.0f %%", width=54, help=HELP["agreement"]),
    "standing": st.column_config.TextColumn(
        "State",
        width=162,
        help="The time it took; before it ran, an estimate. A pass asks the model about every sample. What is greyed "
        "lacks what it says. One that flags by another rule than its own says by which.",
    ),
}
RULES = {"rate": "by error rate", "outliers": "outliers", "budget": "by number", "threshold": "by suspicion"}


def choose(run: Run, table: pd.DataFrame) -> str:
    """The detector that the page is about: the leading one, until another row is clicked."""
    names = table["name"].tolist()
    chosen = view.shown("detect", {"detector": names})["detector"]
    # A table starts anew where its rows, or what is chosen, changed otherwise than by a click in it.
    drawn, turn = st.session_state.get("roster", ([], 0))
    state = st.session_state.get(f"roster-{run.id}-{turn}")
    if drawn != names or (state and names[state["selection"]["rows"][0]] != chosen):
        turn += 1
    st.session_state["roster"] = names, turn
    key = f"roster-{run.id}-{turn}"
    start = st.session_state.setdefault(f"{key}-start", names.index(chosen))

    def clicked() -> None:
        view.choose("detector", names[st.session_state[key]["selection"]["rows"][0]])

    kinds = {name: rule.kind for name, rule in cached.opened(run).rules.items()}
    asked = _asked(run)
    standing = [
        _standing(row, RULES.get(kinds.get(row["name"], "own"), ""), asked.get(row["name"], ""))
        for _, row in table.iterrows()
    ]
    shown = table.assign(agreement=100 * table["agreement"], standing=standing)
    grey = table["ready"].map({True: "", False: "color: #8A9499"})
    st.dataframe(
        shown.style.apply(lambda column: grey, axis=0),
        hide_index=True,
        column_order=list(COLUMNS),
        column_config=COLUMNS,
        height=ROW * (len(table) + 1) + 10,
        row_height=ROW,
        placeholder="–",
        key=key,
        on_select=clicked,
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [start]}},
    )
    return chosen


def _asked(run: Run) -> dict[str, str]:
    """What became of the detectors that were asked for and are not done: name → a word."""
    progress = jobs.poll(run.path)
    word = "waiting" if progress.active else frame.STATES[progress.state] if progress.stopped else "not started"
    return {name: word for name in DETECTORS if run.waits_for(detection(name))}


def _standing(row: pd.Series, rule: str, asked: str) -> str:
    """How far the detector of a row is, in few words: what it took, what it will take, or what it lacks.

    Args:
        row: of the table.
        rule: by which it flags, "" for its own.
        asked: what became of it where it was asked for and is not done; else "".
    """
    cost = str(row["cost"])
    if row["state"] == "ran":
        return f"ran, {rule}" if rule else f"ran in {cost}"
    if not row["ready"]:
        return str(row["state"]).replace("bona fide samples", "bona fide")  # in the room of the column
    cost = cost.replace("about", "≈")
    return f"{asked}, {cost.partition(',')[0]}" if asked else cost


def answer(run: Run, table: pd.DataFrame) -> None:
    """The page's question, answered in one line."""
    ran = table[table["state"] == "ran"]
    if ran.empty:
        st.markdown(f"**No detector has been run yet**, of {len(table)}. Choose one and run it.")
        return
    able = int((table["ready"] | (table["state"] == "ran")).sum())  # the others lack something, such as images
    which = f"the {able} detectors that can run here" if able < len(table) else f"{able} detectors"
    st.markdown(f"{counted.headline(run, decided=False, ruled=False)} {len(ran)} of {which} have run.")
