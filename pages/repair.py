"""Repair: is the backdoor gone, and what did it cost?"""

import streamlit as st

from core import jobs, pipeline, results, runs
from core.errors import UserError
from core.runs import Run
from core.samples import leading
from pages.ui import cached, frame, selection
from pages.ui.outcome import before_after
from pages.ui.single import rule_words


def plan(run: Run) -> None:
    """What the standing verdicts would change, and the button that does it."""
    summary = cached.repair_summary(run)
    removed, moved = int(summary["excluded"].sum()), int(summary["relabelled away"].sum())
    st.subheader("What will change")
    if not removed and not moved:
        flagged = int(cached.table(run)["flagged"].sum())
        st.info(
            "Nothing is excluded or relabelled yet. Decide on samples in Review, or take the detectors' word for it:"
        )
        st.caption(rule_words(run))
        st.button(f"Exclude all {flagged:,} flagged samples", type="primary", icon=":material/block:",
                  disabled=not flagged,
                  on_click=_exclude_flagged, args=(run,))  # fmt: skip
        return
    st.markdown(
        f"**{removed:,} samples are left out, {moved:,} get another label**; {int(summary['after'].sum()):,} remain."
    )
    st.dataframe(summary, hide_index=True, height=38 + 35 * min(len(summary), 12))
    st.button("Retrain", type="primary", icon=":material/healing:", on_click=_retrain, args=(run,),
              help="Trains a new model with the same configuration on what is left.")  # fmt: skip


def _exclude_flagged(run: Run) -> None:
    try:
        pipeline.decide_flagged(run, "exclude", leading(runs.detections(run)), reviewer=selection.reviewer())
    except UserError as error:
        st.session_state["said"] = str(error)


def _retrain(run: Run) -> None:
    try:
        child = pipeline.new_repair(run)
    except UserError as error:
        st.session_state["said"] = str(error)
        return
    jobs.start_run(child)


st.title("Is the backdoor gone, and what did it cost?")
run = frame.current_run("evaluate", "what a repair removes, and the model before and after it side by side")
if run.parent:
    st.caption("This run is itself a repair; it is shown against the run that it repaired.")
    run, repaired = runs.open_run(run.workspace, run.parent), [run]
else:
    repaired = runs.children(run)
if said := st.session_state.pop("said", ""):
    st.error(said)
finished = next((child for child in repaired if child.done("evaluate")), None)
if finished and (rates := results.comparison(finished)["after"]["attack_success_rate"]):
    gone = sum(rate <= 0.10 for rate in rates.values())
    st.markdown(f"**{gone} of {len(rates)} known attacks now succeed in 10% of cases or fewer.**")
elif not finished:
    st.markdown("Not repaired yet: the model still carries whatever it learned.")
if repaired and not repaired[0].done("evaluate"):
    st.subheader("Retraining")
    frame.awaiting(repaired[0], "evaluate")
if finished:
    before_after(run, finished)
plan(run)
st.page_link("pages/report.py", label="Next: what do I tell the others?", icon=":material/arrow_forward:")
