"""Exclusionary reclassification: the button, the running job, and the four decisions on a class side by side."""

from collections.abc import Sequence

import streamlit as st

from core import pipeline, runs
from core.analysis import suspect_clusters
from core.analysis.opened_run import CLUSTERING
from core.analysis.suspect_clusters import CLEAN, POISON, decision_rows
from core.runs import Run, jobs
from core.runs.plan import of_kind, texts
from pages.ui.access.who import decides, for_reviewers
from pages.ui.cache import cached
from pages.ui.cache.words import HELP
from pages.ui.shell import frame

SIGNS = {POISON: ":orange[▲ poison]", CLEAN: ":gray[○ clean]"}


def decisions(run: Run, index: int) -> None:
    """What each of the four decisions says of one class's smaller cluster, and why."""
    finding = cached.detections(run)[CLUSTERING].classes[index]
    settings, names = runs.about_detection(run, CLUSTERING)["settings"], cached.info(run).class_names
    rows = decision_rows(finding, settings, cached.reclassifications(run).get(index), names)
    st.markdown("**Is the smaller cluster poison?**", help=HELP["decision"])
    lines = [
        f"- {SIGNS.get(row['says'], ':gray[– not asked]')} **{frame.plain(row['decision'].partition(' (')[0])}**"
        f"{': ' + frame.plain(row['why']) if row['why'] else ''}"
        for row in rows
    ]
    st.markdown("\n".join(lines))
    if rows[-1]["says"] == POISON and not finding.poisoned:
        st.caption(
            "Only ExRe says so, and it asks about suspects: without half of a clean class, a model takes that "
            "half for whatever class looks like it."
        )
    if finding.unstable is not None:
        st.caption(f"Another start of k-means puts {finding.unstable:.0%} of the class on the other side.")


def check(run: Run, chosen: int | None) -> None:
    """The button that has suspect clusters checked by training without them, or the bar of that job."""
    stage = next(iter(texts(of_kind(run.plan, "reclassify"))), "")
    job = jobs.poll(run.path)
    if job.active and stage and not run.done(stage):
        frame.progress_of(run, stage)
        return
    classes, words = _to_check(run, chosen)
    if not classes or not run.trainable:
        return
    several = len(classes) > 1
    with st.container(gap="xsmall"):
        each = several and st.session_state.get("exre-each", False)
        seconds = suspect_clusters.seconds_needed(run, len(classes) if each else 1)
        about = f", about {frame.duration(seconds)}" if seconds is not None else ""
        st.button(
            f"{words} (ExRe){about}",
            key="exre",
            icon=":material/experiment:",
            on_click=_start,
            args=(run, classes, each),
            **for_reviewers(
                disabled=job.active,
                tip="Another job is at work on this run." if job.active else HELP["reclassification"],
            ),
        )
        if several:
            st.toggle(
                "One model each",
                key="exre-each",
                help="As published: a model for each cluster, without that "
                "one only. Off: a single model without any of them, in the time of one training.",
            )
    if results := cached.reclassifications(run):
        guilty = suspect_clusters.guilty(results, cached.detections(run)[CLUSTERING].classes)
        st.caption(f"So far {len(results)} checked; {len(guilty)} of them, suspect before, are poison by ExRe, too.")


def _to_check(run: Run, chosen: int | None) -> tuple[Sequence[int], str]:
    """The classes whose smaller clusters a click checks, and what the button says."""
    findings = cached.detections(run)[CLUSTERING].classes
    split = [index for index, finding in findings.items() if finding.size and finding.size.figure]
    if chosen is not None:
        return [index for index in split if index == chosen], "Check by retraining without it"
    poisoned = [index for index in split if findings[index].poisoned]
    if poisoned:
        clusters = "the suspect cluster" if len(poisoned) == 1 else f"the {len(poisoned)} suspect clusters"
        return poisoned, f"Check {clusters} by retraining without {'it' if len(poisoned) == 1 else 'them'}"
    return split, f"Check all {len(split)} smaller clusters by retraining without them"


@decides
def _start(run: Run, classes: Sequence[int], each: bool) -> None:
    jobs.start_run(pipeline.plan_reclassification(run, classes, each=each))
