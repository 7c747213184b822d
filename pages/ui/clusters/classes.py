"""What Activation Clustering says about each class: the picker, a table, the two clusters of one class."""

from dataclasses import replace

import streamlit as st

from core.analysis.opened_run import CLUSTERING as AC
from core.analysis.suspect_clusters import ratio_words
from core.runs import Run
from core.types import ClassFinding, Criterion
from pages.ui.cache import cached, cluster_names
from pages.ui.cache.words import HELP
from pages.ui.clusters import exre
from pages.ui.selection.selection import select, tiles
from pages.ui.shell import frame
from pages.ui.widgets import pictures
from pages.ui.widgets.fields import tall
from pages.ui.widgets.gallery import Tile, gallery

BADGES = {
    True: ":orange-badge[looks poisoned]",
    False: ":gray-badge[no sign by this detector]",
    None: ":gray-badge[not judged]",
}

MARKS = {True: "▲ ", False: "", None: "? "}


def class_picker(run: Run) -> int | None:
    """The chosen class, None for all; suspicious classes come first."""
    findings, names = cached.detections(run)[AC].classes, cached.info(run).class_names
    order = sorted(findings, key=lambda index: (not findings[index].poisoned, -_silhouette(findings[index])))

    def words(index: int) -> str:
        poisoned, name = findings[index].poisoned, frame.plain(names[index])
        return f":orange[:material/warning: {name}]" if poisoned else f"{MARKS[poisoned]}{name}"

    return st.pills(
        "Class", order, format_func=words, key="class", help="Most suspicious first; none chosen shows all classes."
    )


def clusters_of(run: Run, index: int) -> None:
    """The two clusters of one class: the finding, and the average and a montage of each."""
    detection, table = cached.detections(run)[AC], cached.table(run)
    finding, name = detection.classes[index], cached.info(run).class_names[index]
    st.markdown(f"**{frame.plain(name)}** {BADGES[finding.poisoned]}")
    st.markdown(f"{frame.plain(finding.reason.capitalize())}.")
    if not finding.was_split:
        return
    exre.decisions(run, index)
    members, cluster_words = table[table["cluster_class"] == index], cluster_names.names(run)
    for cluster, title in ((1, "Smaller cluster"), (0, "Larger cluster")):
        rows = members[members["cluster"] == cluster]
        with st.container(horizontal=True, vertical_alignment="center", gap=None):
            st.markdown(f"**{title}** · {len(rows):,} samples", width="stretch")
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
        average = Tile(
            -1, pictures.of_array(run.id, f"averages-{AC}", 2 * index + cluster), tooltip="The average of its samples"
        )
        montage = [replace(tile, caption=(), badge="") for tile in tiles(run, cached.montage(rows))]
        left, right = st.columns([1, 3])
        with left:
            gallery([average], key=f"average-{run.id}-{index}-{cluster}", size=60)
            st.caption("average")
        with right:
            gallery(montage, key=f"montage-{run.id}-{index}-{cluster}", size=36)


def all_classes(run: Run) -> None:
    """What 2-means finds in every class, in words and figures."""
    findings, names = cached.detections(run)[AC].classes, cached.info(run).class_names
    results = cached.reclassifications(run)
    st.markdown("**2-means in each class**", help=HELP["cluster"])
    rows = [
        {
            "Class": f"{MARKS[finding.poisoned]}{names[index]}",
            "Smaller": _marked(finding.size, "{:.0%}"),
            "Silh.": _marked(finding.silhouette, "{:.2f}"),
            "Dist.": _marked(finding.distance, "{:.2f}"),
            "ExRe": _sign(results[index].poisoned) + ratio_words(results[index]) if index in results else "–",
        }
        for index, finding in sorted(findings.items(), key=lambda item: -_silhouette(item[1]))
    ]
    st.dataframe(
        rows,
        hide_index=True,
        height=tall(len(rows), 14),
        column_config={
            "Class": st.column_config.TextColumn(width=96, help="▲ looks poisoned, ? was not judged"),
            "Smaller": st.column_config.TextColumn(width=60, help=HELP["size fraction"]),
            "Silh.": st.column_config.TextColumn(width=58, help=HELP["silhouette"]),
            "Dist.": st.column_config.TextColumn(width=50, help=HELP["distance"]),
            "ExRe": st.column_config.TextColumn(width=60, help=HELP["reclassification"]),
        },
    )
    st.caption(
        "▲ says poison, ? was not judged. Choose a class above to see its two clusters. "
        "Poison below about 5% of a class is easily missed: look at the map, too."
    )


def _silhouette(finding: ClassFinding) -> float:
    """What classes are ordered by: those that were not split come last."""
    return -1.0 if finding.silhouette is None or finding.silhouette.figure is None else finding.silhouette.figure


def _marked(criterion: Criterion | None, form: str) -> str:
    """The figure of one criterion, marked where it says poison; a dash where it was not asked."""
    return "–" if criterion is None else _sign(criterion.poisoned) + form.format(criterion.figure or 0.0)


def _sign(poisoned: bool) -> str:
    return "▲ " if poisoned else ""
