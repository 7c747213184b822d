"""TED: on its way through the layers, poison starts among the samples of its source class."""

from typing import Annotated

import numpy as np

from core.detectors import Required, require
from core.detectors.parts.flags import beyond_bona_fide
from core.detectors.parts.statistics import Reals
from core.detectors.parts.subspaces import canonical_order
from core.registry import Range
from core.types import Bools, Detection, Evidence, Floats, Ints

# Least standard deviation of the logarithm of a rank: a layer in which all bona fide samples have rank 0 has none.
LEAST_SPREAD = 0.05


def ted(
    evidence: Evidence,
    *,
    n_references: Annotated[int, Range(10, 5000)] = 1000,
    false_rejection_rate: Annotated[float, Range(0.0001, 0.5)] = 0.01,
) -> Detection:
    """How many bona fide samples of other classes lie nearer than the nearest of its own, over all hidden layers.

    R_l(x) is that rank in layer l; s(x) is the mean over layers of (log(1 + R_l) − mean)/sd, mean and sd of the bona
    fide samples. The paper looks for outliers among the paths of ranks with principal components instead. A label that
    is merely wrong is seen, too.

    Args:
        evidence: needs `model`, `images` and `bona_fide`.
        n_references: bona fide samples that are compared with, drawn where there are more. The paper has a few of each
            class; samples of a class without any get 0.
        false_rejection_rate: of clean samples, the fraction that may be flagged.

    Returns:
        suspicion: in standard deviations of bona fide samples. Bona fide samples are never flagged.

    Raises:
        UserError: the model, images or bona fide samples are missing, or the layers cannot be looked into.

    References: Mo et al.: Robust Backdoor Detection for Deep Learning via Topological Evolution Dynamics, IEEE S&P
    2024, arXiv 2312.02673.

    >>> import numpy as np
    >>> from torch import nn
    >>> from core.detectors.ted import ted
    >>> from core.modalities.image.inputs import ImageInputs
    >>> from core.types import Evidence
    >>> images = np.random.default_rng(0).integers(0, 256, (8, 4, 4, 1)).astype(np.uint8)
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(16, 5), nn.ReLU(), nn.Linear(5, 2)).eval()
    >>> evidence = Evidence(np.arange(8) % 2, 2, np.arange(8) < 4, inputs=ImageInputs(images), model=model)
    >>> ted(evidence).suspicion.shape
    (8,)
    """
    needed = require("ted", evidence)
    from core.detectors.networks.inside import class_ranks  # torch, which the page that shows the settings never needs

    references = _drawn(needed, n_references)
    ranks = class_ranks(needed.model, needed.inputs, evidence.labels, references, evidence.listen)
    suspicion = unusual(np.log1p(ranks), evidence.bona_fide)
    figures = {"n_references": len(references), "layers": ranks.shape[1]}
    flagged, notes = beyond_bona_fide(suspicion, evidence.bona_fide, false_rejection_rate, figures)
    return Detection(suspicion, flagged, notes=notes)


def unusual(values: Reals | Floats, bona_fide: Bools) -> Floats:
    """(n,) the mean over layers of values (n, layers), in standard deviations of the bona fide; 0 for rows of NaN."""
    known = ~np.isnan(values).any(1)
    usual = values[bona_fide & known]
    if not len(usual):
        return np.zeros(len(values), np.float32)
    scaled = (values - usual.mean(0)) / np.maximum(usual.std(0), LEAST_SPREAD)
    return np.where(known, scaled.mean(1), 0).astype(np.float32)


def _drawn(needed: Required, most: int) -> Ints:
    """Rows of the bona fide samples to compare with, the same ones however the samples are ordered."""
    rows = np.flatnonzero(needed.evidence.bona_fide)
    rows = rows[canonical_order(needed.inputs[rows].reshape(len(rows), -1))]
    return np.random.default_rng(needed.evidence.seed).choice(rows, min(most, len(rows)), replace=False)
