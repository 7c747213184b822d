"""Repair: is the backdoor gone, and what did it cost?"""

import pandas as pd
import streamlit as st

from core import figures, pipeline, results, runs
from core.errors import UserError
from core.runs import Run
from pages.ui import cached, frame, selection
from pages.ui.gallery import Tile, gallery
from pages.ui.words import HELP


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
        st.button(f"Exclude all {flagged:,} flagged samples", icon=":material/block:", disabled=not flagged,
                  on_click=_exclude_flagged, args=(run,))  # fmt: skip
        return
    st.markdown(
        f"**{removed:,} samples are left out, {moved:,} get another label**; {int(summary['after'].sum()):,} remain."
    )
    st.dataframe(summary, hide_index=True, height=38 + 35 * min(len(summary), 12))
    st.button("Retrain", type="primary", icon=":material/healing:", on_click=_retrain, args=(run,),
              help="Trains a new model with the same configuration on what is left.")  # fmt: skip


def _exclude_flagged(run: Run) -> None:
    pipeline.decide_flagged(run, "exclude", list(runs.detections(run)), reviewer=selection.reviewer())


def _retrain(run: Run) -> None:
    try:
        child = pipeline.new_repair(run)
    except UserError as error:
        st.session_state["said"] = str(error)
        return
    frame.jobs.start_run(child)


def before_after(run: Run, child: Run) -> None:
    """The figures of both models side by side, then the same triggered images with both predictions."""
    compared = results.comparison(child)
    before, after = compared["before"], compared["after"]
    rates = before["attack_success_rate"]
    left, middle, right = st.columns(3)
    if after["clean_accuracy"] is not None:
        change = after["clean_accuracy"] - before["clean_accuracy"]
        left.metric(
            "Clean accuracy",
            f"{after['clean_accuracy']:.1%}",
            f"{change * 100:+.1f} points",
            help=HELP["clean accuracy"],
        )
    if rates:
        worst, was = max(after["attack_success_rate"].values()), max(rates.values())
        middle.metric("Highest attack success rate", f"{worst:.1%}", f"{(worst - was) * 100:+.1f} points",
                      delta_color="inverse", help=HELP["attack success rate"])  # fmt: skip
    right.metric("Samples removed", f"{compared['removed']:,}", help="Few removed, with the attacks gone, is good.")
    rows = [("Clean accuracy (higher is better)", before["clean_accuracy"], after["clean_accuracy"])]
    rows += [
        (f"ASR {name.replace('_', ' ')} (lower is better)", rate, after["attack_success_rate"].get(name))
        for name, rate in rates.items()
    ]
    table, chart = st.columns(2, gap="large")
    share = st.column_config.NumberColumn(format="percent")
    figures_ = pd.DataFrame(rows, columns=["", "Before", "After"])
    table.dataframe(figures_, hide_index=True, column_config={"Before": share, "After": share}, key="before-after")
    if rates:
        chart.plotly_chart(figures.before_after(rates, after["attack_success_rate"]), key="asr")
        examples(run, child)
    else:
        st.caption("No trigger is known for this data set, so an attack success rate cannot be measured.")


def examples(run: Run, child: Run) -> None:
    """The same triggered test images, with what each model predicts."""
    names = cached.info(run).class_names
    st.subheader("The same triggered test images, before and after")
    after = {(one["attack"], one["test_row"]): one for one in runs.triggered_examples(child)}
    attacks: dict[str, list[Tile]] = {}
    for one in runs.triggered_examples(run):
        now = after.get((one["attack"], one["test_row"]), one)
        words = (f"{names[one['predicted']]} → {names[now['predicted']]}", f"truly {names[one['label']]}")
        url = f"array/{run.id}/triggered/{one['row']}.png"
        attacks.setdefault(one["attack"], []).append(Tile(one["row"], url, words, tooltip=" ".join(words)))
    for column, (name, shown) in zip(st.columns(max(1, len(attacks))), attacks.items(), strict=False):
        with column:
            st.markdown(f"**{name.replace('_', ' ').capitalize()}**")
            gallery(shown, key=f"triggered-{child.id}-{name}", selected=(), size=96, selectable=False)


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
