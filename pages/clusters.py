"""Clusters: which classes hold two populations?"""

import streamlit as st

from core.analysis.caveats import judged_words
from core.runs import plan
from pages.ui.cache import cached
from pages.ui.clusters import exre
from pages.ui.clusters.classes import AC, all_classes, class_picker, clusters_of
from pages.ui.clusters.maps import COLOURS, controls, linked_map
from pages.ui.selection.selection import selection_bar, selection_gallery
from pages.ui.shell import frame, journey

journey.question("clusters", "activation")
run = frame.current_run(
    str(plan.detection(AC)), "each class's activations as a map, and whether it falls into two clusters"
)
detection, names = cached.detections(run)[AC], cached.info(run).class_names
suspects = [names[index] for index, finding in detection.classes.items() if finding.poisoned]
listed = f": {', '.join(map(frame.plain, suspects))}" if suspects else ""
st.markdown(
    f"**{judged_words(detection.classes.values(), len(names), listed)}**. "
    f"{int(detection.flagged.sum()):,} samples are flagged by Activation Clustering."
)
chosen = class_picker(run)
exre.check(run, chosen)
screen, side = st.columns([2, 1], gap="medium")
with screen:
    method, colour, hover = controls("clusters", COLOURS, run)
    table = cached.table(run)
    # Maps of one class are drawn within the given label; clusters split by prediction are shown on the map of all.
    by_label = bool((table["cluster_class"] == table["label"]).all())
    scope = "class" if chosen is not None and by_label else "all"
    shown = (table["cluster_class"] == chosen).to_numpy() if chosen is not None else slice(None)
    if run.done(plan.maps(method.lower())):
        places = cached.map_points(run, f"{scope}-{method.lower()}")
        linked_map(
            run, table[shown], places[shown], key=f"clusters-{scope}-{chosen}-{method}", colour=colour, hover=hover
        )
    else:
        st.container(height=520, border=True).info(
            f"The {method} map is still being drawn; the others are ready earlier."
        )
        frame.awaiting(run, str(plan.maps(method.lower())))
with side:
    if not selection_gallery(run, cached.table(run), height=300) and chosen is None:
        all_classes(run)
    if chosen is not None:
        clusters_of(run, chosen)
selection_bar(run, cached.table(run))
journey.go_on("trajectories")
