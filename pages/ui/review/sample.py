"""One sample seen closely: labels, why it is suspected, its loss curve, what lies near it, and what was said of it.

The sample in focus on the whole screen, with all that is known of it side by side.
"""

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis import families
from core.analysis.advice import reasons
from core.analysis.opened_run import leading
from core.detectors import DETECTORS
from core.journal import review
from core.journal.review.verdict import STANDING
from core.runs import Run
from pages.ui.cache import cached
from pages.ui.cache.words import HELP
from pages.ui.review.families import common
from pages.ui.selection.selection import tiles
from pages.ui.shell import frame
from pages.ui.widgets import address
from pages.ui.widgets.curve_option import curves_option
from pages.ui.widgets.gallery import gallery

ADDRESS = "large"
SIDE, STRIP = 400, 56  # pixels of the image, and of those around it in the queue
BEFORE, BEHIND = 4, 20


VIEWS = ("Curve", "Neighbours", "History")


def single(run: Run, table: pd.DataFrame, sample: int) -> None:
    """One sample large: labels, why it is suspected, each detector's percentile, and one of `VIEWS`."""
    place = cached.row_of(run, sample)
    row = table.iloc[place]
    verdict = f" · {row['verdict']}" if row["verdict"] else ""
    st.markdown(f"**Sample #{sample}**{verdict}")
    gallery(tiles(run, table.iloc[[place]]), key="single", size=200)
    labels(run, row)
    view = st.segmented_control(
        "Shown below",
        VIEWS,
        default="Curve",
        required=True,
        key="view",
        label_visibility="collapsed",
        persist_state="session",
    )
    if view == "Curve":
        curve(run, table, place)
        why(run, place)
    elif view == "Neighbours":
        neighbours(run, table, place)
    else:
        history(run, sample)


def labels(run: Run, row: pd.Series) -> None:
    """Given, predicted and suspected source label, and what the family has in common."""
    names = [frame.plain(name) for name in cached.info(run).class_names]
    predicted = names[int(row["predicted"])] if row["predicted"] is not pd.NA else "unknown"
    family = next((one for one in families.families(run) if one.id == row["family"]), None)
    source = families.likely_source(family) if family else None
    words = f"Given **{names[row['label']]}**, predicted **{predicted}**, loss {row['loss']:.3g}"
    if family and source is not None:
        words += f", perhaps from **{names[source]}** ({family.sources[source]:.0%} of its family look so)"
    st.markdown(words, help=HELP["loss"])
    if family and family.sources:
        st.caption(f"Family {family.id}: what its members have in common", help=HELP["difference"])
        common(run, family, "single", 72, "average", "difference")


def why(run: Run, place: int) -> None:
    """Each detector's percentile, and the signs that the leading suspicion is made of."""
    found = cached.detections(run)
    if found:
        st.markdown("**More suspicious than**", help="The share of all samples that the detector suspects no more.")
    for name, detection in found.items():
        share = float((detection.suspicion <= detection.suspicion[place]).mean())
        flag = " ▲" if detection.flagged[place] else ""
        st.progress(share, text=f"{DETECTORS[name].title}{flag}: {share:.1%}")
    signs = [one for name in leading(found) for one in reasons(found[name], place)]
    if signs:
        st.markdown("**Why it is suspected**", help=HELP["signs"])
    for one in signs:
        st.progress(one.percentile, text=f"{one.words}: {one.percentile:.1%}")


def curve(run: Run, table: pd.DataFrame, place: int) -> None:
    """Its own loss curve against the bands of its class and of the bona fide samples."""
    if not run.traced:
        st.caption("No loss curve: this model was loaded as it is, and nothing was traced.")
        return
    label = int(table["label"].iloc[place])
    bands = cached.bands(run, label)
    option = curves_option(bands, np.asarray(cached.losses(run)[place : place + 1]), "this sample")
    st.echarts_chart(option, height=230, key="own-curve", alt="Its loss over the epochs, against bands of 10 to 90 %.")


def neighbours(run: Run, table: pd.DataFrame, place: int) -> None:
    """The nearest samples in activation space, and exact copies of the image."""
    if not run.done("activations"):
        st.caption("Nothing is known of its neighbours: the activations are not computed yet.")
        return
    found = cached.neighbours(run, place)
    for title, near in (("its class", found.same), ("other classes", found.others)):
        st.markdown(f"**Nearest in {title}**", help=HELP["neighbours"])
        gallery(tiles(run, table.iloc[near]), key=f"near-{title}", size=56)
    copies = cached.copies(run, place)
    if copies is None:
        st.caption("Copies were not looked for: the images are too many to read through.")
        return
    st.markdown(f"**{len(copies):,} exact cop{'y' if len(copies) == 1 else 'ies'} elsewhere in the data**")
    gallery(tiles(run, table.iloc[copies[:12]]), key="copies", size=56)


def history(run: Run, sample: int) -> None:
    """All that was ever decided on it."""
    rows = review.history(run.workspace, run.id, sample)
    names = cached.info(run).class_names
    for row in rows.iloc[::-1].head(20).to_dict("records"):
        label = "" if pd.isna(row["new_label"]) else f" to {frame.plain(names[int(row['new_label'])])}"
        why = f" · {frame.plain(str(row['reason']))}" if row["reason"] else ""
        st.markdown(f"**{STANDING[row['decision']].capitalize()}**{label} · {frame.plain(str(row['reviewer']))}{why}")
        by = frame.plain(str(row["suggested_by"])) or "no detector"
        st.caption(f"{row['created'][:19].replace('T', ' ')} UTC · {by}")
    if rows.empty:
        st.caption("Nobody has decided on it yet.")


def is_open() -> bool:
    """Whether the address asks for it."""
    return address.get(ADDRESS) == "1"


def turn(run: Run, focus: int | None) -> None:
    """Open it, or go back to the page of the queue on which the sample is."""
    if is_open():
        address.put(ADDRESS, "")
        st.session_state[f"goto-{run.id}"] = focus
    else:
        address.put(ADDRESS, "1")


def around(rows: pd.DataFrame, place: int) -> pd.DataFrame:
    """Some rows of the queue before and behind a place."""
    return rows.iloc[max(0, place - BEFORE) : place + BEHIND]


def sample(run: Run, table: pd.DataFrame, focus: int, where: str) -> None:
    """The image and its losses; its labels, its family and why it is suspected; its neighbours and history."""
    place = cached.row_of(run, focus)
    row = table.iloc[place]
    image, reasons, near = st.columns([1.2, 1, 1], gap="medium")
    with image:
        verdict = f" · {STANDING[row['verdict']]}" if row["verdict"] else ""
        st.markdown(f"**Sample #{focus}**{verdict} · {where}")
        gallery(tiles(run, table.iloc[[place]]), key="large", size=SIDE)
        curve(run, table, place)
    with reasons:
        labels(run, row)
        why(run, place)
    with near:
        neighbours(run, table, place)
        st.markdown("**What was said of it**")
        history(run, focus)
