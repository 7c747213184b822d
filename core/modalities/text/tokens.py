"""Words of texts as the `tokenizers` library finds them: in Rust, by the rule of `words`, each a place in a vocabulary.

A vocabulary is kept as its words, one a line, never as a tokenizer's own file: of a stranger's weights, only words are
taken.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain

import numpy as np
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from core.modalities.text.words import ALONE, MOST, ends, found_words, number, sound, words
from core.types import Ints

PADDING = 0  # the first place: behind the end of a text
UNKNOWN = 1  # the second: any word that is not known
# What stands in these places; no text has such words, since signs are words of their own.
SPECIAL = ("[PAD]", "[UNK]")
TOGETHER = 4096  # texts that are cut at a time
# What Python calls a letter, a digit or _, and what it calls a space, in the words of another engine.
_LETTERS = r"\p{L}\p{N}_"
_SPACES = r"\s\x1c-\x1f\x85"
_WORD = rf"[{ALONE}]|[{_LETTERS}&&[^{ALONE}]]+|[^{_LETTERS}{_SPACES}]"
# It has another lower case, which this engine does not know.
_LAST_SIGMA = r"(?<=\p{L})Σ(?!\p{L})"
Tokens = tuple[Ints, Ints]  # one text after the other, and where each begins


@lru_cache(maxsize=4)
def tokenizer(vocabulary: bytes) -> Tokenizer:
    """What cuts texts into words and finds their places in a vocabulary that was written.

    >>> tokenizer(written(["film", "good"])).encode("GOOD film, 日").ids
    [3, 2, 1, 1]
    """
    # The first two lines stand for the special ones, whatever they say; of a word that comes twice, the first counts.
    known = [*SPECIAL, *listed(vocabulary)]
    places = {word: len(known) - 1 - back for back, word in enumerate(reversed(known))}
    found = Tokenizer(models.WordLevel(places, unk_token=SPECIAL[UNKNOWN]))
    found.normalizer = normalizers.Sequence([normalizers.Replace(Regex(_LAST_SIGMA), "ς"), normalizers.Lowercase()])
    found.pre_tokenizer = pre_tokenizers.Split(Regex(_WORD), "removed", invert=True)
    return found


def written(vocabulary: Iterable[str]) -> bytes:
    """The words with what is special before them, one a line: the line is the place."""
    return "".join(f"{word}\n" for word in (*SPECIAL, *vocabulary)).encode()


def listed(vocabulary: bytes) -> list[str]:
    """The words of a vocabulary that was written."""
    return vocabulary.decode("utf-8", "replace").split("\n")[len(SPECIAL) : -1]


def spelt(numbers: Ints, texts: Iterable[str]) -> Iterator[str]:
    """The words that some numbers stand for, in their order; they are looked for in the texts, which have them all."""
    wanted, found = set(numbers.tolist()), dict[int, str]()
    for text in texts:
        if not wanted:
            break
        for word in words(text):
            if (place := number(word)) in wanted:
                wanted.remove(place)
                found[place] = word
    return (found[place] for place in numbers.tolist() if place in found)


def cut(found: Tokenizer, texts: Sequence[str], most: int = MOST) -> Tokens:
    """The tokens of texts, of more than `most` the first and the last half of them.

    >>> flat, starts = cut(tokenizer(written(["one", "two", "three"])), ["one two three one", "four"], most=2)
    >>> flat.tolist(), starts.tolist()
    ([2, 2, 1], [0, 2, 3])
    """
    return together(lambda some: [encoding.ids for encoding in found.encode_batch_fast(some)], texts, most)


def together(encoded: Callable[[list[str]], Iterable[list[int]]], texts: Sequence[str], most: int) -> Tokens:
    """The tokens that `encoded` finds in some texts at a time; only the ends of a giant text are looked at."""
    parts, lengths = [np.zeros(0, np.int32)], [0]
    for start in range(0, len(texts), TOGETHER):
        own = [
            _shortened(ids, most) for ids in encoded([ends(sound(text)) for text in texts[start : start + TOGETHER]])
        ]
        lengths += map(len, own)
        parts.append(np.fromiter(chain.from_iterable(own), np.int32, sum(map(len, own))))
    return np.concatenate(parts), np.cumsum(lengths).astype(np.int64)


def words_of(spans: Sequence[tuple[int, int]], text: str) -> list[int]:
    """For each token which word of the text it lies in, by the place of its characters; −1 where in none.

    A text of more than `MOST` words has those at its ends alone, as in `words`.

    >>> words_of([(0, 0), (0, 4), (4, 7), (8, 12), (0, 0)], "working hard")
    [-1, 0, 0, 1, -1]
    """
    found = [match.span() for match in found_words(text)]
    if len(found) != len(words(text, len(text))):
        return [-1] * len(spans)  # lower case has other words here, which hardly ever happens
    begins, left_out = [begin for begin, _ in found], max(len(found) - MOST, 0)
    half = min(MOST // 2, len(found)) if left_out else len(found)
    places = []
    for begin, end in spans:
        place = bisect_right(begins, end - 1) - 1  # a piece may begin with the space before its word
        outside = begin == end or place < 0 or end > found[place][1] or half <= place < half + left_out
        places.append(-1 if outside else place - left_out * (place >= half))
    return places


def _shortened(ids: list[int], most: int) -> list[int]:
    return ids if len(ids) <= most else [*ids[: most // 2], *ids[len(ids) - (most - most // 2) :]]
