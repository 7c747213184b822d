"""The queue: which samples a person is shown, in which order, and which one comes next.

Which samples a person might call clean next: drawn at random, equally from every class.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.analysis.ids import within
from core.analysis.samples import suspected
from core.data.store.sample_names import matching
from core.errors import UserError
from core.types import Bools, Ints

ORDERS = {"suspicion": "most suspicious first", "family": "family by family"}
VERDICTS = ("undecided", "decided", "all", "exclude", "keep", "relabel", "mark")


@dataclass(frozen=True)
class Filter:
    """What a queue holds; the default is the suspects that nobody decided on; see `core.analysis.samples.suspected`.

    Attributes:
        label, predicted: class indices; None for any.
        detector: whose flags count beside what the decision confirmed; "" for the leading ones.
        family: its number; 0 for flagged samples in no family, None for any.
        cluster: a class and one of its clusters by Activation Clustering, all of which is shown, flagged or not; None
            for any.
        decided: a group of the decision by its number, or one of its states in words, all of which is shown, flagged
            or not; None for any.
        verdict: one of `VERDICTS`.
        agreement: at least so many detectors flag the sample.
        ids: a list of ids and ranges, such as "7, 10-20", or a part of names; what is named here need not be flagged.
        order: one of `ORDERS`.
        tagged: ids that have a tag, all of which are shown, flagged or not; None for any.
    """

    label: int | None = None
    predicted: int | None = None
    detector: str = ""
    family: int | None = None
    cluster: tuple[int, int] | None = None
    decided: int | str | None = None
    verdict: str = "undecided"
    agreement: int = 0
    ids: str = ""
    order: str = "suspicion"
    tagged: frozenset[int] | None = None


def queue(
    table: pd.DataFrame,
    conditions: Filter,
    among: Collection[int] | None = None,
    names: Callable[[], Sequence[str]] = tuple,
) -> pd.DataFrame:
    """The rows of a review table that the filter leaves, in its order.

    Args:
        table: see `core.analysis.samples.review_table`.
        conditions: the filter.
        among: ids to which the queue is limited, such as those that one reviewer decided on; None for all.
        names: what gives the n names of the samples, asked for when `conditions.ids` holds no ids.

    Raises:
        UserError: `conditions.ids` cannot be read, and there are no names.
    """
    # Flags first: what follows looks at few rows only, however large the data set is.
    kept = table[_in_question(table, conditions, names)]
    holds = np.array(kept["flagged_by"] >= conditions.agreement, np.bool_)
    for column in ("label", "predicted"):
        if (index := getattr(conditions, column)) is not None:
            holds &= (kept[column] == index).fillna(False).to_numpy(bool)
    holds &= (
        members(kept, conditions.family) & in_cluster(kept, conditions.cluster) & _standing(kept, conditions.verdict)
    )
    holds &= in_decided(kept, conditions.decided)
    if among is not None:
        holds &= kept["id"].isin(list(among))
    keys = ["family"] * (conditions.order == "family") + ["suspicion", "id"]
    ascending = [name != "suspicion" for name in keys]
    rows: pd.DataFrame = kept[holds].sort_values(keys, ascending=ascending, kind="stable")
    return rows


def members(rows: pd.DataFrame, family: int | None) -> Bools:
    """(n,) True for the rows of a family; those that wait to be grouped are in none, 0. None stands for any."""
    return np.ones(len(rows), bool) if family is None else rows["family"].clip(lower=0).to_numpy() == family


def in_cluster(rows: pd.DataFrame, cluster: tuple[int, int] | None) -> Bools:
    """(n,) True for the rows of a cluster: its class, then 1 for the smaller one of the two. None stands for any."""
    if cluster is None:
        return np.ones(len(rows), bool)
    return np.asarray((rows["cluster_class"] == cluster[0]) & (rows["cluster"] == cluster[1]), np.bool_)


def in_decided(rows: pd.DataFrame, decided: int | str | None) -> Bools:
    """(n,) True for the rows of a group of the decision, or of one of its states. None stands for any."""
    if decided is None:
        return np.ones(len(rows), bool)
    column = "group" if isinstance(decided, int) else "decision"
    if column not in rows:
        return np.zeros(len(rows), bool)
    return np.asarray(rows[column] == decided, np.bool_)


def holding_most(rows: pd.DataFrame, column: str) -> tuple[int, int] | None:
    """The number of the `family`, or of the `group` of the decision, that holds most of the rows, and of how many.

    None where none holds any.
    """
    numbers = rows[column].to_numpy(np.int64) if column in rows else np.empty(0, np.int64)
    counts = np.bincount(numbers[numbers > 0])
    return (int(counts.argmax()), int(counts.max())) if counts.any() else None


def next_undecided(rows: pd.DataFrame, after: int | None, taken: Collection[int] = ()) -> int | None:
    """The first undecided id behind `after` in the queue, from its start again at the end; None when none is left.

    Args:
        rows: the queue, in its order.
        after: the id from which to go on; None, or one that is not in the queue, starts at the front.
        taken: ids to pass over, because someone else looks at them.
    """
    ids = rows["id"].to_numpy()
    start = place + 1 if (place := place_of(ids, after)) is not None else 0
    free = (rows["verdict"] == "").to_numpy() & ~np.isin(ids, list(taken)) & (ids != after)
    order = np.concatenate([np.arange(start, len(ids)), np.arange(start)])
    left = order[free[order]]
    return int(ids[left[0]]) if len(left) else None


def place_of(ids: Ints, sample: int | None) -> int | None:
    """Where an id is in the queue, counted from 0; None when it is not in it."""
    places = [] if sample is None else np.flatnonzero(ids == sample).tolist()
    return places[0] if places else None


def _in_question(table: pd.DataFrame, conditions: Filter, names: Callable[[], Sequence[str]]) -> Bools:
    """(n,) True for what the filter is about at all: ids, a cluster or a group that it names, else the suspects."""
    if conditions.ids.strip():
        return _named(table, conditions.ids, names)
    if conditions.tagged is not None:
        return table["id"].isin(conditions.tagged).to_numpy()
    if conditions.cluster is not None:
        return in_cluster(table, conditions.cluster)
    if conditions.decided is not None:
        return in_decided(table, conditions.decided)
    return suspected(table, conditions.detector)


def _named(table: pd.DataFrame, text: str, names: Callable[[], Sequence[str]]) -> Bools:
    """(n,) True for the ids that the text lists; where it lists none, for the samples whose names hold it."""
    ids = table["id"].to_numpy()
    try:
        return within(text, ids)
    except UserError:
        called = names()
        if not called:
            raise
        return np.array(matching(called, text), np.bool_)


def _standing(rows: pd.DataFrame, verdict: str) -> Bools:
    """(n,) True for rows with such a verdict."""
    decided = (rows["verdict"] != "").to_numpy()
    if verdict in ("undecided", "decided"):
        return np.asarray(decided == (verdict == "decided"))
    return np.asarray((rows["verdict"] == verdict) | (verdict == "all"), np.bool_)


def candidates(table: pd.DataFrame, spoken_of: Collection[int], *, count: int = 25, seed: int = 0) -> list[int]:
    """Ids of samples to be looked at, so that after them every class has about as many bona fide ones.

    Only a random draw stands for all clean samples of a class, so nothing about the images is looked at. Left out are
    those that a detector flags or the decision confirmed, that somebody decided on, or that were spoken of before.

    Args:
        table: see `core.analysis.samples.review_table`.
        spoken_of: ids that people called clean, or not, before.
        count: how many; fewer where no more are left.
        seed: of the draw.
    """
    rng = np.random.default_rng(seed)
    open_ones = (table["flagged_by"] == 0) & ~table["confirmed"] & ~table["bona_fide"] & (table["verdict"] == "")
    open_ones &= ~table["id"].isin(list(spoken_of))
    rows = table.loc[open_ones, ["id", "label"]].sample(frac=1, random_state=rng)
    known = table.loc[table["bona_fide"], "label"].value_counts()
    # Where a sample would be in its class's row: the classes that are behind come first.
    turn = rows.groupby("label").cumcount() + rows["label"].map(known).fillna(0)
    chosen: list[int] = rows.loc[turn.sort_values(kind="stable").index[:count], "id"].tolist()
    return chosen
