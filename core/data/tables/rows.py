"""Rows of a table become a collection: an image, a label, perhaps a split.

Which columns hold them is told by whoever opens the table, or guessed from their names.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.data.collection import Collection, Part, Problem, Read, abridged, empty_part
from core.data.labels import classes, labelled, shortened
from core.data.splits import Split, split_of
from core.errors import UserError
from core.types import Ints

_IMAGE = (
    "image",
    "img",
    "images",
    "imagebytes",
    "imagepath",
    "imgpath",
    "imagefile",
    "imagename",
    "filepath",
    "filename",
    "file",
    "path",
    "bytes",
    "jpg",
    "png",
    "pixels",
    "picture",
    "photo",
)
_LABEL = (
    "label",
    "labels",
    "class",
    "classname",
    "classid",
    "category",
    "target",
    "y",
    "labelname",
    "finelabel",
    "finelabels",
    "coarselabel",
    "clsid",
    "cls",
)
_FLAGS: dict[str, tuple[Split, Split]] = {  # a column of true and false → the splits that these are
    "istest": ("test", "train"),
    "istrain": ("train", "test"),
    "istraining": ("train", "test"),
    "isval": ("validation", "train"),
    "isvalid": ("validation", "train"),
    "isvalidation": ("validation", "train"),
}
# What a table lacks that is taken for none of texts.
_OF_TEXTS = "A table of texts needs a column of labels beside them."
_TRUE = ("true", "1", "yes", "1.0")
_FALSE = ("false", "0", "no", "0.0")
_SPLIT = ("split", "subset", "partition", "set", "usage", *_FLAGS)


@dataclass(frozen=True)
class Columns:
    """Places of the columns in a table; `split` is None where no column tells."""

    image: int
    label: int
    split: int | None


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
        left_out: place in the table → name and split, as written, of the rows that were left out already; the split is
            "" where it is not known.
    """

    names: Sequence[str]
    labels: Sequence[object]
    read: Read
    splits: Sequence[str] | None = None
    class_names: Sequence[str] | None = None
    problems: Sequence[Problem] = field(default_factory=list)
    left_out: Mapping[int, tuple[str, str]] = field(default_factory=dict)


def found_columns(columns: Sequence[str], image: str = "", label: str = "", split: str = "") -> Columns:
    """Where images, labels and the split are.

    Args:
        columns: the table's own names.
        image, label, split: names that somebody gave; "" guesses.

    Raises:
        UserError: a given name is not there, or nothing looks like images or labels.
    """
    where = _told(columns, image, "image_column") if image else _guessed(columns, _IMAGE)
    what = _told(columns, label, "label_column") if label else _guessed(columns, _LABEL)
    part = _told(columns, split, "split_column") if split else _guessed(columns, _SPLIT)
    for place, kind in ((where, "image"), (what, "label")):
        if place is None:
            raise UserError(
                f"No column of the table looks like {kind}s.",
                listed_columns(columns),
                f"Say which it is with {kind}_column.{f' {_OF_TEXTS}' if kind == 'image' else ''}",
            )
    return Columns(int(where or 0), int(what or 0), part)


def listed_columns(columns: Sequence[str]) -> str:
    """What the columns of a table are called, as far as a sentence holds them.

    >>> listed_columns(["name", "label"]), listed_columns([])
    ('Its columns are: name, label.', 'It is empty: it has no columns.')
    """
    names = ", ".join(column[:60] for column in columns[:40])
    return f"Its columns are: {names}." if any(columns) else "It is empty: it has no columns."


def guessed(columns: Sequence[str], likely: Sequence[str] | str) -> str:
    """The column whose name is one of the likely ones, "split" for those of splits; "" for none."""
    place = _guessed(columns, _SPLIT if likely == "split" else likely)
    return "" if place is None else columns[place]


def looks_like_images(columns: Sequence[str]) -> bool:
    """Whether the name of a column is one that images have."""
    return _guessed(columns, _IMAGE) is not None


def split_in(column: str, cell: str) -> str:
    """What a cell says of the split: as it is written, or what true and false are in a column such as `is_test`.

    >>> split_in("is_test", "True"), split_in("is_test", "0"), split_in("split", "val")
    ('test', 'train', 'val')
    """
    flag, word = _FLAGS.get(_plain(column)), cell.strip().lower()
    if flag is None or word not in (*_TRUE, *_FALSE):
        return cell
    return flag[0] if word in _TRUE else flag[1]


