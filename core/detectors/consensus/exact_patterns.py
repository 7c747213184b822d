"""The pattern rule where a sample has a pattern or has it not, such as words: who has it and belongs elsewhere.

A phrase on a tenth of a class makes its carriers look-alikes of one another, so that nothing is left beyond their kin.
But by all else that they say they belong to the classes that they were taken from, where a rare kind of clean texts
belongs to its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.detectors.consensus.pattern_rule import LARGEST_FRACTION, MOST_WRONG, ORDINARY, SMALLEST
from core.detectors.consensus.signals import Spaces
from core.detectors.consensus.templates import patterns_of
from core.detectors.parts.statistics import Reals
from core.detectors.parts.trusted import MOST_POISONED, usual_among_trusted
from core.modalities import modality_of
from core.modalities.elsewhere import FEWEST, LEVEL, SURELY_AT_MOST, at_home, belong_elsewhere, chance_of_so_few
from core.modalities.recovery import Stamp
from core.types import Bools, Evidence, Ints

# Patterns of one class, one after the other: an attack may have several tokens.
MOST_PATTERNS = 10
# Fraction of the class that half of those who belong elsewhere have to be more suspicious than, beyond chance.
SUSPECTED = 0.75
# Fraction of carriers that may be less suspicious than that, for their pattern to be plainly suspected. Of what was
# planted in a small part of a class it is 0, of clean questions with "year" .3, of planted and clean "do you" .3.
PLAINLY = 0.1
# What the fraction at home may be at the upper end of its interval where they are not: of those it was .59 and .51, of
# what was planted at most .46. Of a phrase in 1 % that is plainly suspected it was .56.
SURELY_IF_NOT_PLAIN = 0.5
# Ordinary samples of a class, drawn at random, that a pattern is told from, and as many of other classes: carriers that
# were taken from those have their words, too, beside what was planted.
TOLD_FROM = 300


@dataclass(frozen=True, eq=False)
class _Pattern:
    """A pattern, and who of a class has it, (m,)."""

    stamp: Stamp
    having: Bools


def exact_pattern_rule(evidence: Evidence, spaces: Spaces, suspicion: Reals) -> Bools:
    """(n,) True for samples that have what sets the most suspicious of their class apart, and that belong elsewhere.

    Of a group of suspicious samples, it is what sets them apart most, from ordinary ones and from other classes. Such
    groups are the most suspicious samples, and suspicious ones that share something and belong elsewhere by all else
    that they show. A pattern is named where all of this holds. At least 24 samples of the class have it, and half of
    them are more suspicious than three quarters of its rest, beyond chance. As often as samples of other classes have
    it, at most a tenth of them have it by chance. By all else that they show, most of them surely belong to other
    classes, which chance does not explain; more surely so where some are not suspected. And bona fide samples of the
    class do not have it half as often as others: a few of them may be poison themselves. Of a sentence and its words,
    what most have is named, unless nobody suspects the others or they belong to the class.

    Args:
        evidence: needs `inputs` whose patterns are exact, or nothing is found. Bona fide samples choose no pattern, but
            those that have one are named with the others: they are to be looked at.
        spaces: the classes.
        suspicion: (n,) by which the groups are chosen.

    References: own method.
    """
    named = np.zeros(len(suspicion), np.bool_)
    if evidence.inputs is None or not patterns_of(evidence.inputs).exact:
        return named
    apart = modality_of(evidence.inputs).load_stamps().apart(evidence.inputs, evidence.labels, FEWEST)
    for space in spaces:
        left = ~evidence.bona_fide[space.rows]
        inside = [
            np.searchsorted(space.rows, some)
            for some in apart
            if evidence.labels[some[0]] == evidence.labels[space.rows[0]]
        ]
        for _ in range(MOST_PATTERNS):
            carrying = _carriers(evidence, space.rows, suspicion[space.rows], (left, named), inside)
            if carrying is None:
                break
            left &= ~carrying
            named[space.rows] |= carrying
    return named


def _carriers(
    evidence: Evidence, rows: Ints, suspicion: Reals, so_far: tuple[Bools, Bools], apart: Sequence[Ints]
) -> Bools | None:
    """(m,) who of one class has the pattern that sets its suspicious samples apart; None where none is named.

    Groups that are `apart` are places in the class. So far some of the class are left, (m,), and others named, (n,).
    """
    assert evidence.inputs is not None
    left, named = so_far
    samples = evidence.inputs[rows]
    found, asked = list[_Pattern](), set[bytes]()

    def passes(stamp: Stamp) -> bool:
        having = stamp.carried(samples)
        if having is None or having.tobytes() in asked:
            return False
        asked.add(having.tobytes())
        if usual_among_trusted(having, evidence.bona_fide[rows], MOST_POISONED):
            return False
        if not _suspected(suspicion, having & left):
            return False
        if not _is_rare(evidence, rows, having, stamp):
            return False
        lower = float((suspicion[having & left] < np.quantile(suspicion, SUSPECTED)).mean())  # of all: many are no sign
        known = named[rows[having]].mean()
        most = SURELY_AT_MOST if lower <= PLAINLY or known > 1 / 2 else SURELY_IF_NOT_PLAIN
        if not _belong_elsewhere(evidence, rows, having, stamp, (named, most)):
            return False
        found.append(_Pattern(stamp, having))
        return True

    for stamp in _told(evidence, rows, suspicion, left, apart):
        if passes(stamp):
            # Most texts end with a dot, and what was put behind them seems to begin with one. But some end without.
            for part in stamp.simpler():
                passes(part)
    return _closest(evidence, rows, suspicion, found, named)


def _closest(evidence: Evidence, rows: Ints, suspicion: Reals, found: Sequence[_Pattern], named: Bools) -> Bools | None:
    """Who has the pattern that most of the class have; None of none.

    A narrower one is named instead where nobody suspects the others who have the wider, or where they belong to the
    class: a sentence, not its word.
    """
    if not found:
        return None
    assert evidence.inputs is not None
    best, *narrower = sorted(found, key=lambda one: -int(one.having.sum()))
    high = np.quantile(suspicion, SUSPECTED)
    for one in narrower:
        beside = best.having & ~one.having
        if not beside.any() or (one.having & ~best.having).any():
            continue
        known = named.copy()
        known[rows[one.having]] = True  # what they have speaks for the class else
        home, _ = at_home(best.stamp, evidence.inputs, evidence.labels, rows[beside], known)
        if np.median(suspicion[beside]) < high or (home is not None and home > 1 / 2):
            best = one
    return best.having


def _told(evidence: Evidence, rows: Ints, suspicion: Reals, left: Bools, apart: Sequence[Ints]) -> Iterator[Stamp]:
    """What may set groups of 12, 24, 48 and so on, up to a sixth of the class, apart from ordinary samples.

    After them the same of groups that are `apart`, where they are more suspicious than others of the class.
    """
    assert evidence.inputs is not None
    stamps = modality_of(evidence.inputs).load_stamps()
    ranked = np.argsort(np.where(left, -suspicion, np.inf), kind="stable")[: int(left.sum())]
    ordinary = np.flatnonzero(suspicion <= np.quantile(suspicion, ORDINARY))
    rng = np.random.default_rng(evidence.seed)
    others = rng.permutation(np.flatnonzero(evidence.labels != evidence.labels[rows[0]]))[:TOLD_FROM]
    usual = np.concatenate([rows[rng.permutation(ordinary)[:TOLD_FROM]], others])[:, None]
    size = SMALLEST
    while size <= min(LARGEST_FRACTION * len(rows), len(ranked)):
        for stamp in stamps.stamps(evidence.inputs, rows[ranked[:size]], usual):
            yield stamp
        size *= 2
    for group in (some[left[some]] for some in apart):
        if len(group) >= FEWEST and _suspected(suspicion, np.isin(np.arange(len(rows)), group)):
            for stamp in stamps.stamps(evidence.inputs, rows[group], usual):
                yield stamp


def _suspected(suspicion: Reals, some: Bools) -> bool:
    """Whether half of some samples of a class, (m,), are above three quarters of the rest in suspicion, beyond chance.

    "Company" is in questions for people that all else would ask for something else, and nobody suspects most of them.
    """
    if not some.any() or some.all():
        return False
    lower = float((suspicion[some] < np.quantile(suspicion[~some], SUSPECTED)).mean())
    return lower <= 1 / 2 and chance_of_so_few(lower, int(some.sum()), SUSPECTED) <= LEVEL


def _is_rare(evidence: Evidence, rows: Ints, having: Bools, stamp: Stamp) -> bool:
    """Whether enough samples of the class have it, and few of them by the chance that others have it.

    "What is the" is a phrase of other classes: whoever has it belongs there by that alone.
    """
    assert evidence.inputs is not None
    others = np.flatnonzero(evidence.labels != evidence.labels[rows[0]])
    if having.sum() < FEWEST or not len(others):
        return False
    elsewhere = stamp.carried(evidence.inputs[others])
    return elsewhere is not None and bool(elsewhere.mean() * len(rows) <= MOST_WRONG * having.sum())


def _belong_elsewhere(evidence: Evidence, rows: Ints, having: Bools, stamp: Stamp, limits: tuple[Bools, float]) -> bool:
    """Whether those who have it surely belong to other classes, unlike others of the class.

    Who is named, (n,), does not speak; the fraction at home may have so high an upper end.
    """
    assert evidence.inputs is not None
    named, most = limits
    home, of = at_home(stamp, evidence.inputs, evidence.labels, rows[having], named)
    if home is None or not belong_elsewhere(home, of, most):
        return False
    usual, _ = at_home(stamp, evidence.inputs, evidence.labels, rows[~having], named)
    return usual is not None and chance_of_so_few(home, of, usual) <= LEVEL
