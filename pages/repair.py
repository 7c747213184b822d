"""Repair: is the backdoor gone, and what did it cost?"""

import streamlit as st

from core import figures, results, runs
from pages.ui import frame
from pages.ui.mending import plan
from pages.ui.outcome import before_after

st.title("Is the backdoor gone, and what did it cost?")
run = frame.current_run("evaluate", "what a repair removes, and the model before and after it side by side")
if run.parent:
    st.caption("This run is itself a repair; it is shown against the run that it repaired.")
    run, repaired = runs.open_run(run.workspace, run.parent), [run]
else:
    repaired = runs.children(run)
if said := st.session_state.pop("said", ""):
    st.error(said)
finished = next((child for child in repaired if child.done("evaluate")), None)
if finished and (rates := results.comparison(finished)["after"]["attack_success_rate"]):
    gone = sum(rate <= figures.GONE for rate in rates.values())
    st.markdown(f"**{gone} of {len(rates)} known attacks now succeed in {figures.GONE:.0%} of cases or fewer.**")
elif not finished:
    st.markdown("Not repaired yet: the model still carries whatever it learned.")
if repaired and not repaired[0].done("evaluate"):
    st.subheader("Training on with the new labels" if repaired[0].how == "continue" else "Retraining")
    frame.awaiting(repaired[0], "evaluate")
if finished:
    before_after(run, finished)
plan(run)
st.page_link("pages/report.py", label="Next: what do I tell the others?", icon=":material/arrow_forward:")
