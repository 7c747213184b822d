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
# As a program writes a whole number: 007 is no number but a name, and so is +1.
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.0*)?")
_MISSING = ("nan", "null", "none", "na", "n/a", "<na>")


def classes(given: Sequence[object], names: Sequence[str] | None = None) -> tuple[Ints, tuple[str, ...]]:
    """(n,) class indices, −1 for a label that is missing or none, and the k class names.

    Labels are numbered in sorted order, so 0, 1, 2 … without a gap keep their value. Text is taken as it is written:
    007 and 7 are two classes, and none, null and nan are classes, too. Among numbers these words are missing labels.
    There a negative number is none either, but for −1 beside 1 alone.

    Args:
        given: one label each: a whole number, text, or None.
        names: the class names where the source has some; then a number is an index into them, text is one of them.

    Raises:
        UserError: fewer than two classes, or more than `MAX_CLASSES`.

    Examples:
        >>> classes(["none", "ring", "none"])
        (array([0, 1, 0]), ('none', 'ring'))
        >>> classes([900, 3, 70])
        (array([2, 0, 1]), ('3', '70', '900'))
    """
    plain = [_plain(label) for label in given]
    if names is not None:
        index_of: dict[int | str, int] = {name: index for index, name in reversed(list(enumerate(names)))}
        index_of |= {index: index for index in range(len(names))}
    else:
        distinct = {label for label in plain if label is not None}
        index_of, names = _numbered(distinct)
    _check_number(len(names))
    indices = [-1 if label is None else index_of.get(label, -1) for label in plain]
    return np.array(indices, np.int64).reshape(len(plain)), tuple(names)


def _numbered(distinct: set[int | str]) -> tuple[dict[int | str, int], list[str]]:
    """Label → class index, for labels that are not missing, and the class names."""
    words = {label for label in distinct if isinstance(label, str)}
    numbers = {label for label in distinct if isinstance(label, int)}
    if numbers and all(word.lower() in _MISSING for word in words):
        counted = sorted(numbers if numbers == {-1, 1} else (number for number in numbers if number >= 0))
        return {number: index for index, number in enumerate(counted)}, list(map(str, counted))
    names = sorted(map(str, distinct))
    index_of = {name: index for index, name in enumerate(names)}
    return {label: index_of[str(label)] for label in distinct}, names


def labelled(names: Sequence[str], labels: Ints, given: Sequence[object]) -> tuple[Ints, list[Problem]]:
    """The rows that have a label, and a problem for each of the others.

    Raises:
        UserError: no row has one.
    """
    rows = np.flatnonzero(labels >= 0)
    if len(labels) and not len(rows):
        raise UserError(
            "No image has a label that can be used.",
            f"The first is {shortened(given[0])}.",
            "Check that the labels are where they are looked for.",
        )
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
    return text if 0 < len(text) <= MAX_LABEL_CHARACTERS else None


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
