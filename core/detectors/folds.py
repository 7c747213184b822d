"""The cross-conformal folds of the consensus: scores that a fifth of the bona fide samples has had no part in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.detectors.ingredients import Spaces, blind_scores, descriptions, trusting_scores, unit_spaces
from core.detectors.refinement import lessons, log_odds, smoothed
from core.detectors.statistics import Reals, prevalence, surprise, tail_scores
from core.detectors.templates import fine_patterns, template_scores
from core.types import Bools, Evidence, Ints

FOLDS, ROUNDS = 5, 2


@dataclass(frozen=True)
class Fold:
    """One fifth of the bona fide samples plays the ordinary sample, to see how high clean samples score.

    Attributes:
        trusted: (n,) the other bona fide samples.
        held_out: rows of this fifth.
        first: (n,) the scores before any refinement: tail scores of all signs, added up and smoothed.
        scores: (n,) the scores now.
    """

    trusted: Bools
    held_out: Ints
    first: Reals
    scores: Reals


def scored_folds(evidence: Evidence, spaces: Spaces) -> tuple[list[Fold], list[str]]:
    """The folds after refinement, and the names of the signs that were added up."""
    folds, signs = _first_folds(evidence, spaces)
    described = descriptions(evidence, spaces)
    for _ in range(ROUNDS):
        share = prevalence(*pooled(folds))
        if share > 0:
            folds = _refined(evidence, folds, spaces, described, share)
    return folds, signs


def pooled(folds: Sequence[Fold]) -> tuple[Reals, Reals]:
    """The scores of all samples in all folds, and those of the held-out samples, each in its own fold."""
    return (
        np.concatenate([fold.scores for fold in folds]),
        np.concatenate([fold.scores[fold.held_out] for fold in folds]),
    )


def total(signs: dict[str, Reals]) -> Reals:
    """(n,) the tail scores of all signs, added up."""
    return np.asarray(np.sum([tail_scores(values) for values in signs.values()], axis=0))


def _first_folds(evidence: Evidence, spaces: Spaces) -> tuple[list[Fold], list[str]]:
    blind, units = blind_scores(evidence, spaces), unit_spaces(evidence)
    rows = np.flatnonzero(evidence.bona_fide)
    turn = np.random.default_rng(evidence.seed).permutation(len(rows)) % FOLDS
    folds: list[Fold] = []
    signs: dict[str, Reals] = {}
    for held_out in (rows[turn == index] for index in range(FOLDS)):
        trusted = evidence.bona_fide.copy()
        trusted[held_out] = False
        signs = blind | trusting_scores(evidence, trusted, spaces, units)
        scores = smoothed(total(signs), spaces)
        folds.append(Fold(trusted, held_out, scores, scores))
    return folds, list(signs)


def _refined(
    evidence: Evidence, folds: Sequence[Fold], spaces: Spaces, described: Sequence[Reals], share: float
) -> list[Fold]:
    """The folds with new scores: the first ones + what their most suspicious samples teach about each class."""
    taught = [lessons(fold.scores, fold.trusted, spaces, share) for fold in folds]
    odds = np.full((len(folds), len(evidence.labels)), np.nan)
    matches = np.zeros_like(odds)
    for of_class, values in zip(zip(*taught, strict=True), described, strict=True):
        rows = next((lesson.rows for lesson in of_class if lesson), None)
        patterns = None if rows is None or evidence.images is None else fine_patterns(evidence.images[rows])
        for fold, lesson in enumerate(of_class):
            if lesson:
                odds[fold, rows] = log_odds(lesson, values)
                if patterns is not None:
                    matches[fold, rows] = surprise(template_scores(patterns, lesson), lesson.negative)
    sums = [tail_scores(fold.first) + tail_scores(_lowest(row)) for fold, row in zip(folds, odds, strict=True)]
    # A template knows each image by itself; smoothing would only blur what it says.
    scores = [smoothed(row, spaces) for row in sums] if evidence.images is None else [*np.add(sums, matches)]
    return [replace(fold, scores=row) for fold, row in zip(folds, scores, strict=True)]


def _lowest(odds: Reals) -> Reals:
    """The odds, with the lowest in place of NaN: a class without positives has shown nothing suspicious."""
    known = np.isfinite(odds)
    return np.where(known, odds, odds[known].min() - 1 if known.any() else 0.0)
