"""The filters of the review queue: part of what the pages show, so all of them are in the address and stay."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core.analysis.queue import ORDERS, Filter, queue
from core.journal import review
from core.journal.review.notes import tagged
from core.journal.review.verdict import DECISIONS, STANDING
from core.runs import Run
from pages.ui.cache import cached, cluster_names, decided_names, names
from pages.ui.cache.words import HELP
from pages.ui.review import families
from pages.ui.selection.class_list import NAME, class_field, class_options
from pages.ui.selection.narrowing import ALL_SAMPLES, LOSS, SUSPICION, Narrowing, ranges
from pages.ui.widgets import address, counted, refusal, view
from pages.ui.widgets.bound import bound
from pages.ui.widgets.fields import RANGES, one_of
from pages.ui.widgets.view import Matching

PAGE = "review"
TITLES = {"undecided": "Undecided", "decided": "Decided", "all": "All"}
TITLES |= {decision: STANDING[decision].capitalize() for decision in DECISIONS if decision != "undecided"}
RARER = ("decided", "cluster", "reviewer", "tag", "agree", SUSPICION, LOSS, "sort")
FILTERS = ("verdict", NAME, "predicted", "ids", families.ADDRESS, *RARER)
SIZES = ("84", *map(str, range(48, 193, 12)))  # pixels of a tile


@dataclass(frozen=True)
class Chosen:
    """What the review shows.

    Attributes:
        conditions: the filter, but for the family, which is chosen below it.
        narrowing: the ranges of suspicion and of loss, which are those of the maps.
        who: only what this reviewer decided on; "" for all.
        size: of a tile, in pixels.
        left_out: whether any of them leaves something out.
    """

    conditions: Filter
    narrowing: Narrowing = ALL_SAMPLES
    who: str = ""
    size: int = int(SIZES[0])
    left_out: bool = False


def filtered(run: Run, table: pd.DataFrame, chosen: Chosen, family: int | None) -> pd.DataFrame:
    """The queue that is left of a family, None for any, in its order."""
    among = cached.decided_by(run, chosen.who) if chosen.who else None
    conditions = replace(chosen.conditions, family=family)
    rows = refusal.attempted(lambda: queue(table, conditions, among, lambda: names.names(run)))
    return table.iloc[:0] if rows is None else rows[chosen.narrowing.of(run, rows)]


def filters(run: Run) -> Chosen:
    """The filters on the screen, and what is chosen in them."""
    _older_address(run)
    classes, with_tag = cached.info(run).class_names, tagged(run, cached.table(run))
    clusters = {words: cluster for cluster, words in cluster_names.names(run).items()}
    decided = {words: group for group, words in decided_names.names(run).items()}
    people = review.reviewers(run.workspace, run.id)
    most = max(1, len(cached.detections(run)))
    options: dict[str, Collection[str]] = {
        "verdict": list(TITLES.values()),
        NAME: class_options(run),
        "predicted": ["", *classes],
        "ids": Matching(".{1,2000}"),
        families.ADDRESS: Matching("[0-9]{1,9}"),
        "decided": ["", *decided],
        "cluster": ["", *clusters],
        "reviewer": ["", *people],
        "tag": ["", *with_tag],
        "agree": [str(count) for count in range(most + 1)],
        SUSPICION: RANGES,
        LOSS: RANGES,
        "sort": list(ORDERS),
        "size": SIZES,
        families.FROM: Matching("[0-9]{1,9}"),
    }
    now = view.shown(PAGE, options, together=FILTERS)
    with st.container(key="review-filters", horizontal=True, vertical_alignment="bottom", gap="small"):
        _list("Verdict", "verdict", now, options["verdict"], width=130)
        class_field(run, int(now[NAME]) if now[NAME] else None, title="Given", then=_again)
        _list("Predicted", "predicted", now, options["predicted"], "any class", width=140)
        detector = counted.field(run, width=150)
        st.text_input(
            "Find",
            placeholder="ids or a name",
            width=130,
            max_chars=2000,
            help="Ids, a range of them, or a part of a name. What is named here need not be flagged.",
            **_bound("ids", now["ids"]),
        )
        hidden = sum(now[name] != next(iter(options[name])) for name in RARER)
        with st.popover(f"More ({hidden})" if hidden else "More", icon=":material/tune:"):
            _rarer(run, now, options, most)
        # Without words, all filters stand in one row from 1,280 pixels on.
        st.button(
            "",
            key="clear-filters",
            icon=":material/filter_alt_off:",
            type="tertiary",
            help="Clear filters",
            on_click=clear,
        )
    return Chosen(
        Filter(
            int(now[NAME]) if now[NAME] else None,
            classes.index(now["predicted"]) if now["predicted"] else None,
            detector,
            None,
            clusters.get(now["cluster"]),
            decided.get(now["decided"]),
            next(verdict for verdict, title in TITLES.items() if title == now["verdict"]),
            int(now["agree"]),
            now["ids"],
            now["sort"],
            with_tag.get(now["tag"]),
        ),
        Narrowing(now[SUSPICION], now[LOSS]),
        now["reviewer"],
        int(now["size"]),
        any(now[name] != next(iter(options[name])) for name in FILTERS if name != "sort"),
    )


def show(**values: str) -> None:
    """Have the queue show what these filters leave, from its first page on."""
    for name, value in values.items():
        _choose(name, value)


def clear() -> None:
    """Have the queue show all that is suspected and undecided."""
    for name in FILTERS:
        _choose(name, "")
    counted.count_by("")


def _rarer(run: Run, now: dict[str, str], options: dict[str, Collection[str]], most: int) -> None:
    """The filters that are asked for less often, the order and the size of the tiles."""
    _list("Cluster", "cluster", now, options["cluster"], "any cluster", help=HELP["cluster"])
    _list("Decision", "decided", now, options["decided"], "any", help=HELP["decided"])
    if len(options["tag"]) > 1:
        _list("Tag", "tag", now, options["tag"], "any tag")
    _list("Decided by", "reviewer", now, options["reviewer"], "anybody")
    at_least = _bound("agree", int(now["agree"]))
    st.slider("Flagged by at least so many detectors", 0, most, **at_least)
    ranges(run, now, _choose)
    one_of("Order", ORDERS, **_bound("sort", now["sort"]))
    st.slider("Tile size", 48, 192, step=12, **_bound("size", int(now["size"])))


def _list(title: str, name: str, now: dict[str, str], options: Collection[str], none: str = "", **widget: Any) -> None:
    """A list of the options, whose first, where it is "", is called `none`."""
    while none and none in options:  # such a class would be chosen by its words
        none += " …"
    st.selectbox(title, list(options), format_func=lambda value: value or none, **_bound(name, now[name]), **widget)


def _bound(name: str, value: Any) -> dict[str, Any]:
    return bound(f"review-{name}", value, partial(_choose, name))


def _choose(name: str, value: object) -> None:
    view.choose(name, str(value))
    _again()


def _again() -> None:
    """From the first page of the queue on."""
    view.choose(families.FROM, "")


def _older_address(run: Run) -> None:
    """An address of an earlier version calls the given class by its name."""
    names, name = cached.info(run).class_names, str(st.query_params.get("given", ""))
    if name in names:
        address.put_all({"given": "", NAME: str(names.index(name))})
