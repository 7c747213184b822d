"""The given class against the predicted one: a click shows and selects the samples that are so."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis.samples import ids_confused
from core.output.names import told_apart
from core.runs import Run
from pages.ui.cache import cached, compared
from pages.ui.selection.beside_map import selection_gallery
from pages.ui.selection.selection import looked_at, select
from pages.ui.widgets import counted
from pages.ui.widgets.tally import Row, heard, tally

MOST = 12  # classes of a matrix; of more the pairs that differ are a list, which is searched
PAIRS = 300  # of the list
LONGEST = 12  # characters of a class's name beside the matrix
MEANING = "Rows are given labels, columns what the model predicts for the same training samples. A click on a count \
selects those samples."
_ASSETS = Path(__file__).parents[3] / "assets"
_mount = st.components.v2.component(
    "assay.matrix", css=(_ASSETS / "matrix.css").read_text(), js=(_ASSETS / "matrix.js").read_text()
)


def shown(run: Run, table: pd.DataFrame) -> None:
    """The matrix, of many classes the list of pairs, and beside it the samples that are selected."""
    with st.container(key="confusion"):
        left, right = st.columns([1.5, 1], gap="medium")
    with left:
        st.markdown("**Given and predicted class**", help=MEANING)
        names, key = cached.info(run).class_names, f"confusion-{run.id}"
        pairs, then = compared.confused(run, counted.counted(run)), partial(_choose, run, key)
        chosen = _chosen(run, table, key)
        if len(names) > MOST:
            _list(pairs, names, f"pairs-{run.id}", chosen, then)
        else:
            _matrix(pairs, names, f"matrix-{run.id}", chosen, then)
    with right, st.container(key="confusion-selected"):
        selection_gallery(run, table)


def _matrix(pairs: pd.DataFrame, names: tuple[str, ...], key: str, chosen: str, then: "partial[None]") -> None:
    cells = [
        {"value": f"{row.label}-{row.predicted}", "count": row.samples, "words": _said_of(row, names)}
        for row in pairs.itertuples()
    ]
    data = {
        "names": names,
        "short": told_apart(names, LONGEST),
        "cells": cells,
        "chosen": chosen,
        "title": "Given and predicted class",
    }
    _mount(key=key, data=data, default={"event": None}, on_event_change=partial(heard, key, then))


def _list(pairs: pd.DataFrame, names: tuple[str, ...], key: str, chosen: str, then: "partial[None]") -> None:
    short = told_apart(names, LONGEST)
    apart = pairs[pairs["label"] != pairs["predicted"]]
    if apart.empty:
        st.caption("Every sample is predicted as its given class.")
        return
    rows = [
        Row(
            f"{row.label}-{row.predicted}",
            f"{names[row.label]} → {names[row.predicted]}",
            row.samples,
            row.samples,
            f"{short[row.label]} → {short[row.predicted]}",
            _said_of(row, names),
        )
        for row in apart.head(PAIRS).itertuples()
    ]
    tally(f"{len(rows):,} of {len(apart):,} pairs", rows, key=key, chosen=chosen, then=then, height=320)


def _said_of(row: "pd.core.frame._PandasNamedTuple", names: tuple[str, ...]) -> str:
    some = f", {row.suspects:,} of them suspects" if row.suspects else ""
    return f"given {names[row.label]}, predicted {names[row.predicted]}: {row.samples:,} samples{some}"


def _chosen(run: Run, table: pd.DataFrame, key: str) -> str:
    """The pair that was clicked last, while its samples are those that are looked at; else ""."""
    pair = str(st.session_state.get(key, ""))
    return pair if pair and np.array_equal(np.sort(_ids(table, pair)), looked_at(run)) else ""


def _choose(run: Run, key: str, pair: str) -> None:
    st.session_state[key] = pair
    select(run, _ids(counted.table(run), pair) if pair else ())


def _ids(table: pd.DataFrame, pair: str) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    label, _, predicted = pair.partition("-")
    return ids_confused(table, int(label), int(predicted))
