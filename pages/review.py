"""Review: is this sample poisoned?"""

import streamlit as st

from core.analysis.samples import flags_stage
from pages.ui.cache.words import HELP
from pages.ui.review import desk, journal
from pages.ui.review.filters import filters
from pages.ui.shell import frame

st.title("Is this sample poisoned?", help=HELP["suspicion"])
run = frame.current_run(flags_stage, "the flagged samples, most suspicious first, to be decided on")
desk.drawn(run)
answer = st.container()
wanted, who = filters(run)
desk.desk(run, answer, wanted, who)
journal.panel(run)
st.page_link(
    "pages/repair.py", label="Next: is the backdoor gone, and what did it cost?", icon=":material/arrow_forward:"
)
desk.keep_up(run)
