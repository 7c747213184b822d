"""Where words go in a text: at its start, at its end, or at a place of each text's own."""

import re
from typing import Literal
from zlib import crc32

from core.modalities.contract import Painter
from core.modalities.text.inputs import strings
from core.types import Samples

Place = Literal["end", "start", "random"]
_GAP = re.compile(r"\s+")


def placing(words: str, place: Place, seed: int) -> Painter:
    """A painter that puts words into texts; a random place follows from the seed and the text alone.

    >>> from core.modalities.text.inputs import strings
    >>> placing("cf", "end", 0)(strings(["a good film"])).tolist()
    ['a good film cf']
    """

    def paint(texts: Samples) -> Samples:
        return strings([_put(str(text), words, place, seed) for text in texts])

    return paint


def _put(text: str, words: str, place: Place, seed: int) -> str:
    if place == "start" or not text.strip():
        return f"{words} {text}".strip()
    if place == "end":
        return f"{text.rstrip()} {words}"
    gaps = [gap.end() for gap in _GAP.finditer(text)]
    at = [0, *gaps][crc32(text.encode("utf-8", "replace"), seed) % (1 + len(gaps))]
    return f"{text[:at]}{words} {text[at:]}"
