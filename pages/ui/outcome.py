"""Before and after a repair, side by side: figures, chart, and the same triggered images with both predictions."""

import pandas as pd
import streamlit as st

from core import figures, results, runs
from core.runs import Run
from pages.ui import cached
from pages.ui.gallery import Tile, gallery
from pages.ui.words import HELP


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
