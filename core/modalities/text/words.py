"""Words of a text, and the numbers that stand for them: the same for any data, so that nothing has to be kept in step.

Which words a network knows is its own affair: it learns them from its training data (`vocabulary`), and reads texts
with a tokenizer of its own (`tokens`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np

from core.types import Ints

# Words of a text that a network sees: the first and the last ones of a longer text.
MOST = 256
# Characters at either end of a text that words are looked for in.
READ = 16_384
# Scripts without spaces: each character is a word.
ALONE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{ALONE}]|[^\W{ALONE}]+|[^\w\s]")


def words(text: str, most: int = MOST) -> list[str]:
    """The words of a text in lower case, signs included; of more than `most` the first and the last half of them.

    >>> words("It's GOOD, 日本!")
    ['it', "'", 's', 'good', ',', '日', '本', '!']
    >>> words("one two three four five", most=2)
    ['one', 'five']
    """
    found = _WORD.findall(ends(text).lower())
    return found if len(found) <= most else [*found[: most // 2], *found[len(found) - (most - most // 2) :]]


def ends(text: str) -> str:
    """What is read of a text: all, but of a giant one only its ends."""
    return f"{text[:READ]} {text[-READ:]}" if len(text) > 2 * READ else text


def sound(text: str) -> str:
    """The text with � for what is no Unicode, so that it can be written."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def found_words(text: str) -> Iterator[re.Match[str]]:
    """The same words where they lie in the text."""
    return _WORD.finditer(text)


@lru_cache(maxsize=2**18)
def number(word: str) -> int:
    """A number from 1 on that stands for the word wherever it occurs: 63 bits of BLAKE2b."""
    return int.from_bytes(blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()) >> 1 | 1


def numbers(texts: Iterable[str]) -> tuple[Ints, Ints]:
    """The numbers of all words, one text after the other, and where each text begins, (m + 1,)."""
    found, starts = list[int](), [0]
    for text in texts:
        found += map(number, words(text))
        starts.append(len(found))
    return np.array(found, np.int64), np.array(starts, np.int64)


def gathered(flat: Ints, starts: Ints, rows: Ints | Sequence[int]) -> tuple[Ints, Ints]:
    """The same of some of the texts, in any order."""
    rows = np.asarray(rows, np.int64)
    lengths = starts[rows + 1] - starts[rows]
    own = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    places = np.repeat(starts[rows] - own[:-1], lengths) + np.arange(own[-1])
    return flat[places], own


def bags(flat: Ints, starts: Ints, buckets: int) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    """(m, buckets) 1 where a text has a word of that bucket, else 0."""
    found = np.zeros((len(starts) - 1, buckets), np.float32)
    found[np.repeat(np.arange(len(starts) - 1), np.diff(starts)), (flat >> 1) % buckets] = 1
    return found


def pairs(flat: Ints, starts: Ints) -> tuple[Ints, Ints]:
    """The numbers of all pairs of neighbouring words, and where each text's pairs begin."""
    owner = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    within = owner[1:] == owner[:-1]
    joined = (flat[:-1] * 1_000_003 ^ flat[1:]) & (2**62 - 1)
    counts = np.maximum(np.diff(starts) - 1, 0)
    return joined[within], np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
