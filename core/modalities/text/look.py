"""What one look at each text tells: how long it is, how loud, how much of it is no letter; and what is wrong."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.modalities.contract import Look, Trait
from core.types import Floats, Inputs, Ints

TOGETHER = 4096  # texts that are measured at a time
# Robust standard deviations of the logarithm of the length, beyond which a text is of another kind than the rest.
OUTLIER = 5.0
_COUNTED = (r"\S+", r"\p{L}", r"\p{Lu}", r"[^\p{L}\s]", r"[\p{L}\p{N}]", "[\ufffd\\x00-\\x08\\x0b\\x0e-\\x1f]")


def look(inputs: Inputs) -> Look:
    """Words, capitals and signs of each text; which are empty, of another length, or hold broken characters."""
    starts = range(0, len(inputs), TOGETHER)
    parts = [_counts([str(text) for text in inputs[start : start + TOGETHER]]) for start in starts]
    words, letters, capitals, signs, told, broken = np.concatenate([np.empty((0, len(_COUNTED)), np.int64), *parts]).T
    found = {"empty": told == 0, "odd length": _odd(words), "broken characters": broken > 0}
    traits = (
        Trait("words", "", words.astype(np.float32), "How many words, as spaces part them."),
        Trait("capitals", "%", _percent(capitals, letters), "How many of the letters are capitals."),
        Trait("signs", "%", _percent(signs, letters + signs), "How much of it is digits and signs."),
    )
    return Look(traits, {kind: np.flatnonzero(rows) for kind, rows in found.items() if rows.any()})


def _counts(texts: list[str]) -> Ints:
    """(m, 6) how often each of the patterns occurs."""
    column = pa.array(texts, pa.large_string())
    return np.stack([pc.count_substring_regex(column, pattern).to_numpy() for pattern in _COUNTED], 1).astype(np.int64)


def _percent(part: Ints, whole: Ints) -> Floats:
    return (100 * part / np.maximum(whole, 1)).astype(np.float32)


def _odd(words: Ints) -> NDArray[np.bool_]:
    """(n,) True where the logarithm of the length lies far from that of the rest."""
    if not len(words):
        return np.zeros(0, np.bool_)
    size = np.log1p(words.astype(np.float64))
    away = np.abs(size - np.median(size))
    return np.asarray(away > OUTLIER * max(1.4826 * float(np.median(away)), 0.1))
