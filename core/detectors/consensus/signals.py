"""The scores that the consensus adds up, by name, one value per sample each; higher = more suspicious."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.detectors.parts.scores import bimodality_scores, density_ratio_scores, quantum_entropy_scores
from core.detectors.parts.statistics import Reals, robust_z
from core.detectors.parts.subspaces import ClassSpace, independent_components, principal_components
from core.detectors.parts.trajectories import bona_fide_distance, epoch_filter, logits, standardised
from core.modalities import modality_of
from core.types import Bools, Evidence, Floats, Inputs, Ints

# Bona fide trajectories that BaDLoss compares with: the paper's 50.
BADLOSS_NEIGHBORS = 50
# Bona fide trajectories that logit trajectories are compared with; chosen on the tuned regimes.
LOGIT_NEIGHBORS = 10
# Principal components of the logit trajectories that describe a sample; chosen on the tuned regimes.
TRAJECTORY_COMPONENTS = 6
Spaces = Sequence[ClassSpace]


def of_length_one(features: NDArray[Any]) -> NDArray[Any]:
    """The activations (m, d) scaled to length 1: what remains is their direction."""
    exact = features.astype(np.float64)
    exact /= np.maximum(np.linalg.norm(exact, axis=1, keepdims=True), 1e-12)
    return exact


def blind_scores(evidence: Evidence, spaces: Spaces) -> dict[str, Reals]:
    """The scores that need no bona fide sample."""
    n, seed = len(evidence.labels), evidence.seed
    components = [independent_components(space.points, seed) for space in spaces]
    scores = {
        "quantum entropy": spread(n, spaces, quantum_entropy_scores),
        "bimodality": np.full(n, np.nan),
        "independent component outliers": np.full(n, np.nan),
    }
    for space, values in zip(spaces, components, strict=True):
        scores["bimodality"][space.rows] = bimodality_scores(values)
        scores["independent component outliers"][space.rows] = np.abs(robust_z(values)).max(1)
    if evidence.inputs is not None:
        scores["frequency matched filter"] = repeated_patterns(evidence.inputs, evidence.labels, evidence.n_classes)
    return scores


def repeated_patterns(inputs: Inputs, labels: Ints, n_classes: int) -> Reals:
    """(n,) how strongly each sample repeats what its class shares, in robust deviations within it; NaN if alone."""
    repeats = modality_of(inputs).load_patterns().repeats(inputs, labels, n_classes)
    scores = np.full(len(labels), np.nan)
    for index in range(n_classes):
        rows = np.flatnonzero((labels == index) & np.isfinite(repeats))
        if len(rows):
            scores[rows] = np.abs(robust_z(repeats[rows]))
    return scores


def trusting_scores(evidence: Evidence, trusted: Bools, spaces: Spaces, units: Spaces) -> dict[str, Reals]:
    """The scores that compare with `trusted` samples; no other bona fide sample is used.

    Args:
        evidence: uses its trajectories, where it has some.
        trusted: (n,) the samples to compare with.
        spaces: the classes.
        units: the same of activations of length 1.
    """
    n = len(trusted)
    scores = {
        "density ratio": spread(n, spaces, lambda space: density_ratio_scores(space, trusted)),
        "density ratio of directions": spread(n, units, lambda space: density_ratio_scores(space, trusted)),
    }
    if evidence.trajectories is not None:
        losses = evidence.trajectories
        kept = losses[:, epoch_filter(losses)]
        scores["BaDLoss"] = bona_fide_distance(kept, trusted, BADLOSS_NEIGHBORS).astype(np.float64)
        scaled = standardised(logits(losses), trusted)
        scores["logit trajectories"] = bona_fide_distance(scaled, trusted, LOGIT_NEIGHBORS).astype(np.float64)
    return scores


def descriptions(evidence: Evidence, spaces: Spaces) -> list[Reals]:
    """For each space (m, f): the principal components of activations and of logit trajectories, standardised."""
    course = _course(evidence.trajectories, evidence.seed) if evidence.trajectories is not None else None
    described = [[space.points] if course is None else [space.points, course[space.rows]] for space in spaces]
    return [np.hstack([_standard(values) for values in both]) for both in described]


def spread(n: int, spaces: Spaces, score: Callable[[ClassSpace], Reals]) -> Reals:
    """(n,) the score of each class at its rows; NaN for samples of classes without a space."""
    values = np.full(n, np.nan)
    for space in spaces:
        values[space.rows] = score(space)
    return values


def _course(trajectories: Floats, seed: int) -> Reals:
    return principal_components(logits(trajectories), TRAJECTORY_COMPONENTS, seed)


def _standard(values: Reals) -> Reals:
    spread_of = values.std(0)
    return np.asarray((values - values.mean(0)) / np.where(spread_of > 1e-9, spread_of, 1.0))
