"""Clusters: which classes hold two populations?"""

import streamlit as st

from core.runs import Run
from pages.ui import cached, frame
from pages.ui.gallery import Tile, gallery
from pages.ui.maps import COLOURS, controls, linked_map
from pages.ui.selection import select, selection_bar, tiles
from pages.ui.words import HELP

AC = "activation_clustering"
MONTAGE = 24


def class_picker(run: Run) -> int | None:
    """The chosen class, None for all; suspicious classes come first."""
    notes, names = cached.detections(run)[AC].class_notes, cached.info(run).class_names
    order = sorted(notes, key=lambda index: (not notes[index]["poisoned"], -float(notes[index].get("silhouette", -1))))

    def words(index: int) -> str:
        return (
            f":orange[:material/warning: {frame.plain(names[index])}]"
            if notes[index]["poisoned"]
            else frame.plain(names[index])
        )

    return st.pills(
        "Class", order, format_func=words, key="class", help="Most suspicious first; none chosen shows all classes."
    )


def clusters_of(run: Run, index: int) -> None:
    """The two clusters of one class: verdict, average image, montage."""
    detection, table = cached.detections(run)[AC], cached.table(run)
    note, name = detection.class_notes[index], cached.info(run).class_names[index]
    colour = "orange" if note["poisoned"] else "gray"
    st.markdown(
        f"**{frame.plain(name)}** :{colour}-badge[{'looks poisoned' if note['poisoned'] else 'no sign of poison'}]"
    )
    st.markdown(f"{str(note['reason']).capitalize()}.")
    if "silhouette" not in note:
        return
    left, right = st.columns(2)
    left.metric("Smaller cluster", f"{note['size_fraction']:.0%}", help=HELP["size fraction"])
    right.metric("Silhouette", f"{note['silhouette']:.2f}", help=HELP["silhouette"])
    members = table[table["label"] == index]
    for cluster, title in ((1, "Smaller cluster"), (0, "Larger cluster")):
        rows = members[members["cluster"] == cluster]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{title}** · {len(rows):,} samples", width="stretch")
            st.button("Select", key=f"select-{cluster}", icon=":material/select_all:", type="tertiary",
                      on_click=select, args=(run, rows["id"].tolist()))  # fmt: skip
        average = Tile(
            -1, f"array/{run.id}/averages-{AC}/{2 * index + cluster}.png", ("average",), tooltip="Average image"
        )
        montage = tiles(run, rows.sample(min(MONTAGE, len(rows)), random_state=0))
        gallery([average, *montage], key=f"montage-{run.id}-{index}-{cluster}", selected=(), size=52, selectable=False)


def all_classes(run: Run) -> None:
    """The 2-means verdict on every class, in words and figures."""
    notes, names = cached.detections(run)[AC].class_notes, cached.info(run).class_names
    st.markdown("**2-means verdict per class**", help=HELP["cluster"])
    rows = [
        {
            "Class": names[index],
            "Verdict": "looks poisoned" if note["poisoned"] else "no sign",
            "Smaller": note.get("size_fraction"),
            "Silhouette": note.get("silhouette"),
            "Why": note["reason"],
        }
        for index, note in sorted(notes.items(), key=lambda item: -float(item[1].get("silhouette", -1)))
    ]
    st.dataframe(
        rows,
        hide_index=True,
        height=38 + 35 * min(len(rows), 14),
        column_config={
            "Smaller": st.column_config.NumberColumn(format="percent", help=HELP["size fraction"]),
            "Silhouette": st.column_config.NumberColumn(format="%.2f", help=HELP["silhouette"]),
        },
    )
    st.caption("Choose a class above to see its two clusters. Weak below about 5 % of a class: look at the map too.")


st.title("Which classes hold two populations?", help=HELP["activation"])
run = frame.current_run(f"detect:{AC}", "each class's activations as a map, and whether it falls into two clusters")
detection, names = cached.detections(run)[AC], cached.info(run).class_names
suspects = [names[index] for index, note in detection.class_notes.items() if note["poisoned"]]
st.markdown(f"**{len(suspects)} of {len(names)} classes look poisoned**" + (f": {', '.join(map(frame.plain, suspects))}" if suspects else "")
            + f"; {int(detection.flagged.sum()):,} samples are flagged by Activation Clustering.")  # fmt: skip
chosen = class_picker(run)
screen, side = st.columns([2, 1], gap="medium")
with screen:
    method, colour, hover = controls("clusters", COLOURS)
    scope, table = ("all" if chosen is None else "class"), cached.table(run)
    shown = (table["label"] == chosen).to_numpy() if chosen is not None else slice(None)
    if run.done(f"maps:{method.lower()}"):
        places = cached.map_points(run, f"{scope}-{method.lower()}")
        linked_map(
            run, table[shown], places[shown], key=f"clusters-{scope}-{chosen}-{method}", colour=colour, hover=hover
        )
    else:
        st.container(height=560, border=True).info(
            f"The {method} map is still being drawn; the others are ready earlier."
        )
        frame.awaiting(run, f"maps:{method.lower()}")
with side:
    if chosen is None:
        all_classes(run)
    else:
        clusters_of(run, chosen)
selection_bar(run, cached.table(run))
st.page_link(
    "pages/trajectories.py", label="Next: which samples were learned unlike the rest?", icon=":material/arrow_forward:"
)
