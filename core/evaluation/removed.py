"""What a repaired model says of the samples that were removed: what it calls by their own label looks clean."""

from dataclasses import dataclass

import numpy as np

from core import runs
from core.runs import Run
from core.types import Ints

FILE = "removed-predicted"  # (m, 3): the sample's id, the label that it had, and the class that the repaired model says

MOST_NAMED = 6  # labels in a sentence


@dataclass(frozen=True)
class Removed:
    """The removed samples by what a model says of them that never saw them.

    Attributes:
        ids: (m,) of all that were removed.
        labels: (m,) that they had.
        predicted: (m,) by the repaired model.
    """

    ids: Ints
    labels: Ints
    predicted: Ints

    @property
    def probably_clean(self) -> Ints:
        """The ids that the model calls by the label that they had, though it never saw them."""
        same: Ints = self.ids[self.labels == self.predicted]
        return same


def save_removed(child: Run, ids: Ints, labels: Ints, predicted: Ints) -> None:
    """Write what the model of a repair says of the samples that it was not trained on."""
    runs.save_array(child, FILE, np.column_stack([ids, labels, predicted]).astype(np.int64))


def removed(child: Run) -> Removed | None:
    """What became of the removed samples; None for a repair of before this was asked, until it is measured again."""
    if not child.has(f"{FILE}.npy"):
        return None
    return Removed(*np.array(child.array(FILE, (None, 3)), np.int64).T)


def fate_words(fate: Removed | None, names: tuple[str, ...]) -> str:
    """What became of the removed samples, in a sentence or two.

    >>> three = np.array([4, 7, 9])
    >>> fate_words(Removed(three, np.array([0, 0, 1]), np.array([1, 0, 1])), ("cat", "dog"))
    'The repaired model calls 2 of 3 removed samples by their own label: probably clean. By label: cat 1, dog 1.'
    """
    if fate is None:
        return "What the repaired model says of the removed samples was not measured then."
    if not len(fate.ids):
        return "No sample was removed."
    same = fate.labels == fate.predicted
    counts = np.bincount(fate.labels[same], minlength=len(names))
    most = [index for index in np.argsort(-counts, kind="stable")[:MOST_NAMED].tolist() if counts[index]]
    by_label = f" By label: {', '.join(f'{names[index]} {counts[index]:,}' for index in most)}." if most else ""
    count = f"{int(same.sum()):,} of {len(same):,} removed samples"
    return f"The repaired model calls {count} by their own label: probably clean.{by_label}"
