"""Consensus: many weak signals of poison, added up, sharpened, and cut where trusted samples say how many are false."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

import numpy as np

from core.detectors import require
from core.detectors.consensus.exact_patterns import exact_pattern_rule
from core.detectors.consensus.folds import LIKENESS, NEIGHBOURS, PATTERN, pooled, scored_folds, total, without
from core.detectors.consensus.kept_looks import Look, kept_looks
from core.detectors.consensus.pattern_rule import pattern_rule
from core.detectors.consensus.refinement import with_neighbors
from core.detectors.consensus.signals import Spaces, blind_scores, of_length_one
from core.detectors.parts.calibration import FEWEST_TRUSTED
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
from core.modalities.mapped import let_go
from core.registry import Range
from core.types import Bools, Detection, Evidence, Ints, Notes

# Expected fraction of clean samples among the flagged ones, unless another is asked for.
USUAL_RATE = 0.10
# How sure the bound on the prevalence is.
CONFIDENCE = 0.99
# Fraction of the data that has to be poison by that bound before anything is flagged without a promised rate.
CLEARLY = 0.01
# Fraction of the held-out clean samples that a cut of the prevalence may lie above: poison shows where hardly any are.
TAIL = 0.02
# Fraction of the poison that is certain that a rule has to flag, or another rule is asked.
MOST_OF = 0.75
# Robust standard deviations from which on a sample is an outlier, where there are too few bona fide samples.
OUTLIER = 3.5
RULES = {
    "rate": "false discovery rate: Benjamini–Hochberg on cross-conformal p-values",
    "budget": "estimated prevalence: poison is certain, but too few bona fide samples for the rate asked for",
    "pattern": "shared pattern: no rate, but they carry what ordinary samples of their class do not",
    "outlier": "outliers: too few bona fide samples for any promise on false discoveries",
}
COSTS = {
    "trajectories": "no loss trajectories: poison that is learned early or late is harder to see",
    "images": "no images: overlays and clean-label patterns may be missed",
    "bona_fide": f"fewer than {FEWEST_TRUSTED} bona fide samples: poison may be missed and clean samples flagged",
}
# What can be left out: the scores that are added up, and what comes after them.
SCORES = (
    "quantum entropy",
    "bimodality",
    "independent component outliers",
    "frequency matched filter",
    "density ratio",
    "density ratio of directions",
    "BaDLoss",
    "logit trajectories",
)
PATTERN_RULE = "pattern rule"
STEPS = (NEIGHBOURS, LIKENESS, PATTERN, PATTERN_RULE)


def consensus(
    evidence: Evidence, *, false_discovery_rate: Annotated[float, Range(0.01, 0.5)] = USUAL_RATE
) -> Detection:
    """The sum of many signals of poison; flagged so that about `false_discovery_rate` of the flagged are clean.

    Fisher's −log(1 − rank/n) of every score is added up and smoothed over the nearest samples of the class. It is
    refined twice by what the most suspicious samples of a class share, in activations, trajectories and pixels. Five
    times over, a fifth of the bona fide samples plays the ordinary sample: its scores give conformal p-values, and
    Benjamini–Hochberg the flags. These may be none, or too few although poison is certain: with 99 % confidence, 1 % of
    the data or more is beyond what clean samples explain. Then the suspicious samples of a class that share a pattern
    are flagged (`pattern_rule`), without a promise; should they not explain that 1 %, the estimated prevalence. Where a
    sample has a pattern or has it not, such as words, carriers that belong elsewhere come first (`exact_pattern_rule`).
    So they do in the ranking, and Benjamini–Hochberg is asked about the others. `notes` name the rule.

    Args:
        evidence: needs `features` (n, d); uses `trajectories`, `inputs` and (random) bona fide samples where present.
        false_discovery_rate: expected fraction of clean samples among the flagged ones.

    Returns:
        suspicion: mean normal score over the folds, about −3 to 3; without bona fide samples the sum itself, ≥ 0. Bona
        fide samples are never flagged.
        p_values: cross-conformal, from the same folds; None with fewer than 20 bona fide samples.
        scores: the tail score of each kind, ≥ 0, and what the refinement added to it; higher = more suspicious.

    Raises:
        UserError: activations are missing.

    References: own method. It builds on Alex et al. 2025 (arXiv 2408.13221) and Hayase et al. 2021 (arXiv 2104.11315).
    The p-values are those of Bates et al. 2023 (arXiv 2104.08279), the rule is that of Benjamini and Hochberg 1995.

    >>> import numpy as np
    >>> from core.detectors.consensus.consensus import consensus
    >>> from core.types import Evidence
    >>> rng = np.random.default_rng(0)
    >>> features = rng.normal(size=(200, 4)).astype(np.float32)
    >>> features[190:] = 6 + features[190:] / 10  # ten samples close to one another, far from all others
    >>> found = consensus(Evidence(np.zeros(200, np.int64), 1, np.arange(200) < 80, features=features))
    >>> sorted(np.argsort(-found.suspicion)[:10].tolist())
    [190, 191, 192, 193, 194, 195, 196, 197, 198, 199]
    """
    return consensus_without((), evidence, false_discovery_rate)


@on_one_core
def consensus_without(
    left_out: Collection[str], evidence: Evidence, false_discovery_rate: float = USUAL_RATE
) -> Detection:
    """The consensus without some of its `SCORES` or `STEPS`, to see what they are worth.

    Without class likeness all samples of a class are alike; what stays is whether the class has suspicious samples.

    Raises:
        ValueError: it has nothing of that name.
    """
    if strange := set(left_out) - {*SCORES, *STEPS}:
        raise ValueError(f"the consensus has no {', '.join(sorted(strange))}; it has {', '.join((*SCORES, *STEPS))}")
    features = require("consensus", evidence).features
    order = canonical_order(features)
    ordered = reordered(replace(evidence, features=None), order)  # classes read their own, and no other copy is made
    spaces_of = partial(class_spaces, features, ordered.labels, evidence.n_classes, evidence.seed, order=order)
    spaces = spaces_of()
    if evidence.bona_fide.sum() >= FEWEST_TRUSTED:
        with kept_looks(ordered.inputs) as look:
            units = spaces_of(prepared=of_length_one)
            let_go(features)
            answer = _by_trust(ordered, (spaces, units), look, false_discovery_rate, left_out)
    else:
        answer = _by_outlyingness(ordered, spaces, left_out)
    back = np.argsort(order)
    return Detection(
        answer.suspicion[back].astype(np.float32),
        answer.flagged[back],
        notes=replace(answer.notes, left_out=_lacking(evidence)),
        p_values=None if answer.p_values is None else answer.p_values[back].astype(np.float32),
        scores={name: values[back].astype(np.float32) for name, values in answer.scores.items()},
    )


@dataclass(frozen=True)
class _Answer:
    """What the consensus says of samples in canonical order, in double precision; the fields are `Detection`'s."""

    suspicion: Reals
    flagged: Bools
    notes: Notes
    p_values: Reals | None
    scores: Mapping[str, Reals]


