"""Detect: whom do I believe, and how strict am I?"""

import streamlit as st

from pages.ui.cache import cached
from pages.ui.detect import decision
from pages.ui.detect.detector import about, against_the_truth
from pages.ui.detect.roster import answer, choose
from pages.ui.detect.strictness import strictness
from pages.ui.shell import frame, journey

journey.question("detect", "suspicion")
run = frame.current_run("activations", "every detector, what it flags, and how strict to be with it")
frame.say_damaged(cached.opened(run).damaged_detections, "detection")
decision.panel(run)
table = cached.detectors(run)
answer(run, table)
chosen = choose(run, table)
row = table[table["name"] == chosen].iloc[0]
side, screen = st.columns([1, 2], gap="large")
with side:
    about(run, row)
with screen:
    if row["state"] == "ran":
        strictness(run, chosen)
    else:
        st.container(height=420, border=False).info(
            f"The spread of the suspicion by {frame.plain(row['title'])}, and how strict to be with it, appear here "
            "once it has run."
        )
if row["state"] == "ran":
    against_the_truth(run, chosen)
journey.go_on("review")
