"""Trigger demo: what does the trigger do to the model?"""

import streamlit as st

from core import runs
from core.evaluation import trials
from core.runs import Run
from pages.ui.cache import cached
from pages.ui.cache.names import names_in_text
from pages.ui.lab.known_triggers import known_triggers
from pages.ui.lab.trial_picker import choose_samples, choose_trigger, current_row, steps, strip
from pages.ui.lab.trial_story import rates, story, unmeasured
from pages.ui.shell import frame, journey
from pages.ui.widgets import pictures
from pages.ui.widgets.trial_board import Panel, board, probability_words


def pair(run: Run) -> tuple[Run, Run | None, str]:
    """The run and its newest finished repair, or that which was chosen itself; of several, which one in words."""
    if run.parent:
        return runs.open_run(run.workspace, run.parent), run, ""
    repairs = [child for child in runs.children(run) if child.done("evaluate")]
    which = f" *Repaired* is the newest of its {len(repairs)} repairs: choose another one to see what that answers."
    return run, repairs[0] if repairs else None, which if len(repairs) > 1 else ""


journey.question("trigger", "trigger")
run = frame.current_run(
    lambda run: run.model_stage if run.recorded else "evaluate",
    "test samples without and with the trigger, and what the model answers to both",
)
if run.recorded:
    st.markdown("**The model is not here: it was trained elsewhere.** So no trigger can be tried on it.")
    journey.go_to("detect", "What the detectors say of its training data")
    st.stop()
run, child, which = pair(run)
info = cached.info(run)
names, triggers = names_in_text(run), known_triggers(run)
if not info.n_test:
    st.markdown("**These data have no test samples for a trigger.** Data that are split into training and test have.")
    journey.go_to("data", "Open data with test samples")
    st.stop()
if not triggers:
    st.markdown(
        "**No trigger is known for these data.** Let Assay decide: a trigger that it recovers can be tried here. Or "
        "plant attacks in clean data, train on them, and come back."
    )
    journey.go_to("detect", "Decide")
    journey.go_to("attack_lab", "Plant attacks in clean data")
    st.stop()
if not runs.trials(run):
    unmeasured(run)
    st.stop()

answer = st.container(key="trigger-story")
with st.container(horizontal=True, vertical_alignment="bottom"):
    trigger, strength = choose_trigger(run, triggers)
    tried = cached.tried_samples(run, trigger.tried, strength)
    if not len(tried):
        unmeasured(run)
        st.stop()
    rows = choose_samples(tried, names)
    buttons = st.container(horizontal=True, width="content")
if not rows:
    answer.markdown("## No test sample is left")
    st.info("The filters leave none. Choose another class, or show all.")
    st.stop()
row = current_row(rows, tried)
with buttons:
    steps(rows, row)
strip(run, rows, row)

this = tried[tried["test_row"] == row].iloc[0]
goal = int(this["goal"])
clean, triggered = trials.answers(run, row), trials.answers(run, row, trigger.tried, strength)
repaired = trials.answers(child, row, trigger.tried, strength) if child else []
difference, change = cached.difference(run, trigger.tried, strength, row)
plain, with_trigger = pictures.of_test_sample(run.dataset, row), trigger.picture(run.dataset, strength, row)
panels = [
    Panel("As it is", plain, clean, note=f"Test sample #{row}, truly {names[this['label']]}"),
    Panel(
        ", ".join(filter(None, ("Difference", change.scale))),
        pictures.of_held(difference),
        note=f"At most {change.amount}: {trigger.aim}",
    ),
    Panel("With the trigger", with_trigger, triggered, goal, f"The attacker wants {names[goal]}"),
]
if repaired and child:
    index, probability = trials.answers(child, row)[0]
    note = f"Without the trigger: {names[index]} {probability_words(probability)}"
    panels.append(Panel("The same, repaired", with_trigger, repaired, goal, note))
answer.markdown(story(clean, triggered, repaired, goal, names))
board(panels, names, key="trigger-board")
rates(run, child, trigger)
st.caption(
    f"These are recorded answers: each model was shown the {info.n_test:,} test samples with every trigger. This "
    f"trigger is meant for {len(tried):,} of them. {frame.plain(trigger.caution)}{which}"
)
if child and not repaired:
    unmeasured(child)
elif not child:
    journey.go_to("repair", "Not repaired yet: repair it")
