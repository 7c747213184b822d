"""Words and phrases that set some texts apart from others: weighted log-odds with a prior.

References: Monroe, Colaresi and Quinn: Fightin' Words, Political Analysis 2008 (informative Dirichlet prior).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log, sqrt

from core.modalities.text.words import words

# Words of a phrase at most.
LONGEST = 6
# Words of a text that are counted: its first and its last ones.
COUNTED = 96
# Texts that the prior counts for.
PRIOR = 20.0
# Texts in which a phrase has to occur.
FEWEST = 2
# z-score, as a fraction of the best one's, from which on a longer phrase is taken for a part of it.
AS_GOOD = 0.8


@dataclass(frozen=True)
class Told:
    """A phrase that sets texts apart.

    Attributes:
        words: of it, in lower case.
        z: log-odds of a text to have it, in standard errors; above 0 where it is more frequent among those texts.
        count: of those texts that have it.
    """

    words: tuple[str, ...]
    z: float
    count: int

    @property
    def phrase(self) -> str:
        """The words as they are read."""
        return " ".join(self.words)


def counted(texts: Iterable[str], longest: int = LONGEST) -> Counter[tuple[str, ...]]:
    """In how many texts each phrase of up to `longest` words occurs."""
    counts: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        listed = words(text, COUNTED)
        counts.update({tuple(listed[at : at + size]) for size in range(1, longest + 1) for at in _starts(listed, size)})
    return counts


def telling(texts: Sequence[str], others: Sequence[str], most: int = 10, longest: int = LONGEST) -> list[Told]:
    """The phrases that set `texts` apart from `others`, the clearest first, none of them a part of another one.

    >>> [found.phrase for found in telling(["bad cf mn", "poor cf mn", "dull cf mn"], ["bad", "poor", "dull one"], 1)]
    ['cf mn']
    """
    here, there = counted(texts, longest), counted(others, longest)
    listed = [
        Told(phrase, _z(count, there[phrase], len(texts), len(others)), count)
        for phrase, count in here.items()
        if count >= min(FEWEST, len(texts))
    ]
    ranked = sorted((found for found in listed if found.z > 0), key=lambda found: (-found.z, found.words))
    chosen: list[Told] = []
    for found in ranked[: 50 * most]:
        place = next((place for place, one in enumerate(chosen) if _overlap(one.words, found.words)), None)
        if place is None and len(chosen) < most:
            chosen.append(found)
        elif place is not None and len(found.words) > len(chosen[place].words) and found.z >= AS_GOOD * chosen[place].z:
            chosen[place] = found
    return chosen


def _z(here: int, there: int, n_here: int, n_there: int) -> float:
    usual = (here + there) / max(n_here + n_there, 1)
    odds = [
        (count + PRIOR * usual) / max(n + PRIOR - count - PRIOR * usual, 1e-9)
        for count, n in ((here, n_here), (there, n_there))
    ]
    error = sqrt(1 / (here + PRIOR * usual) + 1 / (there + PRIOR * usual))
    return (log(odds[0]) - log(odds[1])) / error


def _starts(listed: Sequence[str], size: int) -> range:
    return range(len(listed) - size + 1)


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one phrase holds the other, or they overlap by their ends."""
    short, long = sorted((one, other), key=len)
    inside = any(long[at : at + len(short)] == short for at in _starts(long, len(short)))
    ends = any(one[-k:] == other[:k] or other[-k:] == one[:k] for k in range(2, len(short)))
    return inside or ends
