"""Trigger demo: what does the trigger do to the model?"""

import streamlit as st

from core import pipeline, runs
from core.evaluation import trials
from core.runs import Run
from pages.ui.access.who import decides, for_reviewers
from pages.ui.cache import cached
from pages.ui.cache.words import HELP
from pages.ui.lab.attack_words import aim
from pages.ui.lab.trial_picker import choose_images, choose_trigger, current_row, steps, strip
from pages.ui.shell import frame
from pages.ui.widgets import pictures
from pages.ui.widgets.trial_board import Answers, Panel, board, share_words


def pair(run: Run) -> tuple[Run, Run | None]:
    """The run and its newest finished repair."""
    if run.parent:
        return runs.open_run(run.workspace, run.parent), run
    return run, next((child for child in runs.children(run) if child.done("evaluate")), None)


def unmeasured(run: Run) -> None:
    """Say that the answers of this run are not recorded, and offer to measure them."""
    st.info(f"{frame.plain(run.name)} was evaluated before each single answer was recorded.")
    st.button(
        "Measure it again",
        key=f"again-{run.id}",
        icon=":material/replay:",
        on_click=decides(lambda: frame.start(pipeline.measure_again(run))),
        **for_reviewers(),
    )


def said(answers: Answers, goal: int | None) -> str:
    """The likeliest class with its probability, in the hue of poison where it is what the attacker wants."""
    words = f"‘{frame.plain(names[answers[0][0]])}’ {share_words(answers[0][1])}"
    return f":orange[{words}]" if answers[0][0] == goal else words


def story(clean: Answers, turned: Answers, repaired: Answers, goal: int) -> str:
    """The demo in one line."""
    after = f" → after the repair: {said(repaired, goal)}" if repaired else ""
    return f"### {said(clean, None)} → with the trigger: {said(turned, goal)}{after}"


def rates(name: str) -> None:
    """How often the trigger succeeds over all test images, before and after, as it is and at twice its strength."""
    before, after = runs.outcome(run), runs.outcome(child) if child else None
    places = st.columns(4)
    for place, (field, words) in enumerate(
        (("attack_success_rate", "Trigger succeeds"), ("doubled_attack_success_rate", "At twice its strength"))
    ):
        was, now = getattr(before, field).get(name), getattr(after, field, {}).get(name)
        if was is None:
            continue
        places[2 * place].metric(f"{words}, before" if child else words, f"{was:.1%}", help=HELP["attack success rate"])
        if now is not None:
            places[2 * place + 1].metric(
                f"{words}, repaired",
                f"{now:.1%}",
                f"{(now - was) * 100:+.1f} points",
                delta_color="inverse",
                help="Lower is better.",
            )


st.title("What does the trigger do to the model?", help=HELP["trigger"])
run = frame.current_run("evaluate", "test images without and with the trigger, and what the model answers to both")
run, child = pair(run)
info = cached.info(run)
names, attacks = info.class_names, {attack.name: attack for attack in trials.attacks(info)}
if not attacks or not info.n_test:
    missing = (
        "No trigger is known for these data" if info.n_test else "These data have no test images to try a trigger on"
    )
    st.markdown(f"**{missing}.** Plant attacks in clean data with test images, train on them, and come back.")
    st.page_link("pages/attack_lab.py", label="Plant attacks in clean data", icon=":material/arrow_forward:")
    st.stop()
if not runs.trials(run):
    unmeasured(run)
    st.stop()

answer = st.container(key="trigger-story")
with st.container(horizontal=True, vertical_alignment="bottom"):
    name, strength = choose_trigger(run, attacks)
    tried = cached.tried_images(run, name, strength)
    rows = choose_images(tried, names)
    buttons = st.container(horizontal=True, width="content")
if not rows:
    answer.markdown("### No test image is left")
    st.info("The filters leave no image. Choose another class, or all images.")
    st.stop()
row = current_row(rows, tried)
with buttons:
    steps(rows, row)
strip(run, rows, row)

this = tried[tried["test_row"] == row].iloc[0]
goal = int(this["goal"])
clean, turned = trials.answers(run, row), trials.answers(run, row, name, strength)
repaired = trials.answers(child, row, name, strength) if child else []
url, gain, largest = cached.difference(run, name, strength, row)
triggered = pictures.of_triggered(run.dataset, name, strength, row)
truly, change = f"Test image #{row}, truly {names[this['label']]}", f"At most {largest} of 255 levels"
panels = [
    Panel("As it is", pictures.of_test_sample(run.dataset, row), clean, note=truly),
    Panel(f"Difference, × {gain:.2g}", url, note=f"{change}: {aim(attacks[name], names)}"),
    Panel("With the trigger", triggered, turned, goal, f"The attacker wants {names[goal]}"),
]
if repaired and child:
    untouched = trials.answers(child, row)
    note = f"Without the trigger: {names[untouched[0][0]]} {share_words(untouched[0][1])}"
    panels.append(Panel("The same, repaired", triggered, repaired, goal, note))
answer.markdown(story(clean, turned, repaired, goal))
board(panels, names, key="trigger-board")
rates(name)
st.caption(
    f"These are the models' own recorded answers: after its training, each was shown the {info.n_test:,} test "
    f"images with every trigger. This one is meant for {len(tried):,} of them."
)
if child and not repaired:
    unmeasured(child)
elif not child:
    st.page_link("pages/repair.py", label="Not repaired yet: repair it", icon=":material/arrow_forward:")
