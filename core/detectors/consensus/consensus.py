"""Consensus: many weak signs of poison, added up, sharpened, and cut where trusted samples say how many are false."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated

import numpy as np

from core.detectors import require
from core.detectors.consensus.folds import Fold, pooled, scored_folds, total
from core.detectors.consensus.pattern_rule import small_poison
from core.detectors.consensus.refinement import with_neighbors
from core.detectors.consensus.signals import Spaces, blind_scores
from core.detectors.parts.calibration import FEWEST_TRUSTED, SHARING
from core.detectors.parts.statistics import (
    Reals,
    benjamini_hochberg,
    cross_conformal,
    normal_scores,
    prevalence,
    prevalence_bound,
    robust_z,
    tail_scores,
    worst,
)
from core.detectors.parts.subspaces import canonical_order, class_spaces, on_one_core
from core.registry import Range
from core.types import Bools, Detection, Evidence, Ints, Scalar

CONFIDENCE, CLEARLY, TAIL, MOST_OF, OUTLIER = 0.99, 0.01, 0.02, 0.75, 3.5
Verdict = tuple[Reals, Bools, dict[str, Scalar], Reals | None, dict[str, Reals]]
RULES = {
    "rate": "false discovery rate: Benjamini–Hochberg on cross-conformal p-values",
    "budget": "estimated prevalence: poison is certain, but too few bona fide samples for the rate asked for",
    "pattern": "shared pattern: too few for the rate, but they carry what no bona fide sample of their class carries",
    "outlier": "outliers: too few bona fide samples for any promise on false discoveries",
}
COSTS = {
    "trajectories": "no loss trajectories: poison that is learned early or late is harder to see",
    "images": "no images: overlays and clean-label patterns may be missed",
    "bona_fide": f"fewer than {FEWEST_TRUSTED} bona fide samples: poison may be missed and clean samples flagged",
}


@on_one_core
def consensus(evidence: Evidence, *, false_discovery_rate: Annotated[float, Range(0.01, 0.5)] = 0.10) -> Detection:
    """The sum of many signs of poison; flagged so that about `false_discovery_rate` of the flagged are clean.

    Fisher's −log(1 − rank/n) of every sign, added up; smoothed over the nearest samples of the class; refined twice by
    what the most suspicious samples of a class share, in activations, trajectories and pixels. Five times over, a fifth
    of the bona fide samples plays the ordinary sample: its scores give conformal p-values, and Benjamini–Hochberg the
    flags. Where these are none, or too few although poison is certain (with 99 % confidence, 1 % of the data or more is
    beyond what clean samples explain), the suspicious samples of a class that share a pattern are flagged
    (`small_poison`), without a promise; should they not explain that 1 %, the estimated share. `notes` name the rule.

    Args:
        evidence: needs `features` (n, d); uses `trajectories`, `images` and (random) bona fide samples where present.
        false_discovery_rate: expected share of clean samples among the flagged ones.

    Returns:
        suspicion: mean normal score over the folds, about −3 to 3; without bona fide samples the sum itself, ≥ 0. Bona
        fide samples are never flagged.
        p_values: cross-conformal, from the same folds; None with fewer than 20 bona fide samples.
        parts: the tail score of each sign, ≥ 0, and what the refinement added to it; higher = more suspicious.

    Raises:
        UserError: activations are missing.

    References: own method; its parts: Alex et al. 2025 (arXiv 2408.13221), Hayase et al. 2021 (arXiv 2104.11315), Bates
    et al.: Testing for Outliers with Conformal p-values, 2023 (arXiv 2104.08279), Benjamini and Hochberg 1995.
    """
    require("consensus", evidence)
    assert evidence.features is not None
    order = canonical_order(evidence.features)
    ordered = reordered(evidence, order)
    spaces = class_spaces(evidence.features[order], ordered.labels, evidence.n_classes, evidence.seed)
    trusting = evidence.bona_fide.sum() >= FEWEST_TRUSTED
    judge = _by_trust(ordered, spaces, false_discovery_rate) if trusting else _by_outlyingness(ordered, spaces)
    suspicion, flagged, notes, p_values, parts = judge
    back = np.argsort(order)
    return Detection(
        suspicion[back].astype(np.float32),
        flagged[back],
        notes=notes | _left_out(evidence),
        p_values=None if p_values is None else p_values[back].astype(np.float32),
        parts={name: values[back].astype(np.float32) for name, values in parts.items()},
    )


def _by_trust(evidence: Evidence, spaces: Spaces, rate: float) -> Verdict:
    folds, signs = scored_folds(evidence, spaces)
    p_values = cross_conformal([(fold.scores, fold.held_out) for fold in folds])
    # Somewhere in the bulk two samples of clean data differ by several percent; poison shows where hardly any are left.
    scores, clean = pooled(folds)
    share, bound = prevalence(scores, clean, tail=TAIL), prevalence_bound(scores, clean, CONFIDENCE, TAIL)
    suspicion = np.mean([normal_scores(fold.scores) for fold in folds], axis=0)
    candidates = ~evidence.bona_fide
    flagged, rule = np.zeros(len(candidates), np.bool_), "rate"
    flagged[candidates] = benjamini_hochberg(p_values[candidates], rate)
    short = bound >= CLEARLY and flagged.mean() < MOST_OF * share
    if short or not flagged.any():
        sharing = small_poison(evidence, spaces, _unrefined(folds))
        # A pattern tells its carriers more exactly than any cut through the scores, where it explains what is certain.
        if sharing.any() and (not short or sharing.mean() >= MOST_OF * bound):
            flagged, rule = flagged | sharing, "pattern"
        elif short:
            flagged, rule = worst(suspicion.astype(np.float32), candidates, share), "budget"
    estimates: dict[str, Scalar] = {"prevalence": share, "prevalence_at_least": bound}
    return suspicion, flagged, _notes(suspicion, flagged, rule, signs) | estimates, p_values, signs


def _unrefined(folds: Sequence[Fold]) -> Reals:
    """(n,) the mean suspicion before any refinement, which would have seen patterns at fixed places."""
    return np.asarray(np.mean([normal_scores(fold.first) for fold in folds], axis=0))


def _by_outlyingness(evidence: Evidence, spaces: Spaces) -> Verdict:
    signs = blind_scores(evidence, spaces)
    suspicion = with_neighbors(total(signs), spaces)
    flagged = (robust_z(suspicion) > OUTLIER) & ~evidence.bona_fide
    parts = {name: tail_scores(values) for name, values in signs.items()}
    return suspicion, flagged, _notes(suspicion, flagged, "outlier", signs), None, parts


def _notes(suspicion: Reals, flagged: Bools, rule: str, signs: Iterable[str]) -> dict[str, Scalar]:
    notes: dict[str, Scalar] = {"rule": RULES[rule], "n_flagged": int(flagged.sum()), "parts": ", ".join(signs)}
    if rule == "pattern":
        notes[SHARING] = int(flagged.sum())
    return notes | ({"threshold": float(suspicion[flagged].min())} if flagged.any() else {})


def _left_out(evidence: Evidence) -> dict[str, Scalar]:
    """What was not there to look at, and what that costs; empty when all was there."""
    lacking = {
        "trajectories": evidence.trajectories is None,
        "images": evidence.inputs is None,
        "bona_fide": evidence.bona_fide.sum() < FEWEST_TRUSTED,
    }
    costs = [COSTS[name] for name, absent in lacking.items() if absent]
    return {"left_out": "; ".join(costs)} if costs else {}


def reordered(evidence: Evidence, order: Ints) -> Evidence:
    """The same evidence with its samples in another order."""
    names = ("labels", "bona_fide", "predicted", "features", "trajectories")
    present = {name: value for name in names if (value := getattr(evidence, name)) is not None}
    inputs = None if evidence.inputs is None else evidence.inputs.take(order)
    return replace(evidence, inputs=inputs, **{name: value[order] for name, value in present.items()})
