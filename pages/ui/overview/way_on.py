"""The one button that leads on, by how far the run is."""

from dataclasses import dataclass

import streamlit as st

from core import runs
from core.runs import Run
from core.runs.jobs import Progress
from pages.ui.access.who import for_reviewers
from pages.ui.cache import cached, repaired
from pages.ui.cache.words import plain
from pages.ui.repair.outcome import not_gone
from pages.ui.shell import frame
from pages.ui.shell.untrained import stopped_words
from pages.ui.widgets import counted, refusal


@dataclass(frozen=True)
class Step:
    """Where the button leads.

    Attributes:
        page: file name of the page, without its ending.
        action: what is done there, in words.
        icon: of the button.
        run: which run is shown there; None stays with the one that is.
    """

    page: str
    action: str
    icon: str
    run: Run | None = None


REVIEW = ":material/fact_check:"
REPORT = Step("report", "Write the report", ":material/description:")


def next_step(run: Run) -> Step:
    """What is to be done next with a run that nobody works on."""
    repairs = runs.children(run)
    if not run.begun:
        step = Step("train", "Train the model", ":material/model_training:")
    elif finished := next((one for one in (*repairs, run) if one.parent and one.done("evaluate")), None):
        step = _after_repair(run, finished)
    elif repairs:
        step = Step("repair", "See the repair", ":material/healing:")
    elif not cached.detections(run):
        step = Step("detect", "Run a detector", ":material/policy:")
    else:
        step = _after_detection(run)
    return step


def _after_repair(run: Run, repair: Run) -> Step:
    """The report where the attacks are gone by what is decided now; else what is undecided, or another repair."""
    subject = runs.open_run(run.workspace, repair.parent or run.id)
    if not not_gone(repair) and not repaired.decided_since(subject, repair.id):
        return REPORT
    if count := counted.tally(subject).undecided:
        return Step("review", f"Review the {count:,} undecided", REVIEW, subject)
    return Step("repair", "Plan another repair", ":material/healing:")


def _after_detection(run: Run) -> Step:
    counts = counted.tally(run)
    any_flags = any(one.flagged.any() for one in cached.detections(run).values())
    if run.has_model and any_flags and counts.undecided == counts.suspects and cached.decision(run) is None:
        return Step("detect", "Decide what is a backdoor", ":material/policy:")
    if counts.undecided:
        return Step("review", f"Review the {counts.undecided:,} undecided", REVIEW)
    if counted.suspects(run)["verdict"].isin(["exclude", "relabel"]).any():
        return Step("repair", "Repair the model", ":material/healing:")
    return REPORT


def way_on(run: Run) -> None:
    """The button to the next step."""
    step = next_step(run)
    if st.button(step.action, key="way-on", type="primary", icon=step.icon):
        if step.run:
            frame.choose_run(step.run)
        st.switch_page(f"pages/{step.page}.py")


def stopped(run: Run, progress: Progress) -> None:
    """Why the run's work ended before it was done, and the button that goes on with it; what is done is kept."""
    if progress.error:
        refusal.show(frame.job_error(progress, run.name))
    else:
        st.warning(plain(stopped_words(run, progress)))
    st.button(
        "Resume",
        key="resume" if run.lacks_maps_alone else "way-on",
        type="secondary" if run.lacks_maps_alone else "primary",
        icon=":material/play_circle:",
        on_click=frame.start,
        args=(run,),
        **for_reviewers(),
    )
