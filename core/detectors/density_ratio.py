"""Density ratio: poison lies near its own kind and far from every sample known to be clean."""

from typing import Annotated

import numpy as np

from core.detectors import require
from core.detectors.parts.scores import density_ratio_scores
from core.detectors.parts.statistics import worst
from core.detectors.parts.subspaces import class_spaces, on_one_core
from core.registry import Range
from core.types import Detection, Evidence, Notes


@on_one_core
def density_ratio(evidence: Evidence, *, reject_fraction: Annotated[float, Range(0.0, 1.0)] = 0.10) -> Detection:
    """How much farther a sample is from the bona fide samples of its class than from its class; the worst are flagged.

    s(x) = log(a / b), in the top 16 principal directions of the class. Here a is the distance to the nearest bona fide
    sample of the class, b the mean distance to the 5 nearest samples of the class. Bona fide samples are never flagged.

    Args:
        evidence: needs `features` (n, d) and `bona_fide`.
        reject_fraction: of all samples, how many to flag.

    Returns:
        suspicion: the log ratio, 0 where both are alike; the median in classes with fewer than two bona fide samples.

    Raises:
        UserError: activations or bona fide samples are missing.

    References: own method; the ratio is that of Local Outlier Factors (Breunig et al., SIGMOD 2000) turned to trust.

    >>> import numpy as np
    >>> from core.detectors.density_ratio import density_ratio
    >>> from core.types import Evidence, Notes
    >>> rng = np.random.default_rng(0)
    >>> features = rng.normal(size=(100, 4)).astype(np.float32)
    >>> features[95:] = 6 + features[95:] / 10  # five samples close to one another, far from all others
    >>> evidence = Evidence(np.zeros(100, np.int64), 1, np.arange(100) < 20, features=features)
    >>> np.flatnonzero(density_ratio(evidence, reject_fraction=0.05).flagged).tolist()
    [95, 96, 97, 98, 99]
    """
    needed = require("density_ratio", evidence)
    ratios = np.full(len(evidence.labels), np.nan)
    for space in class_spaces(needed.features, evidence.labels, evidence.n_classes, evidence.seed):
        ratios[space.rows] = density_ratio_scores(space, evidence.bona_fide)
    compared = np.isfinite(ratios)
    suspicion = np.where(compared, ratios, np.median(ratios[compared]) if compared.any() else 0.0).astype(np.float32)
    figures = {"n_without_reference": int((~compared).sum())}
    notes = Notes(n_bona_fide=int(evidence.bona_fide.sum()), figures=figures)
    return Detection(suspicion, worst(suspicion, ~evidence.bona_fide & compared, reject_fraction), notes=notes)
