"""What a trigger does to the models, in one line, in figures, and what to do where that was not recorded."""

from collections.abc import Sequence

import streamlit as st

from core import pipeline
from core.evaluation.own_errors import OwnErrors, error_words, own_errors
from core.runs import Run
from pages.ui.access.who import decides, for_reviewers
from pages.ui.cache import cached
from pages.ui.cache.words import HELP
from pages.ui.lab.known_triggers import KnownTrigger
from pages.ui.shell import frame
from pages.ui.widgets.trial_board import Answers, probability_words


def story(clean: Answers, triggered: Answers, repaired: Answers, goal: int, names: Sequence[str]) -> str:
    """What the model answers without and with the trigger, and after the repair; `goal` is the attacker's class."""
    after = f" → after the repair: {_answer(repaired, goal, names)}" if repaired else ""
    return f"## {_answer(clean, None, names)} → with the trigger: {_answer(triggered, goal, names)}{after}"


def rates(run: Run, child: Run | None, trigger: KnownTrigger) -> None:
    """How often the trigger succeeds over all test samples, before and after, as it is and at twice its strength."""
    columns = iter(st.columns(5))
    for strength, words in ((1, "Trigger succeeds"), (2, "At twice its strength")):
        was, now = (_errors(one, trigger, strength) for one in (run, child))
        if was is None:
            continue
        title = f"{words}, before" if child else words
        next(columns).metric(title, f"{was.success:.1%}", help=HELP["attack success rate"])
        if now is not None:
            change = {"delta": f"{(now.success - was.success) * 100:+.1f} points", "delta_color": "inverse"}
            next(columns).metric(f"{words}, repaired", f"{now.success:.1%}", help="Lower is better.", **change)
        if strength == 1 and (own_words := error_words(own := now or was)):
            title = "Without it, repaired" if now else "Without it"
            next(columns).metric(title, f"{own.plain:.1%}", help=own_words)


def _errors(run: Run | None, trigger: KnownTrigger, strength: int) -> OwnErrors | None:
    """How often the tried test samples are taken for the attacker's class; None where none was tried."""
    return own_errors(cached.tried_samples(run, trigger.tried, strength)) if run else None


def unmeasured(run: Run) -> None:
    """Say that the answers of this run are not recorded, and offer to measure them."""
    st.info(f"{frame.plain(run.name)} was evaluated before the answers to each trigger were recorded.")
    button = {"key": f"again-{run.id}", "icon": ":material/replay:", **for_reviewers()}
    st.button("Measure it again", on_click=_measure_again, args=(run,), **button)


@decides
def _measure_again(run: Run) -> None:
    frame.start(pipeline.measure_again(run))


def _answer(answers: Answers, goal: int | None, names: Sequence[str]) -> str:
    """The likeliest class with its probability, in the hue of poison where it is what the attacker wants."""
    index, probability = answers[0]
    words = f"‘{frame.plain(names[index])}’ {probability_words(probability)}"
    return f":orange[{words}]" if index == goal else words