def _by_trust(
    evidence: Evidence, both: tuple[Spaces, Spaces], look: Look, rate: float, left_out: Collection[str]
) -> _Answer:
    """The answer with bona fide samples; `both` are the classes, and those of activations of length 1."""
    spaces, units = both
    folds, scores = scored_folds(evidence, spaces, units, look, left_out)
    p_values = cross_conformal([(fold.scores, fold.held_out) for fold in folds])
    # Somewhere in the bulk two samples of clean data differ by several percent; poison shows where hardly any are left.
    everything, clean = pooled(folds)
    fraction = prevalence(everything, clean, tail=TAIL)
    bound = prevalence_bound(everything, clean, CONFIDENCE, TAIL)
    suspicion = np.mean([normal_scores(fold.scores) for fold in folds], axis=0)
    unrefined = np.mean([normal_scores(fold.unrefined) for fold in folds], axis=0)
    carrying = _exactly(evidence, spaces, unrefined, left_out)
    suspicion = _first(suspicion, carrying)
    sharing, doubted = carrying & ~evidence.bona_fide, carrying & evidence.bona_fide
    candidates, exact = ~evidence.bona_fide & ~sharing, bool(sharing.any())
    flagged = sharing.copy()
    flagged[candidates] = benjamini_hochberg(p_values[candidates], rate)
    short = bound >= CLEARLY and flagged.mean() < MOST_OF * fraction
    rule = "pattern" if exact else "rate"
    if (short or not flagged.any()) and not exact and PATTERN_RULE not in left_out:
        sharing = pattern_rule(evidence, spaces, unrefined, look)
    # A pattern tells its carriers more exactly than any cut through the scores, where it explains what is certain.
    if sharing.any() and (not short or sharing.mean() >= MOST_OF * bound):
        flagged, rule = flagged | sharing, "pattern"
    elif short:
        flagged, rule = sharing & exact | worst(suspicion.astype(np.float32), candidates, fraction), "budget"
    notes = _notes(suspicion, flagged, rule, sharing)
    notes = replace(notes, prevalence=fraction, prevalence_at_least=bound, doubted=int(doubted.sum()))
    return _Answer(suspicion, flagged, notes, p_values, _for_that(scores, carrying))


