"""Review: is this sample poisoned?"""

import streamlit as st

from core.analysis.samples import flags_stage
from pages.ui.cache import cached
from pages.ui.review import desk, journal
from pages.ui.review.filters import filters
from pages.ui.shell import frame, journey, onward

journey.question("review", "suspicion")
run = frame.current_run(flags_stage, "the flagged samples, most suspicious first, to be decided on")
frame.say_damaged(cached.opened(run).damaged_detections, "detection")
desk.remember(run)
answer = st.container()
desk.desk(run, answer, filters(run))
journal.panel(run)
onward.go_on("review", run)
desk.keep_up(run)
