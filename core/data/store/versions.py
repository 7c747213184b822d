"""Data that are imported again: a second version beside the first, which keeps its runs, and its bona fide samples."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.data import store
from core.data.store import DatasetInfo
from core.types import Bools, Dataset

_VERSION = re.compile(r"(.*) \(version [0-9]+\)", re.DOTALL)


@dataclass(frozen=True)
class Earlier:
    """The version that was imported before.

    Attributes:
        id: of the stored data set.
        dataset: with all that is bona fide by now.
        names: what its samples are called in their source; none where that is not known.
    """

    id: str
    dataset: Dataset
    names: Sequence[str]


def latest_version(workspace: Path, name: str, path: Path | None = None) -> DatasetInfo | None:
    """The newest data set that was imported from `path` or as `name`, poisoned copies aside; None for the first."""
    imported = (info for info in store.describe_all(workspace) if info.parent is None and info.specification is None)
    place = None if path is None else os.path.realpath(path)
    return next((info for info in imported if plain_name(info.name) == plain_name(name) or _lies_at(info, place)), None)


def plain_name(name: str) -> str:
    """A data set's name without the number of its version."""
    match = _VERSION.fullmatch(name)
    return match[1] if match else name


def _lies_at(info: DatasetInfo, place: str | None) -> bool:
    return place is not None and os.path.realpath(info.opening.path if info.opening else info.source) == place


def carried_over(earlier: Earlier, dataset: Dataset, names: Sequence[str]) -> Bools:
    """(n,) True for the samples of `dataset` that are the same as bona fide ones of the earlier version.

    The same is: the name where both have names that occur once, else the row; the class; and, where both are kept in
    one shape, every value.

    Args:
        earlier: the version before.
        dataset: the new version.
        names: what its samples are called in their source, n names.
    """
    before = earlier.dataset
    named = all(len(set(known)) == len(known) > 0 for known in (earlier.names, names))
    old_keys = list(earlier.names) if named else np.asarray(before.ids).tolist()
    new_keys = list(names) if named else np.asarray(dataset.ids).tolist()
    vouched = {old_keys[row]: int(row) for row in np.flatnonzero(before.bona_fide)}
    carried = np.zeros(len(dataset), np.bool_)
    for row, key in enumerate(new_keys):
        carried[row] = key in vouched and _same(before, vouched[key], dataset, row)
    return carried


def _same(before: Dataset, old: int, dataset: Dataset, row: int) -> bool:
    if before.class_names[before.labels[old]] != dataset.class_names[dataset.labels[row]]:
        return False
    return before.shape != dataset.shape or bool(np.array_equal(before.inputs[old], dataset.inputs[row]))
