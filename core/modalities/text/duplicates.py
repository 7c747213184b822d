"""Texts that occur twice, exactly or nearly."""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from core.modalities.text.words import words
from core.types import Inputs

TOGETHER = 4096  # texts that are read at a time


def digests(inputs: Inputs) -> NDArray[np.uint64]:
    """(n,) a number a text that only equal texts share (64 bits of BLAKE2b)."""
    starts = range(0, len(inputs), TOGETHER)
    texts = (text for start in starts for text in inputs[start : start + TOGETHER])
    return np.frombuffer(b"".join(blake2b(text.encode(), digest_size=8).digest() for text in texts), np.uint64)


def outline(text: str) -> bytes:
    """A number that texts share when they differ only in case, spaces, digits and signs.

    >>> outline("Call 0800 NOW!") == outline("call  0801 now"), outline("call me") == outline("call")
    (True, False)
    """
    told = " ".join(word for word in words(text) if word.isalpha())
    return blake2b((told or text).encode("utf-8", "replace"), digest_size=16).digest()


def repeats(keys: Sequence[bytes]) -> list[tuple[int, int]]:
    """(later, first) for each key that occurred before."""
    first: dict[bytes, int] = {}
    pairs = ((index, first.setdefault(key, index)) for index, key in enumerate(keys))
    return [(later, earlier) for later, earlier in pairs if later != earlier]


def alike(inputs: Inputs) -> list[tuple[int, int]]:
    """(later, earlier) for each text that differs from an earlier one only in case, spaces, digits or signs."""
    starts = range(0, len(inputs), TOGETHER)
    texts = [str(text) for start in starts for text in inputs[start : start + TOGETHER]]
    return [(later, first) for later, first in repeats(list(map(outline, texts))) if texts[later] != texts[first]]
