"""How samples are shown that only have names: the name as a picture. It is a stranger's text, so it is escaped."""

from collections.abc import Sequence
from hashlib import blake2b
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.modalities.contract import Change, Look, Trait
from core.modalities.labels.inputs import BYTES, strings
from core.modalities.shown import Shown
from core.modalities.written import FONT, drawn, filled, legal, unfilled, visible
from core.types import Inputs, Ints, Samples

CUT = 120  # characters that a picture shows, the last ones
_STYLE = (
    "margin:0;width:100%;height:100%;box-sizing:border-box;padding:14px;overflow:hidden;overflow-wrap:anywhere;"
    "display:flex;align-items:center;justify-content:center;text-align:center;unicode-bidi:plaintext;"
    "font:22px/1.3 " + FONT
)


def shown(sample: Samples) -> Shown:
    """The end of one name as SVG."""
    text = legal(visible(str(sample)))
    cut = f"…{text[-CUT:]}" if len(text) > CUT else text
    return drawn(escape(cut), _STYLE)


def average(inputs: Inputs) -> Samples:
    """One name that stands for a group, and how many more there are."""
    more = f" and {len(inputs) - 1:,} more" if len(inputs) > 1 else ""
    return strings(f"{inputs[0]}{more}")


def beyond(_: Inputs, __: Ints, ___: Ints) -> Samples:
    """Nothing: what samples have beyond their neighbours cannot be seen."""
    return strings("")


def amplified(_: Samples, after: Samples) -> Change:
    """The names: no trigger changes them."""
    return Change(after, "", "0 changes")


def kept(samples: Sequence[Samples | None], _: tuple[int, ...]) -> NDArray[np.uint8]:
    """(m, 1, b) the names in UTF-8, filled up with zeros."""
    encoded = [b"" if sample is None else str(sample).encode()[: 2 * BYTES] for sample in samples]
    return filled(encoded)[:, None]


def kept_row(array: NDArray[Any], row: int) -> Samples:
    """One name of such an array. Raises ValueError where it holds no names."""
    if array.dtype != np.uint8 or array.ndim != 3:
        raise ValueError(f"{array.dtype} {array.shape} are not uint8 (m, 1, b).")
    return strings(unfilled(array[row]))


def described(_: tuple[int, ...]) -> str:
    """What there is to see of such samples."""
    return "known by their names alone"


def digests(inputs: Inputs) -> NDArray[np.uint64]:
    """(n,) a number a sample that only equal names share."""
    found = (blake2b(str(name).encode(), digest_size=8).digest() for name in inputs[:])
    return np.array([int.from_bytes(each, "little") for each in found], np.uint64)


def look(inputs: Inputs) -> Look:
    """How long each name is: nothing else is known of the samples."""
    lengths = np.array([len(str(name)) for name in inputs[:]], np.float32)
    return Look((Trait("name length", " characters", lengths, "How many characters the name has."),), {})


def alike(_: Inputs) -> list[tuple[int, int]]:
    """None: names that look alike say nothing of their samples."""
    return []
