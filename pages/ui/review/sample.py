"""One sample seen closely, beside the queue or on the whole screen.

Both show its labels, why it is suspected, its loss curve, its neighbours and its history of decisions.
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
from core.output.palette import TRUSTED
from core.runs import Run
from pages.ui.cache import cached, said
from pages.ui.cache.names import names_in_text, names_of
from pages.ui.cache.words import HELP
from pages.ui.review.families import common
from pages.ui.selection.remarks import remarks
from pages.ui.selection.selection import tiles
from pages.ui.shell import frame
from pages.ui.widgets import address
from pages.ui.widgets.curve_option import curves_option
from pages.ui.widgets.fields import one_of
from pages.ui.widgets.gallery import gallery
from pages.ui.widgets.ground import ground

ADDRESS = "large"
SIDE = 400  # pixels of the sample on the whole screen
STRIP = 56  # pixels of those around it in the queue
BEFORE = 4  # of those that come before it
BEHIND = 20  # of those that come after it
VIEWS = ("Curve", "Neighbours", "History")


def single(run: Run, table: pd.DataFrame, sample: int) -> None:
    """One sample large: labels, why it is suspected, each detector's percentile, and one of `VIEWS`."""
    place = cached.row_of(run, sample)
    row = table.iloc[place]
    verdict = f" · {row['verdict']}" if row["verdict"] else ""
    st.markdown(f"**Sample #{sample}**{verdict}")
    _name(run, sample)
    gallery(tiles(run, table.iloc[[place]]), key="single", size=200)
    _labels(run, row)
    _in_common(run, row)
    remarks(run, "sample", sample)
    view = one_of("Shown below", VIEWS, key="view", label_visibility="collapsed", persist_state="session")
    if view == "Curve":
        _curve(run, table, place)
        _suspicions(run, place)
    elif view == "Neighbours":
        _neighbours(run, table, place)
    else:
        _history(run, sample)


def full_screen(run: Run, table: pd.DataFrame, sample: int, where: str) -> None:
    """One sample with all that is known of it side by side; `where` is its place in the queue, in words."""
    place = cached.row_of(run, sample)
    row = table.iloc[place]
    left, middle, right = st.columns([1.2, 1, 1], gap="medium")
    with left:
        verdict = f" · {STANDING[row['verdict']]}" if row["verdict"] else ""
        st.markdown(f"**Sample #{sample}**{verdict} · {where}")
        _name(run, sample)
        gallery(tiles(run, table.iloc[[place]]), key="large", size=SIDE)
        _curve(run, table, place)
    with middle:
        _labels(run, row)
        _suspicions(run, place)  # in view in a low window, too
        _in_common(run, row)
        remarks(run, "sample", sample)
    with right:
        _neighbours(run, table, place)
        st.markdown("**History of decisions**")
        _history(run, sample)


def is_open() -> bool:
    """Whether the address asks for the whole screen."""
    return address.get(ADDRESS) == "1"


def toggle(run: Run, sample: int | None) -> None:
    """Open the whole screen, or go back to the page of the queue that holds the sample."""
    if is_open():
        address.put(ADDRESS, "")
        st.session_state[f"goto-{run.id}"] = sample
    else:
        address.put(ADDRESS, "1")


def rows_around(rows: pd.DataFrame, place: int) -> pd.DataFrame:
    """The few rows of the queue before and behind a place."""
    return rows.iloc[max(0, place - BEFORE) : place + BEHIND]


def _name(run: Run, sample: int) -> None:
    """What the sample is called in its source, with a button that copies it; nothing where it is read or only a row."""
    (name,), (read,) = names_of(run, [sample]), said.parts(run, (cached.row_of(run, sample),))
    if name and name != "".join(part.text for part in read):
        st.code(name, language=None, wrap_lines=True)


