"""What was decided, by whom, and where reviewers disagree."""

import pandas as pd
import streamlit as st

from core.journal import review
from core.journal.review import DECISIONS
from core.journal.review.verdict import STANDING
from core.runs import Run
from pages.ui.cache import cached
from pages.ui.cache import names as of_samples
from pages.ui.review import filters, revisions
from pages.ui.shell import frame
from pages.ui.shell.routes import journal_address
from pages.ui.widgets.fields import one_or_any

VIEWS = ("Journal", "Disagreements", "Revisions")
MOST = 1000  # rows shown, the newest; the file that can be downloaded has all
COLUMNS = {
    "created": "Time (UTC)",
    "reviewer": "Reviewer",
    "sample": "Sample",
    "name": "Name",
    "decision": "Decision",
    "new_label": "New label",
    "reason": "Reason",
    "suggested_by": "Suggested by",
}


def panel(run: Run) -> None:
    """One of `VIEWS`, below the desk; none until one is chosen."""
    view = st.segmented_control("Look back", VIEWS, key="look", label_visibility="collapsed", bind="query-params")
    if view == "Journal":
        _journal(run)
    elif view == "Disagreements":
        _disagreements(run)
    elif view == "Revisions":
        revisions.revisions_of(run)


def _journal(run: Run) -> None:
    """Every decision ever made on this run, newest first, filtered, and as a file."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        people = {name: name for name in review.reviewers(run.workspace, run.id)}
        who = one_or_any("Reviewer", people, "anybody", width=200, key="journal-who")
        kinds = {decision: STANDING[decision].capitalize() for decision in DECISIONS}
        kind = one_or_any("Decision", kinds, "any", width=160, key="journal-kind")
        sample = st.number_input("Sample", 0, value=None, width=140, key="journal-sample", placeholder="any")
        chosen = {"reviewer": who, "decision": kind, "sample": None if sample is None else int(sample)}
        st.link_button("Download", journal_address(run, chosen), icon=":material/download:")
    rows = review.journal(run.workspace, run.id, **chosen, last=MOST).iloc[::-1]  # type: ignore[arg-type]
    names = cached.info(run).class_names
    rows.insert(2, "name", of_samples.names_of(run, rows["sample"].tolist()))
    shown = rows[list(COLUMNS)].assign(
        created=rows["created"].str[:19].str.replace("T", " "),
        decision=rows["decision"].map(STANDING).str.capitalize(),
        new_label=rows["new_label"].map(lambda label: "" if pd.isna(label) else names[int(label)]),
    )
    shown = shown.fillna("").rename(columns=COLUMNS)
    empty = [title for title in ("Name", "New label") if not shown[title].astype(bool).any()]
    st.dataframe(shown.drop(columns=empty), hide_index=True)
    total = review.journal_size(run.workspace, run.id)
    st.caption(f"{len(rows):,} shown of {total:,} entries. Nothing is ever deleted: an undo is an entry of its own.")


def _disagreements(run: Run) -> None:
    """Samples on which reviewers differ, the open ones first, and how far each two of them agree."""
    disagreements, pairs = review.conflicts(run.workspace, run.id), review.agreements(run.workspace, run.id)
    if not pairs:
        st.caption("No two reviewers have decided on the same sample yet.")
        return
    names = cached.info(run).class_names
    for pair in pairs:
        kappa = "not defined" if pd.isna(pair.kappa) else f"{pair.kappa:.2f}"
        people = f"{frame.plain(pair.reviewer)} and {frame.plain(pair.other)}"
        words = f"{people} agree on {pair.same:,} of {pair.samples:,} samples; Cohen's kappa **{kappa}**."
        st.markdown(words, help="1 is full agreement, 0 what chance alone would give.")
    still_open = sum(conflict.open for conflict in disagreements)
    st.markdown(
        f"**{still_open:,} open, {len(disagreements) - still_open:,} settled.** A later verdict by anyone settles one."
    )
    called = of_samples.names_of(run, [conflict.sample for conflict in disagreements[:MOST]])
    rows = [
        {
            "sample": conflict.sample,
            "name": name,
            "state": "open" if conflict.open else f"settled by {conflict.settled_by}",
            "verdicts": "; ".join(f"{who}: {_verdict(verdict, names)}" for who, verdict in conflict.verdicts.items()),
            "stands": _verdict(conflict.verdict, names),
            "since": conflict.since[:19].replace("T", " "),
        }
        for conflict, name in zip(disagreements[:MOST], called, strict=True)
    ]
    st.dataframe(rows, hide_index=True)
    ids = ", ".join(str(conflict.sample) for conflict in disagreements if conflict.open)
    if ids:
        st.button("Show the open ones in the queue", icon=":material/filter_alt:", on_click=_show, args=(ids,))


def _show(ids: str) -> None:
    filters.show(ids=ids, verdict=filters.TITLES["all"])


def _verdict(verdict: review.Verdict, names: tuple[str, ...]) -> str:
    return f"relabel to {names[verdict.new_label]}" if verdict.new_label is not None else verdict.decision
