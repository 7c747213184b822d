"""Detect: whom do I believe, and how strict am I?"""

import streamlit as st

from pages.ui.cache import cached
from pages.ui.detect import decision
from pages.ui.detect.all_others import run_all
from pages.ui.detect.detector import about, against_the_truth, stopped
from pages.ui.detect.overlapping import matrix
from pages.ui.detect.roster import answer, choose
from pages.ui.detect.strictness import strictness
from pages.ui.shell import frame, journey, onward

journey.question("detect", "suspicion")
run = frame.current_run("activations", "every detector, what it flags, and how strict to be with it")
frame.say_damaged(cached.opened(run).damaged_detections, "detection")
stopped(run)
decision.panel(run)
table = cached.detectors(run)
answer(run, table)
with st.container(key="detect-panes"):
    left, right = st.columns([7.15, 4.85], gap="medium")
with left:
    run_all(run)  # beside the strictness, which is then in view with the samples at its border
    listed, agreeing = st.tabs(["Detectors", "Overlap of their flags"])
    with agreeing:
        matrix(run)
    with listed:
        chosen = choose(run, table)
        row = table[table["name"] == chosen].iloc[0]
        about(run, row)
with right:
    if row["state"] == "ran":
        strictness(run, chosen)
    else:
        st.container(height=420, border=False).info(
            f"The spread of the suspicion by {frame.plain(row['title'])}, and how strict to be with it, appear here "
            "once it has run."
        )
if row["state"] == "ran":
    against_the_truth(run, chosen)
onward.go_on("detect", run)
