"""Review: is this sample poisoned?"""

import streamlit as st

from core.samples import flags_stage
from pages.ui import cached, desk, families, frame, journal
from pages.ui.filters import filtered
from pages.ui.single import single
from pages.ui.words import HELP

st.title("Is this sample poisoned?", help=HELP["suspicion"])
run = frame.current_run(flags_stage, "the flagged samples, most suspicious first, to be decided on")
table, flagged = cached.table(run), cached.flagged(run)
decided = int((flagged["verdict"] != "").sum())
st.markdown(f"**{decided:,} of {len(flagged):,} flagged samples are decided**; "
            f"{int((table['verdict'] == 'exclude').sum()):,} of {len(table):,} samples are excluded.",
            help=cached.rule_words(run))  # fmt: skip
st.progress(decided / max(1, len(flagged)))
rows = filtered(run, table)
left, middle, side = st.columns([1.1, 3, 1.5], gap="small")
with left:
    families.cards(run, flagged)
with middle:
    families.head(run, flagged)
    with st.container(horizontal=True, vertical_alignment="center"):
        shown, focus = desk.turn(rows, run)
        st.caption(f"{len(shown):,} of {len(rows):,}")
        st.space("stretch")
        desk.choosers(run, rows, shown)
    if rows.empty:
        st.success("Nothing is left to decide here." if len(flagged) else "No detector flagged anything.")
    desk.desk(run, rows, shown, focus)
with side:
    if focus is None:
        st.caption("The sample in focus is shown here, with its loss curve.")
    else:
        single(run, table, focus)
desk.bar(run, rows, focus)
journal.panel(run)
st.page_link(
    "pages/repair.py", label="Next: is the backdoor gone, and what did it cost?", icon=":material/arrow_forward:"
)
