"""Clusters: which classes hold two populations?"""

import streamlit as st

from core.analysis.caveats import judged_words
from core.runs import plan
from pages.ui.cache import cached
from pages.ui.clusters import exre
from pages.ui.clusters.classes import AC, all_classes, class_picker, clusters_of
from pages.ui.clusters.maps import COLOURS, controls, linked_map, missing_map
from pages.ui.selection.selection import selection_bar, selection_gallery
from pages.ui.shell import frame, journey
from pages.ui.widgets import counted

journey.question("clusters", "activation")
run = frame.current_run(
    str(plan.detection(AC)), "each class's activations as a map, and whether it falls into two clusters"
)
detection, names = cached.detections(run)[AC], cached.info(run).class_names
suspects = [names[index] for index, finding in detection.classes.items() if finding.poisoned]
listed = f": {', '.join(map(frame.plain, suspects))}" if suspects else ""
judged = judged_words(detection.classes.values(), len(names), listed)
st.markdown(f"{counted.headline(run, judged=False)} {judged} by Activation Clustering.")
counted.choose(run)
chosen = class_picker(run)
exre.check(run, chosen)
screen, side = st.columns([2, 1], gap="medium")
with screen:
    method, colour, hover = controls(run, "clusters", COLOURS, layer=True)
    table = counted.table(run)
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
        missing_map(run, method)
with side:
    if not selection_gallery(run, table, height=300) and chosen is None:
        all_classes(run)
    if chosen is not None:
        clusters_of(run, chosen)
selection_bar(run, table)
journey.go_on("trajectories")
