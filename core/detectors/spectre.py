"""SPECTRE: spectral signatures, seen through the covariance that the class has without its poison."""

from typing import Annotated

import numpy as np
from scipy.linalg import eigh

from core.detectors import require
from core.detectors.parts.scores import entropy_weights, quantum_entropy
from core.detectors.parts.statistics import Reals, worst
from core.detectors.parts.subspaces import SAMPLES_PER_COMPONENT, canonical_order, on_one_core, principal_components
from core.registry import Range
from core.types import Bools, ClassFinding, Detection, Evidence, Notes

# Times the expected poison that is flagged in every class: the paper's 1.5.
REMOVAL = 1.5
# Principal directions at most: each costs a covariance of that side, for every number of them that is tried.
MOST_DIMENSIONS = 64
# Numbers of directions that are tried, from 1 to the most, spaced as squares.
TRIALS = 8


@on_one_core
def spectre(evidence: Evidence, *, expected_poison_ratio: Annotated[float, Range(0.0, 0.5)] = 0.05) -> Detection:
    """The quantum entropy score of activations whitened by a robust covariance, in the number of dimensions that fits.

    Each class is looked at in its k = 1 … 64 top principal directions, a tenth of its size at most. Its samples are
    whitened by the covariance of the bulk. Then s(x) = xᵀ e^Q x / tr e^Q with Q = α(Σ − I)/(‖Σ‖ − 1), α = 4. As
    published, the k is taken whose 1.5 ε highest samples, once gone, leave the covariance in which all samples stand
    out most. These are flagged, in clean classes too. Only the robust covariance is simpler than the paper's: of the
    central 75 %, trimmed three times. Chosen over Beatrix because it reads what every run has: activations of one
    layer, no forward pass, no bona fide sample.

    Args:
        evidence: needs `features` (n, d).
        expected_poison_ratio: ε, the fraction of each class that may be poison; 1.5 times as many are flagged.

    Returns:
        suspicion: ≥ 0, about 1 for ordinary samples; 0 in classes too small for one direction. Bona fide samples are
        never flagged.

    Raises:
        UserError: activations are missing.

    References: Hayase, Kong, Somani, Oh: SPECTRE, ICML 2021, arXiv 2104.11315.

    >>> import numpy as np
    >>> from core.detectors.spectre import spectre
    >>> from core.types import Evidence
    >>> features = np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32)
    >>> features[97:, 0] = 20  # three samples far out in one direction
    >>> evidence = Evidence(np.zeros(100, np.int64), 1, np.zeros(100, np.bool_), features=features)
    >>> sorted(np.argsort(-spectre(evidence).suspicion)[:3].tolist())
    [97, 98, 99]
    """
    needed = require("spectre", evidence)
    suspicion = np.zeros(len(evidence.labels), np.float32)
    flagged = np.zeros(len(evidence.labels), np.bool_)
    classes: dict[int, ClassFinding] = {}
    for index in range(evidence.n_classes):
        rows = np.flatnonzero(evidence.labels == index)
        limit = min(MOST_DIMENSIONS, len(rows) // SAMPLES_PER_COMPONENT)
        if not limit:
            continue
        rows = rows[canonical_order(needed.features[rows])]
        points = principal_components(needed.features[rows], limit, evidence.seed)
        scores, flagged[rows], dimensions = _best(points, ~evidence.bona_fide[rows], REMOVAL * expected_poison_ratio)
        suspicion[rows] = scores
        classes[index] = ClassFinding(figures={"dimensions": dimensions})
    notes = Notes(figures={"removed_per_class": REMOVAL * expected_poison_ratio})
    return Detection(suspicion, flagged, notes=notes, classes=classes)


def _best(points: Reals, may_be_flagged: Bools, fraction: float) -> tuple[Reals, Bools, int]:
    """Scores and flags in the number of dimensions whose flags, once removed, let the class stand out most."""
    tried = []
    for k in np.unique(np.rint(np.linspace(1, points.shape[1] ** 0.5, TRIALS) ** 2).astype(int)):
        scores = quantum_entropy(points[:, :k])
        flagged = worst(scores.astype(np.float32), may_be_flagged, fraction)
        tried.append((standing_out(points, ~flagged), scores, flagged, int(k)))
    return max(tried, key=lambda outcome: outcome[0])[1:]


def standing_out(points: Reals, kept: Bools) -> float:
    """tr(Σ e^Q) / tr e^Q for all points whitened by the covariance of those kept: their mean quantum entropy score."""
    everything = np.cov(points, rowvar=False).reshape(points.shape[1], -1)
    reference = np.cov(points[kept], rowvar=False).reshape(points.shape[1], -1)
    floor = 1e-6 * max(float(np.trace(everything)), 1e-30)
    values = eigh(everything, reference + floor * np.eye(len(reference)), eigvals_only=True)
    return float(values @ entropy_weights(values))
