"""Conformal p-values for any detector: how rare so high a suspicion is among samples that are known to be clean.

A p-value is valid where the bona fide sample that is counted was scored as any other sample. So a detector that
compares with the bona fide samples runs five more times, each time without a fifth of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from core.detectors.parts.statistics import cross_conformal
from core.detectors.parts.subspaces import remembered_spaces
from core.types import Detection, Evidence, Floats, Ints

# Bona fide samples below which there are no p-values: with m of them the least is 1/(m + 1).
FEWEST_TRUSTED = 20
# Folds: each holds out a fifth of the bona fide samples, and costs one more run of the detector.
FOLDS = 5
Configured = Callable[[Evidence], Detection]  # a detector with its settings


def compares(needs: Sequence[str]) -> bool:
    """Whether a detector with these needs scores a bona fide sample unlike the others, so that folds are due.

    One that asks the model, too, takes bona fide samples as material only, and is run once. A sample that is material
    for its own score looks more suspicious, if anything. So the p-values err on the careful side.
    """
    return "bona_fide" in needs and "model" not in needs


def calibrated(detector: Configured, evidence: Evidence, *, in_folds: bool) -> Detection:
    """What the detector says, with p-values: its own, else conformal ones, else None.

    Args:
        detector: with its settings.
        evidence: with at least 20 random bona fide samples, or there are no p-values.
        in_folds: 5-fold cross-conformal (`compares`), else split conformal on the scores as they are.

    Returns:
        p_values: p = (1 + #{held-out bona fide samples scored at least as high, each in its own fold}) / (1 + m). Those
        of bona fide samples themselves mean nothing.

    References: Vovk: Cross-conformal predictors, 2015; Bates et al.: Testing for Outliers with Conformal p-values,
    2023, arXiv 2104.08279.
    """
    with remembered_spaces():
        detection = detector(evidence)
        trusted = np.flatnonzero(evidence.bona_fide)
        if detection.p_values is not None or len(trusted) < FEWEST_TRUSTED:
            return detection
        folds = _folds(detector, evidence, trusted) if in_folds else [(detection.suspicion, trusted)]
    p_values = cross_conformal([(scores.astype(np.float64), held_out) for scores, held_out in folds])
    return replace(detection, p_values=p_values.astype(np.float32))


def fold_numbers(n_trusted: int, seed: int) -> Ints:
    """(m,) the fold in which each bona fide sample is held out, at random and evenly."""
    return np.asarray(np.random.default_rng(seed).permutation(n_trusted) % FOLDS)


def _folds(detector: Configured, evidence: Evidence, trusted: Ints) -> list[tuple[Floats, Ints]]:
    """For each fold the scores (n,) of all samples and the rows of the fifth that played ordinary samples."""
    number, folds = fold_numbers(len(trusted), evidence.seed), []
    for rows in (trusted[number == index] for index in range(FOLDS)):
        rest = evidence.bona_fide.copy()
        rest[rows] = False
        folds.append((detector(replace(evidence, bona_fide=rest)).suspicion, rows))
    return folds
