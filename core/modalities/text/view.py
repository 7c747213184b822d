"""How texts are shown: one as a picture of its words, what stands for a group of them, and what a trigger changes.

Texts are hostile: markup, control characters, a hundred thousand characters. A picture shows 300 of them, escaped, and
a browser runs nothing in it.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.modalities.contract import Change
from core.modalities.saying import Part
from core.modalities.shown import Shown
from core.modalities.text.inputs import TextInputs, strings
from core.modalities.text.telling import wholes
from core.modalities.text.words import bags, words
from core.modalities.written import FONT, drawn, filled, legal, unfilled, visible
from core.types import Inputs, Ints, Samples

CUT = 300  # characters that a picture shows
KEPT = 2000  # characters of a text that a run keeps to show it
MARK = "\ue000"  # before words to be marked, in what is made here to be shown
UNMARK = "\ue001"  # behind them
TOLD = 8  # phrases that say what texts have in common
COMPARED = 400  # texts that are looked through for them
BUCKETS = 1024
_STYLE = (
    "margin:0;width:100%;height:100%;box-sizing:border-box;padding:10px;overflow:hidden;overflow-wrap:anywhere;"
    "white-space:pre-wrap;unicode-bidi:plaintext;font:15px/1.3 " + FONT
)


def shown(sample: Samples) -> Shown:
    """The beginning of one text as SVG."""
    text = str(sample)
    parts = _parts(f"{text[:CUT]}…" if len(text) > CUT else text)
    written = [(escape(legal(visible(part.text))), part.speaks_for) for part in parts]
    return drawn("".join(f"<mark>{words}</mark>" if new else words for words, new in written), _STYLE, parts)


def average(inputs: Inputs) -> Samples:
    """The text whose words are most like those of all others."""
    assert isinstance(inputs, TextInputs)
    flat, starts = inputs.words()
    found = bags(flat, starts, BUCKETS)
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1)
    return inputs[int((found @ found.mean(0)).argmax())]


def beyond(inputs: Inputs, rows: Ints, near: Ints) -> Samples:
    """The phrases that set texts apart from their neighbours, rows (m, q)."""
    some = slice(None, None, -(-len(rows) // COMPARED))
    texts, others = inputs[rows[some]].tolist(), inputs[np.unique(near[some])[: 4 * COMPARED]].tolist()
    return strings(" · ".join(found.phrase for found in wholes(texts, others, TOLD)))


def amplified(before: Samples, after: Samples) -> Change:
    """The texts afterwards, what is new in them marked; how many words that is at most."""
    made = [_marked(str(was), str(now)) for was, now in zip(np.atleast_1d(before), np.atleast_1d(after), strict=True)]
    n_words = max((len(words(new)) for _, new in made), default=0)
    samples = strings([text for text, _ in made]).reshape(np.shape(after))
    return Change(samples, "", f"{n_words} word{'' if n_words == 1 else 's'}")


def kept(samples: Sequence[Samples | None], _: tuple[int, ...]) -> NDArray[np.uint8]:
    """(m, b) the beginnings of the texts in UTF-8, filled up with zeros."""
    encoded = [b"" if sample is None else str(sample)[:KEPT].encode() for sample in samples]
    return filled(encoded)


def kept_row(array: NDArray[Any], row: int) -> Samples:
    """One text of such an array. Raises ValueError where it holds no texts."""
    if array.dtype != np.uint8 or array.ndim != 2:
        raise ValueError(f"{array.dtype} {array.shape} are not uint8 (m, b).")
    return strings(unfilled(array[row]))


def described(shape: tuple[int, ...]) -> str:
    """What a network sees of these texts."""
    return f"of which a model reads up to {shape[0]:,} words"


def _marked(before: str, after: str) -> tuple[str, str]:
    """The text afterwards with what is new in it marked, and that alone."""
    first = next((at for at, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), None)
    start = min(len(before), len(after)) if first is None else first
    most = min(len(before), len(after)) - start
    end = next((at for at in range(most) if before[-1 - at] != after[-1 - at]), most)
    new = after[start : len(after) - end]
    if not new:
        return after, ""
    # Whatever comes first is cut off in a picture: the change is shown with a little around it.
    around = f"…{after[start - 80 : start]}" if start > 100 else after[:start]
    return f"{around}{MARK}{new}{UNMARK}{after[len(after) - end :]}", new


def _parts(text: str) -> tuple[Part, ...]:
    """The text in parts, those that are marked as new; all of it as one where the marks are none of ours."""
    pieces = re.split(f"([{MARK}{UNMARK}])", text)
    marks = pieces[1::2]
    if marks != [MARK, UNMARK] * (len(marks) // 2):
        return (Part("".join(pieces[::2])),)
    parts = (Part(piece, "new" if place % 2 else "") for place, piece in enumerate(pieces[::2]))
    return tuple(part for part in parts if part.text)
