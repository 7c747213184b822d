"""What is pending, its commit, the revisions of the data, and the way back to one of them."""

import streamlit as st

from core.journal import revisions
from core.journal.revisions import Difference
from core.output.figures import lineage_graph
from core.runs import Run
from pages.ui.access.who import decides, for_reviewers, reviewer
from pages.ui.shell import frame
from pages.ui.widgets import refusal


def revisions_of(run: Run) -> None:
    """What is pending and its commit, the revisions with what differs between two, and where each comes from."""
    pending, stored = revisions.pending(run), revisions.revisions(run.workspace, run.dataset)
    left, right = st.columns([1, 1.4], gap="medium")
    with left:
        st.markdown(f"**Pending: {_difference(pending)}.**")
        with st.form("commit", border=False):
            st.text_input("Name", key="commit-name", placeholder=f"Revision {len(stored) + 1}")
            st.text_input("Why", key="commit-why", placeholder="What a later reader should know")
            st.form_submit_button(
                "Commit",
                type="primary",
                icon=":material/commit:",
                on_click=_commit,
                args=(run,),
                **for_reviewers(disabled=not len(pending)),
            )
        refusal.show_kept("commit")
        if words := st.session_state.pop("committed", ""):
            st.success(words)
        _compare(run, [0, *(revision.number for revision in reversed(stored))])
    with right:
        rows = [
            {
                "number": revision.number,
                "name": revision.name,
                "why": revision.why,
                "who": revision.reviewer,
                "when": revision.created[:16].replace("T", " "),
                "left out": revision.excluded,
                "relabelled": revision.relabelled,
            }
            for revision in stored
        ]
        if rows:
            st.dataframe(rows, hide_index=True)
        else:
            st.caption("No revision yet: the data are as imported.")
        st.graphviz_chart(lineage_graph(revisions.lineage(run.workspace, run.dataset)), width="stretch")


def _compare(run: Run, numbers: list[int]) -> None:
    """What lies between two revisions, and the way back to one of them."""
    if len(numbers) < 2:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        before = st.selectbox("From revision", numbers, len(numbers) - 2, key="compare-from", width=120)
        after = st.selectbox("to", numbers, len(numbers) - 1, key="compare-to", width=120)
        with st.popover("Go back …", icon=":material/history:", **for_reviewers()):
            st.markdown(f"The data go back to revision {before}; that is pending until it is committed.")
            st.button(f"Go back to revision {before}", key="go-back", type="primary", on_click=_go_back, args=(run,))
    st.caption(f"{_difference(revisions.compare(run.workspace, run.dataset, before, after)).capitalize()}.")


def _difference(difference: Difference) -> str:
    parts = (("left out", difference.excluded), ("brought back", difference.returned))
    parts += (("relabelled", difference.relabelled),)
    return ", ".join(f"{len(samples):,} {words}" for words, samples in parts if samples) or "nothing differs"


@decides(beside="commit")
def _commit(run: Run) -> None:
    name, why = st.session_state["commit-name"], st.session_state["commit-why"]
    made = revisions.commit(run, name, why, reviewer=reviewer())
    st.session_state["committed"] = f"Committed as revision {made.number}: {frame.plain(made.name)}"


@decides(beside="commit")
def _go_back(run: Run) -> None:
    number = int(st.session_state["compare-from"])
    count = revisions.go_back(run, number, reviewer=reviewer())
    st.session_state["committed"] = f"{count:,} samples are as in revision {number}; commit to keep it so."
