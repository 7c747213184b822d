"""Spectral signatures: poison leaves a direction of unusually large variance in the features of its class."""

from typing import Annotated

import numpy as np

from core.detectors import require
from core.detectors.parts.statistics import worst
from core.detectors.parts.subspaces import canonical_order, on_one_core, principal_components
from core.registry import Range
from core.types import Detection, Evidence, Notes

# Times the expected poison that is flagged in every class: the paper's 1.5.
REMOVAL = 1.5


@on_one_core
def spectral_signatures(
    evidence: Evidence,
    *,
    expected_poison_ratio: Annotated[float, Range(0.0, 0.5)] = 0.05,
    n_directions: Annotated[int, Range(1, 64)] = 1,
) -> Detection:
    """The squared projection of the centred activations on the top singular directions of the class.

    Per class: M = features − their mean; s(x) = Σⱼ ⟨M(x), vⱼ⟩² over the top right singular vectors vⱼ of M. As
    published, the 1.5 ε highest of *every* class are flagged, of clean classes too: ε has to be guessed.

    Args:
        evidence: needs `features` (n, d).
        expected_poison_ratio: ε, the fraction of each class that may be poison; 1.5 times as many are flagged.
        n_directions: how many singular vectors; the paper: 1. More find several attacks on one class.

    Returns:
        suspicion: squared units of activation, ≥ 0; 0 in classes of fewer than two samples. Bona fide samples are
        never flagged.

    Raises:
        UserError: activations are missing.

    References: Tran, Li, Madry: Spectral Signatures in Backdoor Attacks, NeurIPS 2018, arXiv 1811.00636.

    >>> import numpy as np
    >>> from core.detectors.spectral_signatures import spectral_signatures
    >>> from core.types import Evidence
    >>> features = np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32)
    >>> features[97:, 0] = 20  # three samples far out in one direction
    >>> evidence = Evidence(np.zeros(100, np.int64), 1, np.zeros(100, np.bool_), features=features)
    >>> sorted(np.argsort(-spectral_signatures(evidence).suspicion)[:3].tolist())
    [97, 98, 99]
    """
    needed = require("spectral_signatures", evidence)
    suspicion = np.zeros(len(evidence.labels), np.float32)
    flagged = np.zeros(len(evidence.labels), np.bool_)
    for index in range(evidence.n_classes):
        rows = np.flatnonzero(evidence.labels == index)
        if len(rows) < 2:
            continue
        rows = rows[canonical_order(needed.features[rows])]
        points = principal_components(needed.features[rows], n_directions, evidence.seed)
        suspicion[rows] = (points**2).sum(1)
        flagged[rows] = worst(suspicion[rows], ~evidence.bona_fide[rows], REMOVAL * expected_poison_ratio)
    figures = {"removed_per_class": REMOVAL * expected_poison_ratio, "n_directions": n_directions}
    return Detection(suspicion, flagged, notes=Notes(figures=figures))
