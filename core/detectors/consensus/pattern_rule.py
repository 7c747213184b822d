"""The pattern rule: the few most suspicious samples of a class, where they carry a pattern that nobody else does.

What a fixed trigger leaves behind can be tested without bona fide samples. The pattern is learned from two thirds of
the suspicious images and looked for in the last third. So the rest of the class says how often it is seen by chance.
"""

from collections.abc import Sequence

import numpy as np

from core.detectors.consensus import residuals
from core.detectors.consensus.kept_looks import Look
from core.detectors.consensus.refinement import THIRDS, TrainingSet, training_set
from core.detectors.consensus.residuals import seen_by, strength, surroundings
from core.detectors.consensus.signals import Spaces
from core.detectors.consensus.templates import Patterns, looks, patterns_of, template_scores
from core.detectors.parts.statistics import Reals
from core.types import Bools, Evidence, Inputs

# Samples of the smallest group that is tried; chosen on the tuned regimes.
SMALLEST = 12
# Fraction of the class that the largest group may be; a larger one is no exception in its class.
LARGEST_FRACTION = 1 / 6
# Fraction of the class, from the least suspicious, that counts as ordinary.
ORDINARY = 0.60
# Standard deviations of ordinary samples by which the group's median has to match; chosen on the tuned regimes.
CLEAR = 6.0
# Fractions of that median from which on a sample carries the pattern; the second where the first is not clear enough.
REACHING = (1 / 4, 1 / 2)
# Fraction of the carriers that may be there by chance.
MOST_WRONG = 0.10
# Standard deviations by which carriers agree beyond their look-alikes: what a rare kind of clean image does not.
BEYOND_KIN = 4.0


def pattern_rule(evidence: Evidence, spaces: Spaces, suspicion: Reals, look: Look | None = None) -> Bools:
    """(n,) True for samples that carry a pattern learned from the most suspicious ones of their class.

    A class is only named where all of this holds, counted on images that had no part in the pattern. The median of the
    suspicious group matches it 6 standard deviations better than ordinary samples of the class do. Whoever of the upper
    40 % comes a quarter as far carries it, or half as far where that is not clear enough. No bona fide sample does, and
    by the ordinary ones at most a tenth of the carriers are there by chance. And carriers differ so from their nearest
    look-alikes, each other included: a rare kind of clean image has its own kind for look-alikes. A trigger is on
    images that are otherwise unlike.

    Args:
        evidence: needs `images`, or nothing is found; bona fide samples are never named. Nor is anybody where a sample
            has a pattern or has it not: see `exact_patterns`.
        spaces: the classes.
        suspicion: (n,) by which the groups are chosen; it may not have seen patterns at fixed places.
        look: rows of a class → what is seen of its inputs, as of `kept_looks`; None looks anew.

    References: own method; templates after Tibshirani et al. 2002, as in `core.detectors.consensus.templates`.
    """
    carrying = np.zeros(len(suspicion), np.bool_)
    if evidence.inputs is None or patterns_of(evidence.inputs).exact:
        return carrying
    inputs = evidence.inputs
    for space in spaces:
        seen = look(space.rows) if look else looks(inputs.take(space.rows))
        carrying[space.rows] = carriers(seen, suspicion[space.rows], evidence.bona_fide[space.rows])
    return _beyond_kin(evidence.inputs, evidence.seed, spaces, carrying) if carrying.any() else carrying


def carriers(seen: Sequence[Patterns], suspicion: Reals, trusted: Bools) -> Bools:
    """(m,) who carries the pattern of one class's most suspicious samples; nobody where it does not convince.

    Groups of 12, 24, 48 and so on up to a sixth of the class are tried; the one with the most carriers in it counts.
    """
    best, most = np.zeros(len(suspicion), np.bool_), 0
    upper = suspicion > np.quantile(suspicion, ORDINARY) if len(suspicion) else best
    sets: list[TrainingSet] = []
    while SMALLEST * 2 ** len(sets) <= LARGEST_FRACTION * len(suspicion):
        sets.append(_training_set(suspicion, trusted, upper, SMALLEST * 2 ** len(sets)))
    for learned_from, matching in zip(sets, _deviations(seen, sets) if sets else (), strict=True):
        middle = float(np.median(matching[learned_from.positive]))
        for alike in (matching >= middle * fraction for fraction in REACHING if middle >= CLEAR):
            carrying, by_chance = upper & alike, alike[learned_from.negative].mean() * upper.sum()
            if by_chance <= MOST_WRONG * carrying.sum() and not carrying[trusted].any():
                members = int(carrying[learned_from.positive].sum())
                best, most = (carrying, members) if members > most else (best, most)
                break
    return best


def _training_set(suspicion: Reals, trusted: Bools, upper: Bools, count: int) -> TrainingSet:
    """The `count` most suspicious samples against the ordinary ones: the lowest 60 %, and all bona fide ones."""
    positive = np.zeros(len(suspicion), np.bool_)
    positive[np.argsort(np.where(trusted, np.inf, -suspicion), kind="stable")[:count]] = True
    negative = (~upper | trusted) & ~positive
    return training_set(np.arange(len(suspicion)), positive, negative, np.ones(len(suspicion)))


def _deviations(seen: Sequence[Patterns], sets: Sequence[TrainingSet]) -> list[Reals]:
    """For each set (m,) the scores in standard deviations of its ordinary samples, the mean over all ways to look."""
    by_way = [template_scores(patterns, sets) for patterns in seen]
    return [
        np.asarray(np.mean([_in_deviations(row, learned_from) for row in rows], axis=0))
        for learned_from, rows in zip(sets, zip(*by_way, strict=True), strict=True)
    ]


def _in_deviations(scores: Reals, learned_from: TrainingSet) -> Reals:
    """(m,) from the mean of the ordinary samples; each third has its own template, and so its own mean."""
    centred = scores.copy()
    for scored in (learned_from.third == index for index in range(THIRDS)):
        centred[scored] -= scores[scored & learned_from.negative].mean()
    spread = float(centred[learned_from.negative].std())
    return centred / spread if spread > 0 else np.zeros_like(centred)


def _beyond_kin(inputs: Inputs, seed: int, spaces: Spaces, carrying: Bools) -> Bools:
    """The carriers, less those of classes where they have nothing that their nearest look-alikes do not have."""
    order = np.random.default_rng(seed).permutation(len(carrying))
    around = surroundings(inputs, np.zeros_like(carrying), order)
    kept = np.zeros_like(carrying)
    for way in patterns_of(inputs).ways:
        undecided = [rows for space in spaces if len(rows := space.rows[(carrying & ~kept)[space.rows]])]
        if around is None or not undecided:
            break
        around = around if around.way is way else seen_by(way, around)
        for rows in undecided:
            seen = residuals.look(around, rows)
            kept[rows] = strength(seen.values, seen.reference) >= BEYOND_KIN
    return kept