def collected(rows: Rows, name: str, about: Mapping[str, str] | None = None) -> Collection:
    """The collection that a table describes. A validation split is the test set of a table without one.

    Raises:
        UserError: there is no row, no label that can be used, or no training row.
    """
    if not any(label is not None for label in rows.labels) and (rows.problems or not len(rows.names)):
        first = f"{rows.problems[0].what}: {rows.problems[0].detail}" if rows.problems else "It holds no rows."
        raise UserError(f"{name} has no row that can be used.", first, "Correct the table.")
    labels, class_names = classes(rows.labels, rows.class_names)
    places, problems = _places(rows)
    if not len(places["test"]):
        places["test"], places["validation"] = places["validation"], places["test"]
    problems += [
        Problem("left out", rows.names[row], "It is of the validation split; the test split is used.")
        for row in places["validation"].tolist()
    ]
    train, more = _part(rows, labels, places["train"])
    train = replace(train, left_out=_left_out(rows, labels, places["train"]))
    test, others = _part(rows, labels, places["test"]) if len(places["test"]) else (empty_part(), [])
    if not len(train):
        raise UserError(f"{name} has no training samples.", "All rows are of other splits.", "Correct split_column.")
    listed = abridged([*rows.problems, *problems, *more, *others])
    return Collection(name, class_names, train, test, listed, about=about or {})


def _places(rows: Rows) -> tuple[dict[Split, Ints], list[Problem]]:
    """The rows of each split, and a problem for every row whose split is none."""
    if rows.splits is None:
        nothing = np.zeros(0, np.int64)
        return {"train": np.arange(len(rows.names)), "test": nothing, "validation": nothing}, []
    known = {value: split_of(value) for value in set(rows.splits)}
    splits = np.array([known[value] or "" for value in rows.splits])
    problems = [
        Problem("split", rows.names[row], f"Its split is {shortened(rows.splits[row])}, not train or test.")
        for row in np.flatnonzero(splits == "").tolist()
    ]
    by_split: dict[Split, Ints] = {split: np.flatnonzero(splits == split) for split in ("train", "test", "validation")}
    return by_split, problems


def _part(rows: Rows, labels: Ints, places: Ints) -> tuple[Part, list[Problem]]:
    """The rows at `places` that have a label."""
    names = [rows.names[row] for row in places.tolist()]
    kept, problems = labelled(names, labels[places], [rows.labels[row] for row in places.tolist()])
    originals = places[kept]
    return Part(
        tuple(names[row] for row in kept.tolist()),
        labels[originals],
        lambda index: rows.read(int(originals[index])),
        places=_in_table(rows)[originals],
    ), problems


def _in_table(rows: Rows) -> Ints:
    """(n,) the place of each row in the table, those that were left out counted."""
    n = len(rows.names) + len(rows.left_out)
    return np.setdiff1d(np.arange(n), np.fromiter(rows.left_out, np.int64, len(rows.left_out)))


def _left_out(rows: Rows, labels: Ints, places: Ints) -> dict[int, str]:
    """Row of the training split, as the table lists it, → name, for the rows that were left out."""
    gone = {
        place: name
        for place, (name, split) in rows.left_out.items()
        if rows.splits is None or split_of(split) == "train"
    }
    in_table = _in_table(rows)
    without_label = {int(in_table[place]): rows.names[place] for place in places[labels[places] < 0].tolist()}
    listed = np.union1d(in_table[places], np.fromiter(gone, np.int64, len(gone)))
    return {int(np.searchsorted(listed, place)): name for place, name in (gone | without_label).items()}


def _told(columns: Sequence[str], name: str, setting: str) -> int:
    if name not in columns:
        raise UserError(f"The table has no column {name!r}.", listed_columns(columns), f"Correct {setting}.")
    return list(columns).index(name)


def _guessed(columns: Sequence[str], likely: Sequence[str]) -> int | None:
    plain = list(map(_plain, columns))
    return next((plain.index(name) for name in likely if name in plain), None)


def _plain(column: str) -> str:
    return re.sub(r"[^a-z0-9]", "", column.lower())