def _exactly(evidence: Evidence, spaces: Spaces, suspicion: Reals, left_out: Collection[str]) -> Bools:
    """(n,) who has a pattern that others have not, where a sample has one or has it not; see `exact_pattern_rule`."""
    none = np.zeros(len(suspicion), np.bool_)
    return none if PATTERN_RULE in left_out else exact_pattern_rule(evidence, spaces, suspicion)


def _first(suspicion: Reals, carrying: Bools) -> Reals:
    """(n,) the same values, the highest for those that carry what gives poison away; otherwise in the same order."""
    if not carrying.any():
        return suspicion
    ordered = np.empty_like(suspicion)
    ordered[np.lexsort((suspicion, carrying))] = np.sort(suspicion)
    return ordered


def _for_that(scores: Mapping[str, Reals], carrying: Bools) -> Mapping[str, Reals]:
    """The scores, with the pattern as the highest of those that carry it: it is why they come first."""
    if not carrying.any():
        return scores
    own = scores.get(PATTERN, np.zeros(len(carrying)))
    return {**scores, PATTERN: np.where(carrying, np.max([values.max() for values in scores.values()]), own)}


def _by_outlyingness(evidence: Evidence, spaces: Spaces, left_out: Collection[str]) -> _Answer:
    scores = without(blind_scores(evidence, spaces), left_out)
    suspicion = total(scores) if NEIGHBOURS in left_out else with_neighbors(total(scores), spaces)
    carrying = _exactly(evidence, spaces, suspicion, left_out)
    suspicion = _first(suspicion, carrying)
    exact = carrying & ~evidence.bona_fide
    flagged, rule = (exact, "pattern") if exact.any() else (robust_z(suspicion) > OUTLIER, "outlier")
    flagged = flagged & ~evidence.bona_fide
    tails = {name: tail_scores(values) for name, values in scores.items()}
    return _Answer(suspicion, flagged, _notes(suspicion, flagged, rule, exact), None, _for_that(tails, carrying))


def _notes(suspicion: Reals, flagged: Bools, rule: str, sharing: Bools) -> Notes:
    threshold = float(suspicion[flagged].min()) if flagged.any() else None
    return Notes(RULES[rule], threshold, sharing_a_pattern=int(sharing.sum()) if rule == "pattern" else 0)


def _lacking(evidence: Evidence) -> str:
    """What was not there to look at, and what that costs; empty when all was there."""
    absent = {
        "trajectories": evidence.trajectories is None,
        "images": evidence.inputs is None,
        "bona_fide": evidence.bona_fide.sum() < FEWEST_TRUSTED,
    }
    return "; ".join(COSTS[name] for name in COSTS if absent[name])


def reordered(evidence: Evidence, order: Ints) -> Evidence:
    """The same evidence with its samples in another order."""
    names = ("labels", "bona_fide", "predicted", "features", "trajectories")
    present = {name: value for name in names if (value := getattr(evidence, name)) is not None}
    inputs = None if evidence.inputs is None else evidence.inputs.take(order)
    return replace(evidence, inputs=inputs, **{name: value[order] for name, value in present.items()})
