"""Clusters: which classes hold two populations?"""

import streamlit as st

from core.runs import plan
from pages.ui.cache import cached
from pages.ui.clusters import exre
from pages.ui.clusters.classes import AC, all_classes, clusters_of
from pages.ui.clusters.colouring import COLOURS
from pages.ui.clusters.maps import controls, linked_map, missing_map, panes
from pages.ui.selection.beside_map import selection_bar, selection_gallery
from pages.ui.shell import frame, journey, onward
from pages.ui.widgets import counted

journey.question("clusters", "activation")
run = frame.current_run(
    lambda run: str(plan.detection(AC)) if run.has_activations or not run.recorded else run.model_stage,
    "each class's activations as a map, and whether it falls into two clusters",
)
if run.recorded and not run.has_activations:
    st.info("No activations were recorded, so there is nothing to cluster. Trajectories and Detect work without them.")
    onward.go_on("clusters", run)
    st.stop()
detection = cached.detections(run)[AC]
counted.brief(run)
chosen = controls(run, "clusters", COLOURS, layer=True)
table = counted.table(run)
screens, side = panes(chosen)
for screen, look in screens:
    # Maps of one class are drawn within the given label; clusters split by prediction are shown on the map of all.
    by_label = bool((table["cluster_class"] == table["label"]).all())
    scope = "class" if chosen.class_index is not None and by_label else "all"
    only = slice(None) if chosen.class_index is None else (table["cluster_class"] == chosen.class_index).to_numpy()
    with screen:
        if run.done(plan.maps(chosen.method.lower())):
            places = cached.map_points(run, f"{scope}-{chosen.method.lower()}")
            key = f"clusters-{scope}-{chosen.class_index}-{chosen.method}"
            linked_map(run, table[only], places[only], key=key, controls=look)
        elif look is chosen:
            missing_map(run, chosen.method)
with side:
    with st.container(key="side-selected"):
        selection_gallery(run, table)
    with st.container(key="side-about"):
        if chosen.class_index is None or chosen.class_index not in detection.classes:
            all_classes(run, beside_two=bool(chosen.beside))
        else:
            clusters_of(run, chosen.class_index)
        exre.check(run, chosen.class_index)
selection_bar(run, table)
with st.container(horizontal=True):
    counted.review_link(run)
    onward.go_on("clusters", run)
