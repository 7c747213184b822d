"""The cross-conformal folds of the consensus: scores that a fifth of the bona fide samples has had no part in."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.detectors.consensus.kept_looks import Look
from core.detectors.consensus.refinement import log_odds, smoothed, training_sets
from core.detectors.consensus.signals import Spaces, blind_scores, descriptions, trusting_scores
from core.detectors.consensus.templates import shared_patterns
from core.detectors.parts.calibration import FOLDS, fold_numbers
from core.detectors.parts.statistics import Reals, normal_scores, prevalence, tail_scores
from core.types import Bools, Evidence, Ints

# How often the scores are refined by what the most suspicious samples of a class share; chosen on the tuned regimes.
ROUNDS = 2

# What the refinement adds, by name, and the smoothing: each can be left out to see what it is worth.
LIKENESS = "class likeness"
PATTERN = "shared pattern"
NEIGHBOURS = "neighbours"


@dataclass(frozen=True)
class Fold:
    """One fifth of the bona fide samples plays the ordinary sample, to see how high clean samples score.

    Attributes:
        trusted: (n,) the other bona fide samples.
        held_out: rows of this fifth.
        unrefined: (n,) the scores before any refinement: tail scores of all kinds, added up and smoothed.
        scores: (n,) the scores now.
        added: what the refinement added to them, by name, (n,) each.
    """

    trusted: Bools
    held_out: Ints
    unrefined: Reals
    scores: Reals
    added: Mapping[str, Reals] = field(default_factory=dict)


def scored_folds(
    evidence: Evidence, spaces: Spaces, units: Spaces, look: Look, left_out: Collection[str] = ()
) -> tuple[list[Fold], dict[str, Reals]]:
    """The folds after refinement, and the tail scores (n,) of every kind that was added up, averaged over the folds.

    Args:
        evidence: with bona fide samples.
        spaces: the classes.
        units: the same of activations of length 1.
        look: rows of a class → what is seen of its inputs; see `kept_looks`.
        left_out: names of scores, and of what refines them, to do without.
    """
    folds, scores = _first_folds(evidence, spaces, units, left_out)
    described = descriptions(evidence, spaces)
    for _ in range(ROUNDS):
        fraction = prevalence(*pooled(folds))
        if fraction > 0:
            folds = _refined(evidence, folds, spaces, described, fraction, look=look, left_out=left_out)
    return folds, scores | {name: np.mean([fold.added[name] for fold in folds], axis=0) for name in folds[0].added}


def pooled(folds: Sequence[Fold]) -> tuple[Reals, Reals]:
    """The scores of all samples in all folds, and those of the held-out samples, each in its own fold."""
    return (
        np.concatenate([fold.scores for fold in folds]),
        np.concatenate([fold.scores[fold.held_out] for fold in folds]),
    )


def total(scores: Mapping[str, Reals]) -> Reals:
    """(n,) the tail scores of all kinds, added up."""
    return np.asarray(np.sum([tail_scores(values) for values in scores.values()], axis=0))


def without(scores: Mapping[str, Reals], left_out: Collection[str]) -> dict[str, Reals]:
    """The scores whose names are not left out."""
    return {name: values for name, values in scores.items() if name not in left_out}


def _first_folds(
    evidence: Evidence, spaces: Spaces, units: Spaces, left_out: Collection[str]
) -> tuple[list[Fold], dict[str, Reals]]:
    blind = blind_scores(evidence, spaces)
    rows = np.flatnonzero(evidence.bona_fide)
    number = fold_numbers(len(rows), evidence.seed)
    folds: list[Fold] = []
    means: dict[str, Reals] = {}
    for held_out in (rows[number == index] for index in range(FOLDS)):
        trusted = evidence.bona_fide.copy()
        trusted[held_out] = False
        scores = without(blind | trusting_scores(evidence, trusted, spaces, units), left_out)
        for name, values in scores.items():
            means[name] = means.get(name, 0.0) + tail_scores(values) / FOLDS
        unrefined = _smoothed(total(scores), spaces, left_out)
        folds.append(Fold(trusted, held_out, unrefined, unrefined))
    return folds, means


def _refined(
    evidence: Evidence,
    folds: Sequence[Fold],
    spaces: Spaces,
    described: Sequence[Reals],
    fraction: float,
    *,
    look: Look,
    left_out: Collection[str],
) -> list[Fold]:
    """The folds with new scores: the unrefined ones + what their most suspicious samples show about each class."""
    by_fold = [training_sets(fold.scores, fold.trusted, spaces, fraction) for fold in folds]
    odds = np.full((len(folds), len(evidence.labels)), np.nan)
    matches = np.zeros_like(odds)
    for of_class, values in zip(zip(*by_fold, strict=True), described, strict=True):
        sets = {fold: training_set for fold, training_set in enumerate(of_class) if training_set}
        if not sets:
            continue
        rows = next(iter(sets.values())).rows
        for fold, training_set in sets.items():
            odds[fold, rows] = 0.0 if LIKENESS in left_out else log_odds(training_set, values)
        if evidence.inputs is not None and PATTERN not in left_out:
            matches[np.ix_([*sets], rows)] = shared_patterns(look(rows), [*sets.values()])
    tails = [tail_scores(_lowest(row)) for row in odds]
    sums = [tail_scores(fold.unrefined) + tail for fold, tail in zip(folds, tails, strict=True)]
    # A template knows each image by itself; smoothing would only blur what it says.
    plain = evidence.inputs is None
    scores = [_smoothed(row, spaces, left_out) for row in sums] if plain else [*np.add(sums, matches)]
    added = [{LIKENESS: tail, PATTERN: match} for tail, match in zip(tails, matches, strict=True)]
    return [replace(fold, scores=row, added=parts) for fold, row, parts in zip(folds, scores, added, strict=True)]


def _smoothed(scores: Reals, spaces: Spaces, left_out: Collection[str]) -> Reals:
    return normal_scores(scores) if NEIGHBOURS in left_out else smoothed(scores, spaces)


def _lowest(odds: Reals) -> Reals:
    """The odds, with the lowest in place of NaN: a class without positives has shown nothing suspicious."""
    finite = np.isfinite(odds)
    return np.where(finite, odds, odds[finite].min() - 1 if finite.any() else 0.0)