def _labels(run: Run, row: pd.Series) -> None:
    """Given, predicted and suspected source label."""
    names = [frame.plain(name) for name in names_in_text(run)]
    predicted = names[int(row["predicted"])] if pd.notna(row["predicted"]) else "unknown"
    family = _family(run, row)
    source = families.likely_source(family) if family else None
    words = f"Given **{names[row['label']]}**, predicted **{predicted}**, loss {row['loss']:.3g}"
    if family and source not in (None, row["label"]):
        words += f", perhaps from **{names[source]}** ({family.sources[source]:.0%} of its family look so)"
    st.markdown(words, help=HELP["loss"])
    (shown,) = said.parts(run, (int(row.name),))
    if len(shown) > 1:
        other = f", underlined for {predicted}" if row["predicted"] != row["label"] else ""
        st.caption(f"Marked: words that speak for {names[row['label']]}{other}.", help=HELP["marked"])


def _family(run: Run, row: pd.Series) -> families.Family | None:
    return next((each for each in families.families(run) if each.id == row["family"]), None)


def _in_common(run: Run, row: pd.Series) -> None:
    """The pictures of what the members of its family have in common."""
    family = _family(run, row)
    if family and family.sources:
        group = int(row.get("group", 0))
        of_group = f", group {group} of the decision" if group > 0 else ""
        st.caption(f"Family {family.id}{of_group}: what its members have in common", help=HELP["difference"])
        common(run, family, "single", 72, "average", "difference")


def _suspicions(run: Run, place: int) -> None:
    """The signs that the leading suspicion is made of, and each detector's percentile."""
    detections = cached.detections(run)
    signals = [signal for name in leading(detections) for signal in reasons(detections[name], place)]
    if signals:
        st.markdown("**Why it is suspected**", help=HELP["signals"])
        with st.container(gap="xxsmall", key="reasons"):
            for signal in signals:
                st.progress(signal.percentile, text=f"{frame.plain(signal.words)}: {signal.percentile:.1%}")
    if detections:
        st.markdown(
            "**More suspicious than**",
            help="The fraction of all samples that the detector suspects no more than this one.",
        )
    with st.container(gap="xxsmall"):
        for name, detection in detections.items():
            fraction = float((detection.suspicion <= detection.suspicion[place]).mean())
            flag = " ▲" if detection.flagged[place] else ""
            st.progress(fraction, text=f"{DETECTORS[name].title}{flag}: {fraction:.1%}")


def _curve(run: Run, table: pd.DataFrame, place: int) -> None:
    """Its own loss curve against the bands of its class and of the bona fide samples."""
    if not run.traced:
        st.caption("No loss curve: this model was loaded as it is, and nothing was traced.")
        return
    label = int(table["label"].iloc[place])
    bands = cached.bands(run, label)
    own = np.asarray(cached.losses(run)[place : place + 1])
    option = curves_option(bands, own, "this sample", trusted=TRUSTED[ground()], narrow=True)
    st.echarts_chart(option, height=230, key="own-curve", alt="Its loss over the epochs, against bands of 10 to 90%.")


def _neighbours(run: Run, table: pd.DataFrame, place: int) -> None:
    """The nearest samples in activation space, and exact copies of it."""
    if not run.has_activations:
        st.caption("Its neighbours are not known: there are no activations.")
        return
    nearest = cached.neighbours(run, place)
    for title, near in (("its class", nearest.same), ("other classes", nearest.others)):
        st.markdown(f"**Nearest in {title}**", help=HELP["neighbours"])
        gallery(tiles(run, table.iloc[near]), key=f"near-{title}", size=56)
    copies = cached.copies(run, place)
    if copies is None:
        st.caption("Copies were not looked for: the data are too many to read through.")
        return
    st.markdown(f"**{len(copies):,} exact cop{'y' if len(copies) == 1 else 'ies'} elsewhere in the data**")
    gallery(tiles(run, table.iloc[copies[:12]]), key="copies", size=56)


def _history(run: Run, sample: int) -> None:
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
