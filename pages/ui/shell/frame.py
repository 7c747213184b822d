"""What is there on every page: the run picker, the running job and the guard."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from core import pipeline, runs
from core.data import store
from core.errors import UserError
from core.json_files import Damaged
from core.output.names import middle_cut
from core.runs import Run, jobs
from core.runs.jobs import Progress
from pages.ui.access.who import admitted, decides, for_reviewers
from pages.ui.cache.words import plain
from pages.ui.shell import journey
from pages.ui.shell.fresh_head import say_fresh_head
from pages.ui.shell.start import workspace
from pages.ui.shell.untrained import say_untrained, stopped_words
from pages.ui.widgets import address, refusal, view
from pages.ui.widgets.bound import bound

DIALOG = "dialog"  # where the session keeps what the one open dialog is about, until it is answered or left
ASSETS = Path(__file__).parents[3] / "assets"
LONG_SECONDS = 60.0  # after which a job that is no run's is shown to everyone, with Cancel
LONGEST = 24  # letters of a run's name in the picker: with the time, two lines of its list
LOST_RUN = "The run in the address does not exist here; the newest one is shown."
STATES = {
    "waiting": "not started",
    "running": "running",
    "silent": "not answering",
    "done": "done",
    "failed": "failed",
    "cancelled": "cancelled",
    "interrupted": "interrupted",
}


def show(page: str) -> None:
    """The frame around the current page; pages read the chosen run with `current_run`."""
    dress()
    st.session_state["framed"] = True
    st.logo(ASSETS / "logo.svg", size="large")
    view.on(page)
    with st.sidebar:
        _pick_run()
        _job()
        say_damaged(runs.damaged_runs(workspace()), "run")  # long words, so below what is chosen and cancelled
    here = page, st.session_state.get("run_id")
    if st.session_state.get("here", here) != here:
        put_away()
        refusal.forget()
    st.session_state["here"] = here
    if page and (nowhere := st.session_state.pop("nowhere", "")):
        st.warning(f"{nowhere} Choose one on the left.")
    refusal.show_kept()


def put_away() -> None:
    """No dialog is open any more."""
    st.session_state.pop(DIALOG, None)


def dress() -> None:
    """The styles of every page, in the colours of the visitor's theme."""
    st.html(ASSETS / "style.css")
    ground, ink = ("#1A2326", "#E6ECEE") if st.context.theme.type == "dark" else ("#FFFFFF", "#1B2427")
    st.html(f"<style>:root{{--selection-bar:{ground};color:{ink}}}</style>")


def current_run(stage: str | Callable[[Run], str], what: str) -> Run:
    """The chosen run, once `stage` is done; before that the page shows what is missing and stops.

    Args:
        stage: the stage whose results the page shows, or what tells it from the run.
        what: what the page will show, in words.
    """
    guard()
    run = chosen_run()
    if run is None:
        say_untrained(store.describe_all(workspace()), what)
        st.stop()
    needed = stage if isinstance(stage, str) else stage(run)
    if not run.done(needed):
        _wait(run, needed, what)
    say_fresh_head(run)
    return run


def guard() -> None:
    """Go through the frame when a page was opened without it, as the first visit to a fresh server may be."""
    if "framed" not in st.session_state:
        st.switch_page("app.py")


def chosen_run() -> Run | None:
    """The run of this session, of the address, or the newest that is no repair; None where none can be opened."""
    all_runs = {run.id: run for run in runs.all_runs(workspace())}
    preferred = address.or_kept("run", st.session_state.get("run_id"))
    others = sorted(all_runs, key=lambda run_id: bool(all_runs[run_id].parent))
    if preferred not in all_runs:
        st.session_state["lost"] = LOST_RUN * bool(preferred)
    refused: list[str] = []
    for run_id in [preferred, *others] if preferred in all_runs else others:
        try:
            run = runs.open_run(workspace(), run_id)
        except UserError as error:  # its data set is damaged, say; the other runs are not
            refused.append(all_runs[run_id].name)
            more = f" and {len(refused) - 1:,} more" * (len(refused) > 1)
            st.session_state["lost"] = plain(f"{refused[0]}{more} cannot be opened. {error}")
            continue
        st.session_state["run_id"] = run.id
        return run
    st.session_state["run_id"] = None
    return None


