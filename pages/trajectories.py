"""Trajectories: which samples were learned unlike the rest?"""

import numpy as np
import streamlit as st

from core.output.palette import TRUSTED
from core.runs.plan import maps
from pages.ui.cache import cached
from pages.ui.cache.words import HELP
from pages.ui.clusters.colouring import COLOURS
from pages.ui.clusters.maps import controls, linked_map, missing_map, panes
from pages.ui.clusters.playing import epochs, of_class, places_at, window_of
from pages.ui.selection.beside_map import selection_bar, selection_gallery
from pages.ui.selection.selection import places_of, selected
from pages.ui.shell import frame, journey, onward
from pages.ui.train.loaded_model import untraced
from pages.ui.widgets import counted
from pages.ui.widgets.curve_option import curves_option
from pages.ui.widgets.ground import ground

MOST = 60  # curves: more make a smear, not information

journey.question("trajectories", "trajectory")
run = frame.current_run(
    lambda run: "activations" if run.model_stage == "train" else run.model_stage,
    "the loss trajectory of every sample as a point on a map, beside the curves themselves",
)
if untraced(run):
    onward.go_on("trajectories", run)
    st.stop()
table, losses, names = counted.table(run), cached.losses(run), cached.info(run).class_names
counted.brief(run)
chosen = controls(run, "trajectories", COLOURS, epochs=losses.shape[1])
last, method = losses.shape[1], chosen.method.lower()
epoch, moves = chosen.epoch, True
badloss = cached.detections(run).get("badloss")

only = of_class(table, chosen.class_index)
screens, side = panes(chosen)
for screen, look in screens:
    with screen:
        if not run.done(maps(method)):
            if look is chosen:
                missing_map(run, chosen.method)
            continue
        stood = places_at(run, method, epoch)
        moves = stood is not None
        places = cached.map_points(run, f"trajectories-{method}") if stood is None else stood
        window = window_of(run, method, chosen.class_index) if moves and epoch < last else None
        key = f"trajectories-{chosen.class_index}-{chosen.method}"
        moment = epoch if moves else last
        linked_map(run, table[only], places[only], key=key, controls=look, window=window, moment=moment)
with side:
    with st.container(key="side-selected"):
        selection_gallery(run, table)
    with st.container(key="side-about"):
        index = chosen.class_index
        bands = cached.bands(run, index)
        rows = places_of(table, selected(run))
        medians = [(name, band[1]) for name, band in bands.items()]
        if len(rows):
            medians.append(("selection", np.median(losses[rows].T.copy(), axis=1)))
        epochs(run, table, [look for _, look in screens], epoch, medians)
        if not moves:
            st.caption(f"The points of {chosen.method} stay where they were at the end; those of PCA and ICA move.")
        drawn = f"{len(rows[:MOST])} of {len(rows):,} selected"
        option = curves_option(bands, losses[rows[:MOST]], drawn, trusted=TRUSTED[ground()], epoch=epoch)
        with st.container(key="curves"):
            words = "Losses over the epochs: bands of 10 to 90%, and the selection."
            st.echarts_chart(option, height="stretch", key="bands", alt=words)
        of_these = f", of the selection {np.median(losses[rows, epoch - 1]):.3g}" if len(rows) else ""
        middle = bands["all classes" if index is None else names[index]][1, epoch - 1]
        words = f"Median loss after epoch {epoch}: {middle:.3g}{of_these}. Bands: 10–90%."
        st.caption(words, help=HELP["loss"])
        if badloss is None:
            words = "BaDLoss has not been run: it needs bona fide samples, known to be clean."
            st.caption(words, help=HELP["bona fide"])
        elif counted.flagged_by(run) == "badloss":
            n_clean = badloss.notes.n_bona_fide or 0
            st.caption(
                f"BaDLoss flags those farthest from {n_clean:,} bona fide samples (the paper rejects 40%).",
                help=HELP["bona fide"],
            )
selection_bar(run, table)
with st.container(horizontal=True):
    counted.review_link(run)
    onward.go_on("trajectories", run)
