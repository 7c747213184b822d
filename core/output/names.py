"""Names from outside where there is little room, and where markup would be taken for such."""

import html
from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile

LONGEST = 16  # characters of a name in a legend or beside a bar
IN_TEXT = 28  # characters of a name in a sentence, a heading or below a picture


def literal(name: object) -> str:
    """A name from outside as Plotly shows it letter by letter; it takes tags in text for markup."""
    return html.escape(str(name), quote=False)


def middle_cut(name: str, most: int = LONGEST) -> str:
    """A long name without its middle: what tells it from others is often at its end.

    >>> middle_cut("Ankle boot"), middle_cut("n02099601_golden_retriever", 12)
    ('Ankle boot', 'n02099…iever')
    """
    return name if len(name) <= most else f"{name[: most // 2]}…{name[len(name) - (most - 1) // 2 :]}"


def told_apart(names: Sequence[str], most: int = LONGEST) -> tuple[str, ...]:
    """The names in so many characters: long ones without words that all have at an end, then without their middle.

    >>> told_apart(["the kind of a cat, with stripes", "the kind of a dog, with stripes"], 6)
    ('a cat', 'a dog')
    """
    return _told_apart(tuple(names), most)


@lru_cache(maxsize=64)
def _told_apart(names: tuple[str, ...], most: int) -> tuple[str, ...]:
    words = [name.split() for name in names]
    if max(map(len, names), default=0) <= most:
        return names
    first = _alike(words)
    last = min(_alike([each[::-1] for each in words]), min(map(len, words)) - first - 1)  # something is left of each
    if last < 0:
        return tuple(middle_cut(name, most) for name in names)
    for before, behind in ((before, behind) for behind in range(last + 1) for before in range(first + 1)):
        # What ended a clause in the whole name ends nothing here.
        found = [" ".join(each[before : len(each) - behind]).rstrip(",;:") for each in words]
        if max(map(len, found)) <= most:
            break
    return tuple(middle_cut(each, most) for each in found)


def _alike(words: Sequence[Sequence[str]]) -> int:
    """How many words all of them begin with."""
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, zip(*words, strict=False)))
