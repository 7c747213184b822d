"""The filters of the review queue, all of them in the address, so that a view can be shared."""

import pandas as pd
import streamlit as st

from core import review
from core.detectors import DETECTORS
from core.errors import UserError
from core.queue import ORDERS, Filter, queue
from core.runs import Run
from core.samples import leading
from pages.ui import cached, families, frame
from pages.ui.words import HELP

# Widget → what it says when nothing is filtered; the names are those in the address.
USUAL = {"verdict": "undecided", "given": None, "predicted": None, "by": "", "ids": "", "reviewer": "", "agree": 0,
         "suspicion": (0, 100), "order": "suspicion"}  # fmt: skip
TITLES = {"undecided": "Undecided", "decided": "Decided", "all": "All", "exclude": "Excluded", "keep": "Kept",
          "relabel": "Relabelled", "mark": "Unsure"}  # fmt: skip


def filtered(run: Run, table: pd.DataFrame) -> pd.DataFrame:
    """The queue that the filters on the screen leave, in its order."""
    wanted, who = _filters(run)
    try:
        return queue(table, wanted, cached.decided_by(run, who) if who else None)
    except UserError as error:
        frame.show_error(error)
        return table.iloc[:0]


def suggested_by(run: Run) -> str:
    """The detectors whose flags the queue shows."""
    return str(st.session_state.get("by") or ", ".join(leading(cached.detections(run))))


def _filters(run: Run) -> tuple[Filter, str]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        verdict = st.selectbox(
            "Verdict", list(TITLES), key="verdict", format_func=TITLES.get, width=130, bind="query-params"
        )
        given, predicted = (_class(run, title, key) for title, key in (("Given", "given"), ("Predicted", "predicted")))
        detector = _detector(run)
        ids = st.text_input("Find ids", key="ids", placeholder="7, 100-250", width=130, bind="query-params",
                            help="A list or a range; what is named here need not be flagged.")  # fmt: skip
        with st.popover(_more(), icon=":material/tune:"):
            who, agreement, suspicion, order = _rarer(run)
        usual = not _active() and families.chosen(run) is None
        st.button("Clear filters", key="clear-filters", icon=":material/filter_alt_off:", type="tertiary",
                  on_click=_clear, disabled=usual)  # fmt: skip
    low, high = suspicion
    found = Filter(
        given, predicted, detector, families.chosen(run), verdict, agreement, (low / 100, high / 100), ids, order
    )
    return found, who


def _class(run: Run, title: str, key: str) -> int | None:
    names = cached.info(run).class_names
    index: int | None = st.selectbox(title, [None, *range(len(names))], key=key, width=140, bind="query-params",
                                     format_func=lambda one: "any class" if one is None else names[one])  # fmt: skip
    return index


def _detector(run: Run) -> str:
    """The leading detectors together, then each by itself."""
    found = cached.detections(run)
    first = leading(found)
    others = ["", *(name for name in found if [name] != first)]
    title = DETECTORS[first[0]].title if len(first) == 1 else "any detector"
    chosen: str = st.selectbox("Flagged by", others, key="by", width=190, bind="query-params",
                               format_func=lambda name: DETECTORS[name].title if name else title)  # fmt: skip
    return chosen


def _rarer(run: Run) -> tuple[str, int, tuple[int, int], str]:
    """Reviewer, agreement, suspicion, order and tile size."""
    people = ["", *review.reviewers(run.workspace, run.id)]
    who = st.selectbox("Decided by", people, key="reviewer", bind="query-params",
                       format_func=lambda name: name or "anybody")  # fmt: skip
    most = max(1, len(cached.detections(run)))
    agreement = st.slider("Flagged by at least so many detectors", 0, most, key="agree", bind="query-params")
    suspicion = st.slider("Suspicion, as a percentile", 0, 100, (0, 100), key="suspicion", bind="query-params",
                          format="%d%%", help=HELP["suspicion"])  # fmt: skip
    order = st.segmented_control("Order", list(ORDERS), default="suspicion", required=True, key="order",
                                 format_func=ORDERS.get, bind="query-params")  # fmt: skip
    st.slider("Tile size", 48, 192, 84, 12, key="size", bind="query-params")
    return who, agreement, suspicion, order


def _active() -> int:
    """How many filters are not as usual."""
    return sum(st.session_state.get(key, usual) != usual for key, usual in USUAL.items())


def _more() -> str:
    hidden = sum(
        st.session_state.get(key, USUAL[key]) != USUAL[key] for key in ("reviewer", "agree", "suspicion", "order")
    )
    return f"More ({hidden})" if hidden else "More"


def _clear() -> None:
    for key, usual in USUAL.items():
        st.session_state[key] = usual
    families.choose(None)
    st.session_state["page"] = 1
