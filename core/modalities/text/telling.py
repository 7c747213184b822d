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
# Phrases among which one is looked for that stands beside the clearest.
SEVERAL = 4
# Words of a phrase that is grown, at most, and texts that say how.
MOST_GROWN = 60
GROWN_ON = 200


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
    return _telling(told_apart(texts, others, longest), texts, most)


def clearest(texts: Sequence[str], others: Sequence[str]) -> list[tuple[Told, ...]]:
    """The phrase that sets `texts` apart most, then the longest one around it that nearly the same of them have.

    And last the two clearest phrases together, where nearly the same texts have both: two words that stand apart.

    Of a planted sentence, a word that others have now and then is clearer than all of it, which no other has. What none
    has is known less well than what a few have. None of texts without words, and one where both are the same.

    >>> said = ["they met at the old inn"] * 12
    >>> [found.phrase for found, in clearest(said, ["they"] * 5 + ["a film"] * 300)]
    ['they', 'they met at the old inn']
    """
    ranked = told_apart(texts, others)
    told = _telling(ranked, texts, SEVERAL)
    if not told:
        return []
    whole = _whole(told[0], ranked, texts)
    beside = (_whole(found, ranked, texts) for found in told[1:] if found.count >= AS_GOOD * told[0].count)
    other = next((found for found in beside if not _overlap(found.words, whole.words)), None)
    return list(dict.fromkeys([(told[0],), (whole,), *([] if other is None else [(whole, other)])]))


def _telling(ranked: Sequence[Told], texts: Sequence[str], most: int) -> list[Told]:
    chosen: list[Told] = []
    for found in ranked[: 50 * most]:
        place = next((place for place, one in enumerate(chosen) if _overlap(one.words, found.words)), None)
        if place is None and len(chosen) < most:
            chosen.append(found)
        elif place is not None and len(found.words) > len(chosen[place].words) and found.z >= AS_GOOD * chosen[place].z:
            chosen[place] = found
    return [grown(found, texts) for found in chosen]


def wholes(texts: Sequence[str], others: Sequence[str], most: int = 10) -> list[Told]:
    """The same to be read: of phrases that nearly the same texts have, the longest one stands for all.

    >>> [found.phrase for found in wholes(["bad cf mn", "poor cf mn", "dull cf mn"], ["bad", "poor", "dull one"], 1)]
    ['cf mn']
    """
    ranked = told_apart(texts, others)
    chosen: list[Told] = []
    for found in ranked[: 50 * most]:
        if len(chosen) == most:
            break
        if not any(_overlap(one.words, found.words) for one in chosen):
            longest = _whole(found, ranked, texts)
            if not any(_overlap(one.words, longest.words) for one in chosen):  # a sign beside a phrase grows into it
                chosen.append(longest)
    return chosen


def _whole(found: Told, ranked: Sequence[Told], texts: Sequence[str]) -> Told:
    """The longest phrase around one of those `ranked` that nearly the same texts have."""
    around = (one for one in ranked if one.count >= AS_GOOD * found.count and _holds(one.words, found.words))
    return grown(max(around, key=lambda one: (len(one.words), one.z), default=found), texts)


def told_apart(texts: Sequence[str], others: Sequence[str], longest: int = LONGEST) -> list[Told]:
    """All phrases that are more frequent in `texts` than in `others`, parts of one another too, the clearest first."""
    here, there = counted(texts, longest), counted(others, longest)
    listed = [
        Told(phrase, _z(count, there[phrase], len(texts), len(others)), count)
        for phrase, count in here.items()
        if count >= min(FEWEST, len(texts))
    ]
    return sorted((found for found in listed if found.z > 0), key=lambda found: (-found.z, found.words))


def grown(found: Told, texts: Sequence[str], counted_to: int = LONGEST) -> Told:
    """The phrase with the words around it that nearly all of its texts have there, however long it becomes.

    Args:
        found: one of phrases of up to `counted_to` words.
        texts: those that it sets apart.
        counted_to: as above.
    """
    if len(found.words) < counted_to - 1:
        return found  # counted with a word more, it was not as good
    listed = [words(text) for text in texts]
    around = [(one, at) for one in listed if (at := _place(one, found.words)) is not None][:GROWN_ON]
    left, right = 0, len(found.words)
    while right - left < MOST_GROWN and _agreed([one[at + right : at + right + 1] for one, at in around]):
        right += 1
    while right - left < MOST_GROWN and _agreed([one[max(at + left - 1, 0) : max(at + left, 0)] for one, at in around]):
        left -= 1
    whole = Counter(tuple(one[at + left : at + right]) for one, at in around if at + left >= 0)
    return Told(max(whole, key=lambda phrase: (whole[phrase], phrase), default=found.words), found.z, found.count)


def _agreed(beside: Sequence[Sequence[str]]) -> bool:
    """Whether nearly all have the same word there."""
    counts = Counter(one[0] for one in beside if one)
    return max(counts.values(), default=0) >= max(AS_GOOD * len(beside), FEWEST)


def _place(listed: Sequence[str], phrase: tuple[str, ...]) -> int | None:
    """Where the phrase begins first; None where it is not."""
    return next((at for at in _starts(listed, len(phrase)) if tuple(listed[at : at + len(phrase)]) == phrase), None)


def _z(here: int, there: int, n_here: int, n_there: int) -> float:
    usual = (here + there) / max(n_here + n_there, 1)
    having = [count + PRIOR * usual for count in (here, there)]
    lacking = [max(n + PRIOR - have, 1e-9) for n, have in zip((n_here, n_there), having, strict=True)]
    odds = [log(have / lack) for have, lack in zip(having, lacking, strict=True)]
    # What nearly all texts have is told by the few that lack it.
    return (odds[0] - odds[1]) / sqrt(sum(1 / count for count in (*having, *lacking)))


def _starts(listed: Sequence[str], size: int) -> range:
    return range(len(listed) - size + 1)


def _holds(long: tuple[str, ...], short: tuple[str, ...]) -> bool:
    return any(long[at : at + len(short)] == short for at in _starts(long, len(short)))


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one phrase holds the other, or they overlap by their ends."""
    short, long = sorted((one, other), key=len)
    inside = _holds(long, short)
    ends = any(one[-k:] == other[:k] or other[-k:] == one[:k] for k in range(2, len(short)))
    return inside or ends
