"""Review: is this sample poisoned?"""

import streamlit as st

from core.samples import flags_stage
from pages.ui import desk, frame, journal, keeping_up
from pages.ui.filters import filters
from pages.ui.words import HELP

st.title("Is this sample poisoned?", help=HELP["suspicion"])
run = frame.current_run(flags_stage, "the flagged samples, most suspicious first, to be decided on")
keeping_up.drawn(run)
answer = st.container()
wanted, who = filters(run)
desk.desk(run, answer, wanted, who)
journal.panel(run)
st.page_link(
    "pages/repair.py", label="Next: is the backdoor gone, and what did it cost?", icon=":material/arrow_forward:"
)
keeping_up.keep_up(run)
