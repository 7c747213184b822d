"""Overview: is this data poisoned, and what do I do next?"""

import streamlit as st

from core.runs import jobs
from pages.ui.cache import cached
from pages.ui.overview import beginning, groups, standing, way_on
from pages.ui.shell import frame, journey
from pages.ui.shell.fresh_head import say_fresh_head

journey.question("overview")
st.caption(
    "Assay finds training samples that carry a backdoor. You decide on them. It trains again without them, and "
    "measures what is left."
)
frame.guard()
run = frame.chosen_run()
if run is None:
    beginning.beginning()
    st.stop()
say_fresh_head(run)
frame.say_damaged(cached.opened(run).damaged_detections, "detection")
standing.verdict(run)
progress = jobs.poll(run.path)
if progress.active:
    frame.progress_of(run)
elif progress.stopped and run.left:
    way_on.stopped(run, progress)
    if run.lacks_maps_alone:
        way_on.way_on(run)
else:
    way_on.way_on(run)
standing.steps(run, progress)
standing.lineage(run)
groups.cards(run)
standing.not_judged(run)
