"""Repair: is the backdoor gone, and what did it cost?"""

import streamlit as st

from core import runs
from pages.ui.repair.outcome import gone_words
from pages.ui.repair.repair_plan import plan
from pages.ui.repair.second_recording import second
from pages.ui.repair.side_by_side import repeating, repeating_bar, side_by_side
from pages.ui.shell import frame, journey, onward

journey.question("repair")
run = frame.current_run(
    lambda run: run.model_stage if run.recorded else "evaluate",
    "what a repair removes, and the model before and after it side by side",
)
shown = None
if run.parent:
    st.caption("This run is itself a repair; it is shown against the run that it repaired.")
    shown, run = run, runs.open_run(run.workspace, run.parent)
repairs = runs.children(run)
finished = shown or next((child for child in repairs if child.done("evaluate")), None)
unfinished = repairs[0] if repairs and not repairs[0].done("evaluate") else None
if finished:
    said, left_open = gone_words(finished)
    which = "The newest repair: " if len(repairs) > 1 and not shown else ""
    st.markdown(f"{which}**{said}** {left_open}")
else:
    st.markdown(f"Not repaired yet{'' if run.recorded else ': the model still carries whatever it learned'}.")
if job := repeating(run):
    repeating_bar(run, job)
elif unfinished:
    st.header("Training on with the new labels" if unfinished.how == "continue" else "Retraining")
    frame.awaiting(unfinished, "evaluate")
if finished:
    side_by_side(run, finished)
plan(run)
if run.recorded:
    second(run)
onward.go_on("repair", run)
