"""Rows of a table (an image, a label, perhaps a split) become a collection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.datasets.collection import Collection, Part, Problem, Read, abridged, empty_part
from core.datasets.labels import classes, labelled, shortened
from core.datasets.splits import Split, split_of
from core.errors import UserError
from core.types import Ints


@dataclass(frozen=True)
class Rows:
    """A table, its images still unread.

    Attributes:
        names: n, what to call each row.
        labels: n, as they are written.
        splits: n, as they are written; None puts all rows into the training set.
        read: row → the encoded image.
        class_names: where the table says them.
        problems: rows that were left out already.
    """

    names: Sequence[str]
    labels: Sequence[object]
    read: Read
    splits: Sequence[str] | None = None
    class_names: Sequence[str] | None = None
    problems: Sequence[Problem] = field(default_factory=list)


def collected(rows: Rows, name: str, about: Mapping[str, str] | None = None) -> Collection:
    """The collection that a table describes. A validation split is the test set of a table without one.

    Raises:
        UserError: there is no row, no label that can be used, or no training row.
    """
    if not len(rows.names):
        first = f"{rows.problems[0].what}: {rows.problems[0].detail}" if rows.problems else "It holds no rows."
        raise UserError(f"{name} has no row that can be used.", first)
    labels, class_names = classes(rows.labels, rows.class_names)
    places, problems = _places(rows)
    if not len(places["test"]):
        places["test"], places["validation"] = places["validation"], places["test"]
    problems += [Problem("left out", rows.names[row], "It is of the validation split; the test split is used.")
                 for row in places["validation"].tolist()]  # fmt: skip
    train, more = _part(rows, labels, places["train"])
    test, others = _part(rows, labels, places["test"]) if len(places["test"]) else (empty_part(), [])
    if not len(train):
        raise UserError(f"{name} has no training images.", "All rows are of other splits.", "Correct split_column.")
    found = abridged([*rows.problems, *problems, *more, *others])
    return Collection(name, class_names, train, test, found, about=about or {})


def _places(rows: Rows) -> tuple[dict[Split, Ints], list[Problem]]:
    """The rows of each split, and a problem for every row whose split is none."""
    if rows.splits is None:
        nothing = np.zeros(0, np.int64)
        return {"train": np.arange(len(rows.names)), "test": nothing, "validation": nothing}, []
    known = {value: split_of(value) for value in set(rows.splits)}
    splits = np.array([known[value] or "" for value in rows.splits])
    problems = [Problem("split", rows.names[row], f"Its split is {shortened(rows.splits[row])}, not train or test.")
                for row in np.flatnonzero(splits == "").tolist()]  # fmt: skip
    found: dict[Split, Ints] = {one: np.flatnonzero(splits == one) for one in ("train", "test", "validation")}
    return found, problems


def _part(rows: Rows, labels: Ints, places: Ints) -> tuple[Part, list[Problem]]:
    """The rows at `places` that have a label."""
    names = [rows.names[row] for row in places.tolist()]
    kept, problems = labelled(names, labels[places], [rows.labels[row] for row in places.tolist()])
    originals = places[kept]
    return Part(tuple(names[row] for row in kept.tolist()), labels[originals],
                lambda index: rows.read(int(originals[index]))), problems  # fmt: skip
