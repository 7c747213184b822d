"""What Activation Clustering says about each class: a table, and the two clusters of one class."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from core.analysis.opened_run import CLUSTERING as AC
from core.analysis.suspect_clusters import ratio_words
from core.output.names import told_apart
from core.runs import Run
from core.types import Criterion
from pages.ui.cache import cached, cluster_names
from pages.ui.cache.words import HELP
from pages.ui.clusters import exre
from pages.ui.review.averages import average_of
from pages.ui.review.group_words import in_short
from pages.ui.selection.class_list import MARKS, choose_class, ranked
from pages.ui.selection.selection import select, tiles
from pages.ui.shell import frame
from pages.ui.widgets import counted
from pages.ui.widgets.fields import tall
from pages.ui.widgets.gallery import gallery

BADGES = {
    True: ":orange-badge[looks poisoned]",
    False: ":gray-badge[no sign by this detector]",
    None: ":gray-badge[not judged]",
}

FEW = 3  # members of a cluster that are read
# Of the column of classes, which the style sheet leaves room for; letters are those of a name beside its mark.
NARROW = 92  # pixels
SHORT = 11  # letters
BROAD = 150  # pixels, where a name is longer than that
LONG = 16  # letters
LEFT = "Suspects of the class that nobody decided on: confirmed by the decision, or flagged."
COLUMNS = ("Class", "Left", "Size", "Silh.", "Dist.", "ExRe")


def clusters_of(run: Run, index: int) -> None:
    """The two clusters of one class: the finding, and the average and a montage of each."""
    detection, table = cached.detections(run)[AC], cached.table(run)
    finding, name = detection.classes[index], cached.info(run).class_names[index]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{frame.plain(name)}** {BADGES[finding.poisoned]}", width="stretch")
        st.button(
            "All classes",
            key="all-classes",
            icon=":material/arrow_back:",
            type="tertiary",
            on_click=choose_class,
            args=(None,),
        )
    st.markdown(f"{frame.plain(finding.reason.capitalize())}.")
    if not finding.was_split:
        return
    exre.decisions(run, index)
    members, cluster_words = table[table["cluster_class"] == index], cluster_names.names(run)
    for cluster, title in ((1, "Smaller cluster"), (0, "Larger cluster")):
        rows = members[members["cluster"] == cluster]
        with st.container(horizontal=True, vertical_alignment="center", gap=None):
            st.markdown(f"**{title}** · {len(rows):,}", width="stretch")
            st.button(
                "Select",
                key=f"select-{cluster}",
                icon=":material/select_all:",
                type="tertiary",
                on_click=select,
                args=(run, rows["id"].tolist()),
            )
            st.page_link(
                "pages/review.py",
                label="Review",
                help="Review this cluster, flagged or not, and decide on all of it at once.",
                query_params={"cluster": cluster_words[index, cluster]},
            )
        in_short(run, rows, f"cluster-{cluster}")
        montage = [replace(tile, caption=(), badge="") for tile in tiles(run, cached.montage(rows))]
        is_read = any(tile.told for tile in montage)
        left, right = st.columns([1, 3]) if not is_read else (st.container(), st.container())
        with left:
            gallery([average_of(run, index, cluster)], key=f"average-{run.id}-{index}-{cluster}", size=60)
            st.caption("average" if not is_read else "The text most like the others, and a few at random:")
        with right:
            gallery(montage[:FEW] if is_read else montage, key=f"montage-{run.id}-{index}-{cluster}", size=36)


def all_classes(run: Run, *, beside_two: bool = False) -> None:
    """What 2-means finds in every class, in words and figures; a click on a row chooses its class.

    Args:
        run: whose classes they are.
        beside_two: whether two maps stand beside it; on a narrow screen it has its first columns then.
    """
    findings, names = cached.detections(run)[AC].classes, cached.info(run).class_names
    results, left = cached.reclassifications(run), _left(run)
    order = [index for index in ranked(run) if index in findings]
    st.markdown("**2-means in each class**", help=HELP["cluster"])
    broad = max(map(len, names)) > SHORT
    short = told_apart(names, LONG if broad else SHORT)
    rows = [
        {
            "Class": f"{MARKS[findings[index].poisoned]}{short[index]}",
            "Left": left.get(index, 0),
            "Size": _marked(findings[index].size, "{:.0%}"),
            "Silh.": _marked(findings[index].silhouette, "{:.2f}"),
            "Dist.": _marked(findings[index].distance, "{:.2f}"),
            "ExRe": _sign(results[index].poisoned) + ratio_words(results[index]) if index in results else "–",
        }
        for index in order
    ]
    whole = [*COLUMNS[:-1], *COLUMNS[-1:] * bool(results)]
    room = ("classes", "classes-wide", "classes-widest")[broad + bool(results)]  # ExRe is a column of its own
    for name, columns in ((room, whole), *[("classes-few", COLUMNS[:2])] * beside_two):  # the style sheet shows one
        key = f"{'few-' * (name != room)}classes-{run.id}"
        st.container(key=name).dataframe(
            rows,
            hide_index=True,
            height=tall(len(rows), 14),
            key=key,
            on_select=partial(_clicked, key, order),
            selection_mode="single-row",
            column_order=columns if rows else None,
            column_config={
                "Class": st.column_config.TextColumn(
                    width=BROAD if broad else NARROW, help="▲ looks poisoned, ? was not judged"
                ),
                "Left": st.column_config.NumberColumn(width=40, help=LEFT),
                "Size": st.column_config.TextColumn(width=56, help=HELP["size fraction"]),
                "Silh.": st.column_config.TextColumn(width=58, help=HELP["silhouette"]),
                "Dist.": st.column_config.TextColumn(width=56, help=HELP["distance"]),
                "ExRe": st.column_config.TextColumn(width=60, help=HELP["reclassification"]),
            },
        )
    st.caption(
        "▲ says poison, ? was not judged. Choose a class to see its two clusters. "
        "Poison below about 5% of a class is easily missed: look at the map, too."
    )


def _left(run: Run) -> dict[int, int]:
    """How many suspects of each class nobody decided on."""
    rows = counted.suspects(run)
    counts: dict[int, int] = rows[rows["verdict"] == ""]["label"].value_counts().to_dict()
    return counts


def _clicked(key: str, order: Sequence[int]) -> None:
    rows = st.session_state[key]["selection"]["rows"]
    choose_class(order[rows[0]] if rows else None)


def _marked(criterion: Criterion | None, form: str) -> str:
    """The figure of one criterion, marked where it says poison; a dash where it was not asked."""
    return "–" if criterion is None else _sign(criterion.poisoned) + form.format(criterion.figure or 0.0)


def _sign(poisoned: bool) -> str:
    return "▲ " if poisoned else ""
