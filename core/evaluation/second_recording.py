"""Two recorded trainings side by side: what became of the samples that were decided on."""

from collections import Counter

import numpy as np
import pandas as pd

from core import runs
from core.analysis.opened_run import OpenedRun
from core.analysis.samples import review_table
from core.errors import UserError
from core.runs import Run
from core.types import Ints

GROUPS = {"exclude": "excluded", "relabel": "relabelled"}  # by verdict; everything else is "left as it was"
LEFT = "left as it was"


def seconds(run: Run) -> list[Run]:
    """The other recorded trainings of the workspace, newest first."""
    return [other for other in runs.all_runs(run.workspace) if other.recorded and other.begun and other.id != run.id]


def side_by_side(first: OpenedRun, second: OpenedRun) -> pd.DataFrame:
    """One row per group of what was decided on the first run: excluded, relabelled, left as it was.

    Samples are matched by name, or by id where both are of one data set. A backdoor that is gone shows like this: of
    the excluded that the second training was still asked about, few keep their given label, and their loss has grown.

    Columns: group, samples, `in both`, `loss before` and `loss after`, the median at the end. Then `given label before`
    and `given label after`, the fraction in [0, 1] predicted as the first data set labels it, NaN where unknown.

    Raises:
        UserError: the runs share no sample.
    """
    before, after = review_table(first), review_table(second)
    here, there = _matched(first, second)
    if not len(here):
        raise UserError(
            "The two recordings share no sample.", "Neither ids nor names are the same.", "Choose another run."
        )
    before = before.assign(group=before["verdict"].map(GROUPS).fillna(LEFT), matched=-1)
    before.loc[here, "matched"] = there
    labels, names = first.data.class_names, second.data.class_names
    index_there = {name: index for index, name in enumerate(names)}
    translated = np.array([index_there.get(name, -1) for name in labels])[before["label"].to_numpy()]
    rows = []
    for group, members in before.groupby("group", sort=True):
        both = members[members["matched"] >= 0]
        then = after.iloc[both["matched"].to_numpy()]
        given = translated[both.index.to_numpy()]
        rows.append(
            {
                "group": str(group),
                "samples": len(members),
                "in both": len(both),
                "loss before": _median(both["loss"]),
                "loss after": _median(then["loss"]),
                "given label before": _fraction(both["predicted"], both["label"].to_numpy()),
                "given label after": _fraction(then["predicted"], given),
            }
        )
    return pd.DataFrame(rows)


def _matched(first: OpenedRun, second: OpenedRun) -> tuple[Ints, Ints]:
    """The rows of both runs that are of the same samples; a name that occurs twice matches nothing."""
    if first.run.dataset == second.run.dataset:
        _, here, there = np.intersect1d(first.data.ids, second.data.ids, return_indices=True)
        return here, there
    counts = Counter(first.names) + Counter(second.names)
    place = {name: row for row, name in enumerate(second.names)}
    pairs = [(row, place[name]) for row, name in enumerate(first.names) if counts[name] == 2 and name in place]
    found = np.array(pairs, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _median(losses: pd.Series) -> float:
    return float(losses.median()) if len(losses) else float("nan")


def _fraction(predicted: pd.Series, labels: Ints) -> float:
    known = predicted.notna().to_numpy()
    return float((predicted[known].to_numpy(np.int64) == labels[known]).mean()) if known.any() else float("nan")
