"""Labels as people write them (numbers, text, nothing) become class indices and class names."""

import math
import re
from collections.abc import Sequence

import numpy as np

from core.data.collection import Problem, legible
from core.errors import UserError
from core.types import Ints

MAX_CLASSES = 1000  # ImageNet's number; more are mostly names or numbers of images
MAX_LABEL_CHARACTERS = 1000  # of one label: longer text is a description, not a class
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.0*)?")


def classes(given: Sequence[object], names: Sequence[str] | None = None) -> tuple[Ints, tuple[str, ...]]:
    """(n,) class indices, −1 for a label that is missing or none, and the k class names.

    Args:
        given: one label each: a whole number, text, or None. Where all are numbers, a negative one is no label.
            Numbers 0, 1, 2 … without a gap keep their value; others, and text, are numbered in sorted order.
        names: the class names where the source has some; then a number is an index into them, text is one of them.

    Raises:
        UserError: fewer than two classes, or more than `MAX_CLASSES`.
    """
    plain = [_plain(one) for one in given]
    found = {one for one in plain if one is not None}
    numbers = all(isinstance(one, int) for one in found)
    if names is not None:
        known: dict[object, int] = {name: index for index, name in reversed(list(enumerate(names)))}
        known |= {index: index for index in range(len(names))}
    else:
        values = sorted(one for one in found if isinstance(one, int) and one >= 0) if numbers else _sorted_text(found)
        known = {value: index for index, value in enumerate(values)}
        known |= {} if numbers else {int(value): known[value] for value in values if _NUMBER.fullmatch(str(value))}
        names = [str(value) for value in values]
    _check_number(len(names))
    return np.array([known.get(one, -1) for one in plain], np.int64).reshape(len(plain)), tuple(names)


def labelled(names: Sequence[str], labels: Ints, given: Sequence[object]) -> tuple[Ints, list[Problem]]:
    """The rows that have a label, and a problem for each of the others.

    Raises:
        UserError: no row has one.
    """
    rows = np.flatnonzero(labels >= 0)
    if len(labels) and not len(rows):
        raise UserError("No image has a label that can be used.", f"The first is {shortened(given[0])}.")
    without = np.flatnonzero(labels < 0).tolist()
    return rows, [Problem("label", names[row], f"Its label is {shortened(given[row])}.") for row in without]


def shortened(value: object, most: int = 60) -> str:
    """What was given as a label, in few characters, for a message."""
    if value is None:
        return "missing"
    text = repr(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _plain(value: object) -> int | str | None:
    """A label as a whole number or as text; None for anything else."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, bool | np.bool_ | int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return int(value) if math.isfinite(value) and float(value).is_integer() else None
    if not isinstance(value, str):
        return None
    text = legible(value).strip()
    if _NUMBER.fullmatch(text):
        return int(text.partition(".")[0])
    return text if 0 < len(text) <= MAX_LABEL_CHARACTERS and text.lower() not in ("nan", "null", "none") else None


def _sorted_text(found: set[int | str]) -> list[str]:
    return sorted({str(one) for one in found})


def _check_number(n_classes: int) -> None:
    if n_classes < 2:
        raise UserError(
            f"There {'is one class' if n_classes else 'are no classes'}.",
            "At least two classes are needed to train a classifier.",
            "Check that the labels are where they are looked for.",
        )
    if n_classes > MAX_CLASSES:
        raise UserError(
            f"There are {n_classes:,} different labels.",
            f"At most {MAX_CLASSES:,} classes can be handled; so many labels are often names or numbers of images.",
            "Choose the labels' column, or a part of the classes.",
        )
