"""The cross-conformal folds of the consensus: scores that a fifth of the bona fide samples has had no part in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.detectors.consensus.refinement import lessons, log_odds, smoothed
from core.detectors.consensus.signals import Spaces, blind_scores, descriptions, trusting_scores, unit_spaces
from core.detectors.consensus.templates import shared_patterns
from core.detectors.parts.calibration import FOLDS, turns
from core.detectors.parts.statistics import Reals, prevalence, tail_scores
from core.types import Bools, Evidence, Ints

ROUNDS = 2


@dataclass(frozen=True)
class Fold:
    """One fifth of the bona fide samples plays the ordinary sample, to see how high clean samples score.

    Attributes:
        trusted: (n,) the other bona fide samples.
        held_out: rows of this fifth.
        first: (n,) the scores before any refinement: tail scores of all signs, added up and smoothed.
        scores: (n,) the scores now.
        learned: what the refinement added to them, by name, (n,) each.
    """

    trusted: Bools
    held_out: Ints
    first: Reals
    scores: Reals
    learned: Mapping[str, Reals] = field(default_factory=dict)


def scored_folds(evidence: Evidence, spaces: Spaces) -> tuple[list[Fold], dict[str, Reals]]:
    """The folds after refinement, and the tail scores (n,) of every sign that was added up, averaged over the folds."""
    folds, signs = _first_folds(evidence, spaces)
    described = descriptions(evidence, spaces)
    for _ in range(ROUNDS):
        share = prevalence(*pooled(folds))
        if share > 0:
            folds = _refined(evidence, folds, spaces, described, share)
    return folds, signs | {name: np.mean([fold.learned[name] for fold in folds], axis=0) for name in folds[0].learned}


def pooled(folds: Sequence[Fold]) -> tuple[Reals, Reals]:
    """The scores of all samples in all folds, and those of the held-out samples, each in its own fold."""
    return (
        np.concatenate([fold.scores for fold in folds]),
        np.concatenate([fold.scores[fold.held_out] for fold in folds]),
    )


def total(signs: dict[str, Reals]) -> Reals:
    """(n,) the tail scores of all signs, added up."""
    return np.asarray(np.sum([tail_scores(values) for values in signs.values()], axis=0))


def _first_folds(evidence: Evidence, spaces: Spaces) -> tuple[list[Fold], dict[str, Reals]]:
    blind, units = blind_scores(evidence, spaces), unit_spaces(evidence)
    rows = np.flatnonzero(evidence.bona_fide)
    turn = turns(len(rows), evidence.seed)
    folds: list[Fold] = []
    shares: dict[str, Reals] = {}
    for held_out in (rows[turn == index] for index in range(FOLDS)):
        trusted = evidence.bona_fide.copy()
        trusted[held_out] = False
        signs = blind | trusting_scores(evidence, trusted, spaces, units)
        for name, values in signs.items():
            shares[name] = shares.get(name, 0.0) + tail_scores(values) / FOLDS
        scores = smoothed(total(signs), spaces)
        folds.append(Fold(trusted, held_out, scores, scores))
    return folds, shares


def _refined(
    evidence: Evidence, folds: Sequence[Fold], spaces: Spaces, described: Sequence[Reals], share: float
) -> list[Fold]:
    """The folds with new scores: the first ones + what their most suspicious samples teach about each class."""
    taught = [lessons(fold.scores, fold.trusted, spaces, share) for fold in folds]
    odds = np.full((len(folds), len(evidence.labels)), np.nan)
    matches = np.zeros_like(odds)
    for of_class, values in zip(zip(*taught, strict=True), described, strict=True):
        known = {fold: lesson for fold, lesson in enumerate(of_class) if lesson}
        if not known:
            continue
        rows = next(iter(known.values())).rows
        for fold, lesson in known.items():
            odds[fold, rows] = log_odds(lesson, values)
        if evidence.inputs is not None:
            matches[np.ix_([*known], rows)] = shared_patterns(evidence.inputs[rows], [*known.values()])
    tails = [tail_scores(_lowest(row)) for row in odds]
    sums = [tail_scores(fold.first) + tail for fold, tail in zip(folds, tails, strict=True)]
    # A template knows each image by itself; smoothing would only blur what it says.
    scores = [smoothed(row, spaces) for row in sums] if evidence.inputs is None else [*np.add(sums, matches)]
    learned = [{"class lesson": tail, "shared pattern": match} for tail, match in zip(tails, matches, strict=True)]
    return [replace(fold, scores=row, learned=one) for fold, row, one in zip(folds, scores, learned, strict=True)]


def _lowest(odds: Reals) -> Reals:
    """The odds, with the lowest in place of NaN: a class without positives has shown nothing suspicious."""
    known = np.isfinite(odds)
    return np.where(known, odds, odds[known].min() - 1 if known.any() else 0.0)
