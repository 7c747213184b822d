"""One sample seen closely, and the journal of what was decided."""

import numpy as np
import pandas as pd
import streamlit as st

from core import families, figures, review
from core.detectors import DETECTORS
from core.reasons import reasons
from core.runs import Run
from core.samples import leading
from pages.ui import cached, frame
from pages.ui.gallery import gallery
from pages.ui.selection import tiles
from pages.ui.strictness import rule_in_words
from pages.ui.words import HELP

MAX_ENTRIES = 1000


def single(run: Run, table: pd.DataFrame, sample: int) -> None:
    """One sample large: labels, why it is suspected, each detector's percentile, its own loss curve."""
    place = int(np.flatnonzero(table["id"] == sample)[0])
    row, names, losses = table.iloc[place], cached.info(run).class_names, cached.losses(run)
    st.markdown(f"**Sample #{sample}**" + (f" · {row['verdict']}" if row["verdict"] else ""))
    gallery(tiles(run, table.iloc[[place]]), key="single", selected=(), size=200, selectable=False)
    given, predicted = names[row["label"]], names[int(row["predicted"])]
    st.markdown(f"Given **{frame.plain(given)}**, predicted **{frame.plain(predicted)}**, loss {row['loss']:.3g}")
    _why(run, row, place)
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


def _why(run: Run, row: pd.Series, place: int) -> None:
    """The family of a sample, and the signs that its suspicion is made of."""
    for family in families.families(run):
        if family.id == row["family"]:
            st.markdown(frame.plain(families.title(family, cached.info(run).class_names)))
    found = cached.detections(run)
    signs = [one for name in leading(found) for one in reasons(found[name], place)]
    if signs:
        st.markdown("**Why it is suspected**", help=HELP["signs"])
    for one in signs:
        st.progress(one.percentile, text=f"{one.words}: {one.percentile:.1%}")


def rule_words(run: Run) -> str:
    """How many each detector flagged and by which rule; the leading ones are those shown for review."""
    parts = [
        f"{DETECTORS[name].title} {int(found.flagged.sum()):,}, {rule_in_words(run, name)}"
        for name, found in cached.detections(run).items()
    ]
    return f"Flagged: {'; '.join(parts)}." if parts else "No detector has been run."


def history(run: Run) -> None:
    """Every decision ever made on this run, newest first."""
    rows = review.journal(run.workspace, run.id).iloc[::-1]
    columns = ["created", "reviewer", "sample", "decision", "new_label", "reason", "suggested_by"]
    st.dataframe(rows[columns].head(MAX_ENTRIES), hide_index=True)
    shown = min(len(rows), MAX_ENTRIES)
    st.caption(f"{shown:,} of {len(rows):,} entries. Nothing is ever deleted: an undo is an entry of its own.")
