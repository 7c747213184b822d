"""STRIP: a trigger decides the prediction, whatever else is laid over the image."""

from typing import Annotated

import numpy as np
from scipy.special import ndtri

from core.detectors import Required, require
from core.detectors.parts.subspaces import canonical_order
from core.registry import Range
from core.types import Detection, Evidence, Ints, Notes


def strip(
    evidence: Evidence,
    *,
    n_copies: Annotated[int, Range(1, 1000)] = 100,
    false_rejection_rate: Annotated[float, Range(0.0001, 0.5)] = 0.01,
) -> Detection:
    """How certain the model stays when bona fide samples are laid over the image.

    H(x) = mean over N overlays b of the entropy −Σ p log₂ p of the prediction for min(x + b, 1); s(x) = −H(x). As
    published, flagged is what lies below the `false_rejection_rate` quantile of the normal distribution fitted to the
    H of bona fide samples. The overlays are the same for all samples; none is laid over itself.

    Args:
        evidence: needs `model`, `images` and `bona_fide`.
        n_copies: N, at most as many as there are bona fide samples; the paper: 100.
        false_rejection_rate: of clean samples, the fraction that may be flagged; the paper: 0.01.

    Returns:
        suspicion: minus the mean entropy in bits, ≤ 0. Bona fide samples are never flagged.

    Raises:
        UserError: the model, images or bona fide samples are missing.

    References: Gao et al.: STRIP, ACSAC 2019, arXiv 1902.06531.

    >>> import numpy as np
    >>> from torch import nn
    >>> from core.detectors.strip import strip
    >>> from core.modalities.image.inputs import ImageInputs
    >>> from core.types import Evidence
    >>> images = np.random.default_rng(0).integers(0, 100, (8, 4, 4, 1)).astype(np.uint8)
    >>> images[7] = 255  # white stays white, whatever is laid over it
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(16, 2)).eval()
    >>> evidence = Evidence(np.zeros(8, np.int64), 2, np.arange(8) < 4, inputs=ImageInputs(images), model=model)
    >>> strip(evidence, n_copies=4).suspicion.shape
    (8,)
    """
    needed = require("strip", evidence)
    from core.detectors.networks.overlays import (
        mean_entropies,  # torch, which the page that shows the settings never needs
    )

    overlays = _drawn(needed, n_copies)
    entropies = mean_entropies(needed.model, needed.inputs, overlays, evidence.listen)
    clean = entropies[evidence.bona_fide]
    boundary = float(clean.mean() + ndtri(false_rejection_rate) * clean.std())
    notes = Notes(threshold=-boundary, figures={"n_copies": len(overlays)})
    return Detection(-entropies, (entropies < boundary) & ~evidence.bona_fide, notes=notes)


def _drawn(needed: Required, n_copies: int) -> Ints:
    """Rows of the bona fide samples to lay over others, the same ones however the samples are ordered."""
    rows = np.flatnonzero(needed.evidence.bona_fide)
    rows = rows[canonical_order(needed.inputs[rows].reshape(len(rows), -1))]
    return np.random.default_rng(needed.evidence.seed).choice(rows, min(n_copies, len(rows)), replace=False)
