"""What a map says of each sample, in the form in which the browser gets it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.analysis import samples
from core.runs import Run
from pages.ui.cache import cached, stamps
from pages.ui.cache.of_run import of_run

NO_CLASS = 2**16 - 1  # of a sample that was not predicted


@of_run(stamps.made, most=3)
def map_columns(run: Run) -> tuple[Any, Any, Any, Any]:
    """Of each sample: ids, rows, given and predicted classes (2, n), losses."""
    table = cached.suspicions(run)
    classes = [table[name].to_numpy(np.int64, na_value=NO_CLASS) for name in ("label", "predicted")]
    whole = (table[name].to_numpy(kind) for name, kind in (("id", np.int64), ("row", np.int64), ("loss", np.float32)))
    ids, rows, losses = map(np.array, whole)
    return ids, rows, np.array(classes, np.uint16), losses


@of_run(stamps.made, most=3)
def loss_percentiles(run: Run) -> "pd.Series[float]":
    """Of each sample; see `core.analysis.samples.loss_percentiles`."""
    return samples.loss_percentiles(cached.suspicions(run))


@of_run(stamps.made, most=24)
def loss_span(run: Run, low: int, high: int) -> tuple[float, float]:
    """The losses at two percentiles."""
    return samples.loss_span(cached.suspicions(run), low, high)


def map_words(run: Run, rows: pd.DataFrame, *, most: int) -> pd.DataFrame:
    """What hovering says of these rows of the review table: name, both classes, loss; with their ids and rows.

    Of a run with at most `most` samples the words of all are kept.
    """
    if len(cached.suspicions(run)) > most:
        return _words(rows, cached.info(run).class_names)
    return _all_words(run).iloc[rows.index]


@of_run(stamps.made, most=3)
def _all_words(run: Run) -> pd.DataFrame:
    return _words(cached.suspicions(run), cached.info(run).class_names)


def _words(table: pd.DataFrame, class_names: Sequence[str]) -> pd.DataFrame:
    """Numbers and categories, not texts: half as much to send, and to be read in the browser."""
    names = np.array([*class_names, "?"], object)
    return pd.DataFrame(
        {
            "id": table["id"],
            "row": table["row"].astype(np.int32),
            "sample": table["id"].astype(np.int32),
            "given": pd.Categorical(names[table["label"].to_numpy(np.int64)]),
            "predicted": pd.Categorical(names[table["predicted"].to_numpy(np.int64, na_value=len(class_names))]),
            "loss": [float(f"{loss:.3g}") for loss in table["loss"]],
        }
    )
