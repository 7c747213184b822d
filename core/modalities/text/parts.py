"""Texts in parts: the words marked that speak most for the class that was given, or for the one that is predicted."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.modalities.saying import Part
from core.modalities.text.inputs import TextInputs
from core.modalities.text.words import MOST, READ, found_words
from core.types import Floats, Inputs, Ints

# Words that are marked for each class, and what they have to weigh beside the heaviest one.
MARKED = 5
WEIGHTY = 0.25
SPEAKS_FOR = ("given", "predicted")


def parts(inputs: Inputs, rows: Ints, speaking: NDArray[Any], most: int) -> list[tuple[Part, ...]]:
    """The beginnings of some texts in parts; a single one where nothing is known of its words.

    Args:
        inputs: all n texts of the run.
        rows: of those that are read.
        speaking: (words of all texts, 2) as `Batches.speaking` has it.
        most: characters of each.
    """
    assert isinstance(inputs, TextInputs)
    starts = np.concatenate([[0], np.cumsum(inputs.lengths())])
    fits = len(speaking) == starts[-1]
    nothing = np.zeros((0, 2), np.float32)
    return [
        _parts(str(text), speaking[starts[row] : starts[row + 1]] if fits else nothing, most)
        for row, text in zip(rows.tolist(), inputs[rows], strict=True)
    ]


def _parts(text: str, weights: Floats, most: int) -> tuple[Part, ...]:
    marks = {}
    spans = _spans(text, len(weights))
    same = np.array_equal(weights[:, 0], weights[:, 1])  # both classes are one
    for column, name in enumerate(SPEAKS_FOR[:1] if same else SPEAKS_FOR):
        for at in _strongest(np.asarray(weights[:, column], np.float32)):
            if span := spans.get(at):
                marks[span] = name if span not in marks else "both"
    shown = f"{text[:most]}…" if len(text) > most else text
    made, end = [], 0
    for (start, stop), name in sorted(marks.items()):
        if stop <= most:
            made += [Part(shown[end:start]), Part(shown[start:stop], name)]
            end = stop
    return tuple(part for part in (*made, Part(shown[end:])) if part.text)


def _strongest(weights: Floats) -> list[int]:
    """The few places with the largest weights, above 0."""
    order = np.argsort(-weights, kind="stable")[:MARKED]
    return [int(at) for at in order if weights[at] > 0 and weights[at] >= WEIGHTY * weights[order[0]]]


def _spans(text: str, n_words: int) -> dict[int, tuple[int, int]]:
    """Which word lies where: of a text that is cut in the middle, where that can be told."""
    whole = len(text) <= 2 * READ
    found = [(match.start(), match.end()) for match in found_words(text if whole else text[:READ])]
    if whole and len(found) == n_words:
        return dict(enumerate(found))
    if n_words != MOST:
        return {}  # lower case has other words here, which hardly ever happens
    head = dict(enumerate(found[: MOST // 2]))
    return head | ({MOST - 1 - at: span for at, span in enumerate(found[::-1][: MOST // 2])} if whole else {})
