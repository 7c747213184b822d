"""Repair: is the backdoor gone, and what did it cost?"""

import streamlit as st

from core import runs
from core.evaluation import results
from core.output import figures
from pages.ui.repair.outcome import before_after
from pages.ui.repair.repair_plan import plan
from pages.ui.shell import frame, journey

journey.question("repair")
run = frame.current_run("evaluate", "what a repair removes, and the model before and after it side by side")
shown = None
if run.parent:
    st.caption("This run is itself a repair; it is shown against the run that it repaired.")
    shown, run = run, runs.open_run(run.workspace, run.parent)
repairs = runs.children(run)
finished = shown or next((child for child in repairs if child.done("evaluate")), None)
unfinished = repairs[0] if repairs and not repairs[0].done("evaluate") else None
after = results.comparison(finished)["after"] if finished else {}
if rates := results.measured(after.get("attack_success_rate", {})):
    gone = sum(rate <= figures.GONE for rate in rates)
    st.markdown(f"**{gone} of {len(rates)} known attacks now succeed in {figures.GONE:.0%} of cases or fewer.**")
elif finished:
    missing = "There are no test images" if after["clean_accuracy"] is None else "No known trigger can be tried"
    st.markdown(
        f"**Trained again as decided.** {missing}, so whether a backdoor is gone cannot be measured: see what "
        "the detectors say of the new model."
    )
else:
    st.markdown("Not repaired yet: the model still carries whatever it learned.")
if unfinished:
    st.subheader("Training on with the new labels" if unfinished.how == "continue" else "Retraining")
    frame.awaiting(unfinished, "evaluate")
if finished:
    before_after(run, finished)
plan(run)
journey.go_on("report")
