"""Every detector that did not run yet, at once: how many these are, about how long they take, and how far they are."""

import streamlit as st

from core import pipeline
from core.detectors import DETECTORS
from core.runs import Run, jobs
from core.runs.plan import of_kind, texts
from pages.ui.access.who import decides, for_reviewers
from pages.ui.cache import cached, compared
from pages.ui.cache.words import plain
from pages.ui.shell import frame
from pages.ui.widgets import refusal


def run_all(run: Run) -> None:
    """The button, and what it costs by what was measured on this run; a bar while they run."""
    seconds, progress = compared.runnable(run), jobs.poll(run.path)
    waited = [stage for stage in texts(of_kind(run.plan, "detect")) if run.waits_for(stage)]
    refusal.show_kept("all")
    if progress.active and len(waited) > 1:
        frame.progress_of(run, *waited)
        return
    if not seconds:
        return
    slowest = max(seconds, key=lambda name: seconds[name])
    words = (
        f"About {frame.duration(sum(seconds.values()))} together, cheap ones first. The slowest is "
        f"{plain(DETECTORS[slowest].title)}, about {frame.duration(seconds[slowest])}."
    )
    with st.container(horizontal=True, vertical_alignment="center", key="all-others"):
        st.button(
            f"Run all {len(seconds)}{' others' * bool(cached.detections(run))}"
            if len(seconds) > 1
            else "Run the last one",
            key="run-all",
            icon=":material/playlist_play:",
            on_click=_start,
            args=(run,),
            **for_reviewers(),
        )
        st.caption(words)


@decides(beside="all")
def _start(run: Run) -> None:
    pipeline.start_all_detections(run)
