"""Density ratio: poison lies near its own kind and far from every sample known to be clean."""

from typing import Annotated

import numpy as np

from core.detectors import require
from core.detectors.parts.scores import density_ratio_scores
from core.detectors.parts.statistics import worst
from core.detectors.parts.subspaces import class_spaces, on_one_core
from core.registry import Range
from core.types import Detection, Evidence, Scalar


@on_one_core
def density_ratio(evidence: Evidence, *, reject_fraction: Annotated[float, Range(0.0, 1.0)] = 0.10) -> Detection:
    """How much farther a sample is from the bona fide samples of its class than from its class; the worst are flagged.

    s(x) = log(distance to the nearest bona fide sample of the class / mean distance to the 5 nearest samples of the
    class), in the top 16 principal directions of the class. Bona fide samples are never flagged.

    Args:
        evidence: needs `features` (n, d) and `bona_fide`.
        reject_fraction: share of all samples to flag.

    Returns:
        suspicion: the log ratio, 0 where both are alike; the median in classes with fewer than two bona fide samples.

    Raises:
        UserError: activations or bona fide samples are missing.

    References: own method; the ratio is that of Local Outlier Factors (Breunig et al., SIGMOD 2000) turned to trust.
    """
    needed = require("density_ratio", evidence)
    ratios = np.full(len(evidence.labels), np.nan)
    for space in class_spaces(needed.features, evidence.labels, evidence.n_classes, evidence.seed):
        ratios[space.rows] = density_ratio_scores(space, evidence.bona_fide)
    known = np.isfinite(ratios)
    suspicion = np.where(known, ratios, np.median(ratios[known]) if known.any() else 0.0).astype(np.float32)
    notes: dict[str, Scalar] = {
        "n_bona_fide": int(evidence.bona_fide.sum()),
        "n_without_reference": int((~known).sum()),
    }
    return Detection(suspicion, worst(suspicion, ~evidence.bona_fide & known, reject_fraction), notes=notes)