def choose_run(run: Run) -> None:
    """Make `run` the current one, for this page and the others."""
    if (before := chosen_run()) and before.dataset != run.dataset:
        view.forget()
    st.session_state["run_id"] = run.id


def say_damaged(damaged: Sequence[Damaged], what: str) -> None:
    """One line that says how many runs, data sets or detections cannot be read, and the first of them in words."""
    if damaged:
        count = f"1 {what} is" if len(damaged) == 1 else f"{len(damaged)} {what}s are"
        st.warning(f"{count} left out. {plain(str(damaged[0].error))}")


@decides
def start(run: Run) -> None:
    """Start a worker on `run` and show it."""
    jobs.start_run(run)
    choose_run(run)


def awaiting(run: Run, stage: str, *before: str) -> None:
    """The bar of the job that will reach `stage`, or the button that has it computed, and why it was not so far.

    Args:
        run: that has not reached it.
        stage: whose result is awaited.
        before: stages that it needs, where a whole page awaits it; the button is the page's first then.
    """
    progress = jobs.poll(run.path)
    if progress.active:
        progress_of(run, stage)
        return
    stopped = stage in run.left and progress.stopped
    if progress.error and (stopped or before):
        refusal.show(job_error(progress, run.name))
    elif stopped:
        st.warning(plain(stopped_words(run, progress)))
    elif before:
        st.caption(f"Not computed yet; the run is {STATES[progress.state]}.")
    st.button(
        "Resume" if stopped else "Compute it now",
        key=f"compute-{stage}",
        type="primary" if before else "secondary",
        icon=":material/play_circle:",
        on_click=_compute,
        args=(run, (*before, stage)),
        **for_reviewers(),
    )


@st.fragment(run_every=1.0)
def progress_of(run: Run, *stages: str) -> None:
    """The run's job as a live bar; the whole page is drawn again when a stage is finished or the job ends.

    A stage that is not in the run's plan is not waited for: it may never come.
    """
    progress = jobs.poll(run.path)
    describe(progress)
    try:
        current = runs.open_run(run.workspace, run.id)
    except UserError:  # it broke while it was shown: the whole page says so
        st.rerun()
    finished = any(stage in run.left and stage not in current.left for stage in stages)
    if not progress.active or finished or current.stages != run.stages:
        st.rerun()


def job_error(progress: Progress, what: str) -> UserError:
    """Why a job that ended is not done; `what` names it where it says nothing itself."""
    again = UserError(f"{what} was {STATES[progress.state]}.", "", "Start it again.")
    return UserError(**progress.error) if progress.error else again


def cancel_button(job: Path, place: str = "") -> None:
    """Cancels a job; what is refused is said in the sidebar. `place` tells it from another one on the page."""
    button = {"key": f"cancel{place}-{job.name}", "icon": ":material/stop_circle:", **for_reviewers()}
    st.button("Cancel", on_click=decides(jobs.cancel, beside="job"), args=(job,), **button)


def describe(progress: Progress) -> None:
    """One line and a bar: what is done, what is left, roughly how long."""
    seconds = jobs.seconds_left(progress, time.time())
    left = f" · about {duration(seconds)} left" if seconds is not None else ""
    left = " · it does not answer; Cancel ends it" if progress.state == "silent" else left
    words = f"{plain(progress.title) or 'Starting'}{': ' + plain(progress.message) if progress.message else ''}{left}"
    st.progress(min(max(progress.fraction, 0.0), 1.0), text=words)


