"""One sample seen closely, and the journal of what was decided."""

import numpy as np
import pandas as pd
import streamlit as st

from core import figures, review, runs
from core.detectors import DETECTORS
from core.runs import Run
from pages.ui import cached, frame
from pages.ui.gallery import gallery
from pages.ui.selection import tiles

MAX_ENTRIES = 1000


def single(run: Run, table: pd.DataFrame, sample: int) -> None:
    """One sample large: labels, each detector's suspicion as a percentile, its own loss curve."""
    place = int(np.flatnonzero(table["id"] == sample)[0])
    row, names, losses = table.iloc[place], cached.info(run).class_names, cached.losses(run)
    st.markdown(f"**Sample #{sample}**" + (f" · {row['verdict']}" if row["verdict"] else ""))
    gallery(tiles(run, table.iloc[[place]]), key="single", selected=(), size=200, selectable=False)
    given, predicted = names[row["label"]], names[int(row["predicted"])]
    st.markdown(f"Given **{frame.plain(given)}**, predicted **{frame.plain(predicted)}**, loss {row['loss']:.3g}")
    ranks = {
        DETECTORS[name].title: float((found.suspicion <= found.suspicion[place]).mean())
        for name, found in cached.detections(run).items()
    }
    if ranks:
        height = 70 + 36 * len(ranks)
        bars = figures.bars(list(ranks), list(ranks.values()), x="percentile", percent=True, height=height)
        st.plotly_chart(bars, key="ranks")
    groups = {given: (table["label"] == row["label"]).to_numpy(), "bona fide": table["bona_fide"].to_numpy()}
    curve = figures.trajectory_bands(losses, groups, np.array([place]))
    st.plotly_chart(curve.update_layout(height=300), key="own-curve")


def rule_words(run: Run) -> str:
    """How many each detector flagged and by which settings; the leading ones are those shown for review."""
    parts = []
    for name, found in cached.detections(run).items():
        settings = runs.about_detection(run, name)["settings"]
        rule = {key: settings[key] for key in ("false_discovery_rate", "reject_fraction") if key in settings}
        words = "".join(f", {key.replace('_', ' ')} {value:.0%}" for key, value in rule.items())
        parts.append(f"{DETECTORS[name].title} {int(found.flagged.sum()):,}{words}")
    return f"Flagged: {'; '.join(parts)}." if parts else "No detector has been run."


def history(run: Run) -> None:
    """Every decision ever made on this run, newest first."""
    rows = review.journal(run.workspace, run.id).iloc[::-1]
    columns = ["created", "reviewer", "sample", "decision", "new_label", "reason", "suggested_by"]
    st.dataframe(rows[columns].head(MAX_ENTRIES), hide_index=True)
    shown = min(len(rows), MAX_ENTRIES)
    st.caption(f"{shown:,} of {len(rows):,} entries. Nothing is ever deleted: an undo is an entry of its own.")
