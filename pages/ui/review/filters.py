"""The filters of the review queue, all of them in the address, so that a view can be shared."""

import pandas as pd
import streamlit as st

from core.analysis.queue import ORDERS, Filter, queue
from core.journal import review
from core.journal.review.verdict import DECISIONS, STANDING
from core.runs import Run
from pages.ui.cache import cached, cluster_names, decided_names, names
from pages.ui.cache.words import HELP
from pages.ui.review import families
from pages.ui.widgets import counted, refusal
from pages.ui.widgets.fields import ANY, one_of, one_or_any

# Widget → what it says when nothing is filtered; the names are those in the address.
USUAL = {
    "verdict": "undecided",
    "given": ANY,
    "predicted": ANY,
    "ids": "",
    "decided": ANY,
    "cluster": ANY,
    "reviewer": "",
    "tag": "",
    "agree": 0,
    "suspicion": (0, 100),
    "order": "suspicion",
}
RARER = ("decided", "cluster", "reviewer", "tag", "agree", "suspicion", "order")
TITLES = {"undecided": "Undecided", "decided": "Decided", "all": "All"}
TITLES |= {decision: STANDING[decision].capitalize() for decision in DECISIONS if decision != "undecided"}


def filtered(run: Run, table: pd.DataFrame, conditions: Filter, who: str) -> pd.DataFrame:
    """The queue that a filter leaves, in its order; with `who`, of what this reviewer decided on."""
    among = cached.decided_by(run, who) if who else None
    rows = refusal.attempted(lambda: queue(table, conditions, among, lambda: names.names(run)))
    return table.iloc[:0] if rows is None else rows


def filters(run: Run) -> tuple[Filter, str]:
    """The filter on the screen, but for the family, and the reviewer whose decisions are shown, "" for all."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        verdict = st.selectbox(
            "Verdict", list(TITLES), key="verdict", format_func=TITLES.get, width=130, bind="query-params"
        )
        given, predicted = (_class(run, title, key) for title, key in (("Given", "given"), ("Predicted", "predicted")))
        detector = counted.field(run)
        ids = st.text_input(
            "Find",
            key="ids",
            placeholder="ids or a name",
            width=130,
            bind="query-params",
            help="Ids, a range of them, or a part of a name. What is named here need not be flagged.",
        )
        with st.popover(_more(), icon=":material/tune:"):
            cluster, decided, tagged = _cluster(run), _decided(run), _tagged(run)
            who, agreement, suspicion, order = _rarer(run)
        st.button(
            "Clear filters", key="clear-filters", icon=":material/filter_alt_off:", type="tertiary", on_click=_clear
        )
    low, high = suspicion
    return (
        Filter(
            given,
            predicted,
            detector,
            None,
            cluster,
            decided,
            verdict,
            agreement,
            (low / 100, high / 100),
            ids,
            order,
            tagged,
        ),
        who,
    )


def _class(run: Run, title: str, key: str) -> int | None:
    classes = dict(enumerate(cached.info(run).class_names))
    return one_or_any(title, classes, "any class", key=key, width=140, bind="query-params")


def _cluster(run: Run) -> tuple[int, int] | None:
    """One of the two clusters of a class, by Activation Clustering; none without it."""
    clusters = cluster_names.names(run)
    return one_or_any("Cluster", clusters, "any cluster", key="cluster", bind="query-params", help=HELP["cluster"])


def _tagged(run: Run) -> frozenset[int] | None:
    """The samples that have the chosen tag; None where none is chosen, or there are no tags."""
    said = review.notes(run.workspace, run.id)
    tags = sorted({tag for one in said.values() for tag in one.tags})
    if not tags:
        return None
    words = {"format_func": lambda name: name or "any tag", "bind": "query-params"}
    tag = st.selectbox("Tag", ["", *tags], key="tag", **words)
    return frozenset(sample for sample, one in said.items() if tag in one.tags) if tag else None


def _decided(run: Run) -> int | str | None:
    """A group of the decision, or one of its states; none before there is a decision."""
    return one_or_any(
        "Decision", decided_names.names(run), "any", key="decided", bind="query-params", help=HELP["decided"]
    )


def _rarer(run: Run) -> tuple[str, int, tuple[int, int], str]:
    """Reviewer, agreement, suspicion, order and tile size."""
    people = ["", *review.reviewers(run.workspace, run.id)]
    who = st.selectbox(
        "Decided by", people, key="reviewer", bind="query-params", format_func=lambda name: name or "anybody"
    )
    most = max(1, len(cached.detections(run)))
    agreement = st.slider("Flagged by at least so many detectors", 0, most, key="agree", bind="query-params")
    percent = {"format": "%d%%", "help": HELP["suspicion"], "key": "suspicion", "bind": "query-params"}
    suspicion = st.slider("Suspicion, as a percentile", 0, 100, (0, 100), **percent)
    order = one_of("Order", ORDERS, first="suspicion", key="order", bind="query-params")
    st.slider("Tile size", 48, 192, 84, 12, key="size", bind="query-params")
    return who, agreement, suspicion, order


def _more() -> str:
    state, address = st.session_state, st.query_params  # a shared address is read by the widgets, which come later
    hidden = sum(state[key] != USUAL[key] if key in state else key in address for key in RARER)
    return f"More ({hidden})" if hidden else "More"


def _clear() -> None:
    for key, usual in USUAL.items():
        st.session_state[key] = usual
    families.choose(None)
    counted.count_by("")
    st.session_state["page"] = 1
