"""Trajectories: which samples were learned unlike the rest?"""

import numpy as np
import streamlit as st

from core.output import figures
from core.runs.plan import maps
from pages.ui.cache import cached
from pages.ui.cache.words import HELP
from pages.ui.clusters.maps import controls, linked_map, missing_map
from pages.ui.selection.selection import selected, selection_bar, selection_gallery
from pages.ui.shell import frame, journey
from pages.ui.train.loaded_model import untraced
from pages.ui.widgets import counted
from pages.ui.widgets.curve_option import curves_option
from pages.ui.widgets.fields import one_or_any

MOST = 60  # curves: more make a smear, not information

journey.question("trajectories", "trajectory")
run = frame.current_run(
    lambda run: str(maps("pca")) if run.model_stage == "train" else "load",
    "the loss trajectory of every sample as a point on a map, beside the curves themselves",
)
if untraced(run):
    st.stop()
table, losses, names = counted.table(run), cached.losses(run), cached.info(run).class_names
st.markdown(counted.headline(run))
counted.choose(run)
badloss = cached.detections(run).get("badloss")
if badloss is None:
    st.caption("BaDLoss has not been run: it needs bona fide samples, known to be clean.", help=HELP["bona fide"])
elif counted.flagged_by(run) == "badloss":
    st.caption(
        f"BaDLoss flags those farthest from {badloss.notes.n_bona_fide or 0:,} bona fide samples (the paper rejects "
        "40%).",
        help=HELP["bona fide"],
    )

screen, side = st.columns([2, 1], gap="medium")
with screen:
    method, colour, hover = controls(
        run, "trajectories", ("flag", "suspicion", "class", "verdict", "loss", "prediction", "cluster")
    )
    if run.done(maps(method.lower())):
        places = cached.map_points(run, f"trajectories-{method.lower()}")
        linked_map(run, table, places, key=f"trajectories-{method}", colour=colour, hover=hover)
    else:
        missing_map(run, method)
with side:
    index = one_or_any("Class", dict(enumerate(names)), "all classes", key="trajectory-class")
    epoch = losses.shape[1]
    if epoch > 1:
        epoch = st.slider("Epoch", 1, epoch, epoch, key="epoch", help="Marks the epoch on the curves.")
    members = np.ones(len(table), bool) if index is None else (table["label"] == index).to_numpy()
    groups = {"all classes" if index is None else names[index]: members, "bona fide": table["bona_fide"].to_numpy()}
    rows = np.flatnonzero(table["id"].isin(selected(run)))
    drawn = f"{len(rows[:MOST])} of {len(rows):,} selected"
    option = curves_option(figures.bands(losses, groups), losses[rows[:MOST]], drawn, epoch=epoch)
    st.echarts_chart(
        option, height=320, key="bands", alt="Losses over the epochs: bands of 10 to 90%, and the selection."
    )
    at = losses[:, epoch - 1]
    chosen = f", of the selection {np.median(at[rows]):.3g}" if len(rows) else ""
    words = f"Median loss after epoch {epoch}: {np.median(at[members]):.3g}{chosen}. Bands: 10–90%."
    st.caption(words, help=HELP["loss"])
    selection_gallery(run, table, height=200)
selection_bar(run, table)
journey.go_on("detect")