def _pick_run() -> None:
    """The run picker; the choice is part of the address, so that a view can be shared."""
    run = chosen_run()
    if lost := st.session_state.pop("lost", ""):
        st.warning(lost)
    if run is None:
        st.caption("No run can be opened" if runs.all_runs(workspace()) else "No run yet")
        return
    all_runs = {other.id: other for other in runs.all_runs(workspace())}
    kin = (other for other in all_runs.values() if run.id in (other.id, other.parent) or other.id == run.parent)
    st.session_state["drawn"] = {member.id: member.stages for member in kin}
    st.selectbox(
        "Run",
        list(all_runs),
        format_func=lambda run_id: label(all_runs[run_id]),
        help="Each training is a run; a repair is a run of its own.",
        **bound("picker", run.id, lambda chosen: choose_run(all_runs[chosen])),
    )
    # The field has no room for the time beside a name, and repairs of one run differ by nothing else.
    st.caption(f"{_time(run)} · {_age(run.created)} · {STATES[jobs.poll(run.path).state]}")
    if st.query_params.get("run") != run.id:
        st.query_params["run"] = run.id


@st.fragment(run_every=2.0)
def _job() -> None:
    """The job that is running, with progress and Cancel, on every page; it also sees when a sign-in is over.

    And when a job has ended whose results the page has not read: it may end while the page is being drawn.
    """
    drawn = st.session_state.get("drawn", {})
    active = [(run, jobs.poll(run.path)) for run in runs.all_runs(workspace())[:20]]
    news = any(run.stages != drawn.get(run.id, run.stages) for run, progress in active if not progress.active)
    if admitted() is None or news:
        st.rerun()
    refusal.show_kept("job")
    for job in jobs.at_work(workspace()):  # the session that started one may be gone, or the whole server
        progress = jobs.poll(job)
        if progress.state == "silent" or time.time() - progress.started > LONG_SECONDS:
            st.progress(progress.fraction, text=_at_work(job.parent.name, progress))
            cancel_button(job, "sidebar")
    for run, progress in active:
        if progress.active:
            st.progress(progress.fraction, text=_at_work(run.name, progress))
            cancel_button(run.path)
        elif run.id == st.session_state.get("run_id") and progress.stopped:
            st.caption(f"{_at_work(run.name, progress)}, {STATES[progress.state]}")
            st.button(
                "Resume",
                key=f"resume-{run.id}",
                icon=":material/play_circle:",
                on_click=decides(jobs.start_run, beside="job"),
                args=(run,),
                **for_reviewers(),
            )


def _at_work(name: str, progress: Progress) -> str:
    how_far = "does not answer" if progress.state == "silent" else f"{progress.fraction:.0%}"
    return f"{plain(name)}: {plain(progress.title) or 'starting'} {how_far}"


def _wait(run: Run, stage: str, what: str) -> None:
    """Say what is missing and offer the one step that gets there; the page goes on by itself when it is done."""
    st.markdown(f"This page will show {what}.")
    awaiting(run, stage, run.model_stage, "activations")
    if jobs.poll(run.path).active:
        with st.container(horizontal=True):
            journey.go_to("train", "Watch the training meanwhile")
            journey.go_to("data", "Look at the data meanwhile")
    st.stop()


@decides
def _compute(run: Run, stages: tuple[str, ...]) -> None:
    jobs.start_run(pipeline.extend(run, stages))


def label(run: Run) -> str:
    """Name and time: the picker forgets its choice when a label changes, so nothing in it may."""
    return f"{middle_cut(run.name, LONGEST)} · {_time(run)}"


def _time(run: Run) -> str:
    return f"{datetime.fromisoformat(run.created).astimezone():%d %b %H:%M:%S}"


def _age(created: str) -> str:
    seconds = (datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds()
    return "just now" if seconds < 60 else f"{duration(seconds)} ago"


def duration(seconds: float) -> str:
    """A time span in its largest whole unit, at least a second."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(1, seconds):.0f} s"
