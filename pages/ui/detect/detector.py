"""One detector: what it is, its settings, and the button that runs it in a worker."""

from itertools import islice
from math import isnan

import pandas as pd
import streamlit as st

from core import pipeline, runs
from core.analysis.comparison import without_strictness
from core.analysis.detector_table import cost_in_words
from core.detectors import DETECTORS
from core.errors import UserError
from core.output import figures
from core.registry import tunables
from core.runs import Run, jobs, plan
from pages.ui.access.who import decides, for_reviewers
from pages.ui.cache import cached
from pages.ui.detect import decision
from pages.ui.shell import frame
from pages.ui.widgets import params, refusal

FIRST = 2  # settings that are shown at once; the others are folded away


def about(run: Run, row: pd.Series) -> None:
    """What the detector does, its settings as widgets, and Run; what is missing instead, where it cannot run."""
    name, entry = str(row["name"]), DETECTORS[str(row["name"])]
    st.markdown(f"**{entry.title}**: {entry.help}")
    st.caption(f"{entry.paper}. Needs: {frame.plain(row['needs'])}.")
    if not row["ready"]:
        st.info(f"It cannot run on this data yet: it {frame.plain(row['state'])}.")
        return
    every = tunables(entry.load())
    # How strict to be is chosen in one place, for any detector: by its rule.
    fields = {field: every[field] for field in without_strictness(list(every))}
    again = row["state"] == "ran"
    values = runs.about_detection(run, name)["settings"] if again else run.detector_settings.get(name, {})
    kept = {field: value for field, value in values.items() if field in every and field not in fields}
    key, few = f"set-{run.id}-{name}", dict(islice(fields.items(), FIRST))
    chosen = params.settings(few, values, key=key)
    if rest := {field: fields[field] for field in fields if field not in few}:
        with st.expander("More settings"):
            chosen |= params.settings(rest, values, key=key)
    chosen = kept | chosen
    progress = jobs.poll(run.path)
    waiting = progress.active and run.waits_for(plan.detection(name))
    # No callback: its arguments would be those of before a number that was typed just now.
    if st.button(
        "Run again" if again else "Run",
        key="run-detector",
        type="secondary" if cached.detections(run) else "primary",
        icon=":material/play_arrow:",
        width="stretch",
        **for_reviewers(disabled=waiting),
    ):
        _run(run, name, chosen)
        st.rerun()
    if progress.active:
        frame.progress_of(run)
    elif progress.error and not decision.waited(run) and not run.lacks_maps_alone:
        refusal.show(UserError(**progress.error))
    refusal.show_kept("detector")
    cost = cost_in_words(run, name, chosen, ran=again)
    when = " It waits for what is at work on this run." if progress.active and not waiting else ""
    st.caption(f"Takes {frame.plain(cost)}, in a process of its own: you can go on meanwhile.{when}")


def stopped(run: Run) -> None:
    """That a detector or a decision was stopped at work, and the button that goes on; an error is said elsewhere."""
    progress = jobs.poll(run.path)
    left = [stage for kind in ("detect", "decide") for stage in plan.texts(plan.of_kind(run.left, kind))]
    if left and progress.stopped and not progress.error:
        frame.awaiting(run, left[0])


def against_the_truth(run: Run, name: str) -> None:
    """ROC and precision–recall, where poison was planted; never shown as if it were known otherwise."""
    curves = cached.detector_curves(run, name)
    if not curves:
        return
    st.header("Against the planted poison")
    st.caption(
        f"Poison was planted in this data set, so the answer is known here: AUROC {curves['auroc']:.3f}, "
        f"{_precision(curves['precision'])}, recall {curves['recall']:.1%}. No detector, rule or advice "
        "is told; with real data there is no such picture."
    )
    for column, figure, kind in zip(st.columns(2), figures.detection_curves(curves), ("roc", "precision"), strict=True):
        column.plotly_chart(figure, key=f"truth-{kind}")


def _precision(value: float) -> str:
    """In words; of no flagged sample there is none."""
    return "no precision, for nothing is flagged" if isnan(value) else f"precision {value:.1%}"


@decides(beside="detector")
def _run(run: Run, name: str, settings: dict[str, object]) -> None:
    pipeline.start_detection(run, name, settings)
