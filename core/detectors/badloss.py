"""BaDLoss: poisoned samples are learned along another trajectory than samples known to be clean."""

from typing import Annotated

from core.detectors import require
from core.detectors.parts.statistics import worst
from core.detectors.parts.trajectories import bona_fide_distance, epoch_filter
from core.registry import Range
from core.types import Detection, Evidence, Notes


def badloss(
    evidence: Evidence,
    *,
    reject_fraction: Annotated[float, Range(0.0, 1.0)] = 0.40,
    n_neighbors: Annotated[int, Range(1, 1000)] = 50,
) -> Detection:
    """The mean distance of each loss trajectory to its nearest bona fide trajectories; the worst are flagged.

    s(x) = 1/k · Σ over the k nearest bona fide b of ‖l(x) − l(b)‖₂, over the epochs that pass the filter. A bona fide
    sample is not its own neighbour, and is never flagged.

    Args:
        evidence: needs `trajectories` (n, epochs) and `bona_fide`.
        reject_fraction: of all samples, how many to flag; the paper: 0.40.
        n_neighbors: k; the paper: 50.

    Returns:
        suspicion: mean distance in units of loss, ≥ 0.

    Raises:
        UserError: trajectories or bona fide samples are missing.

    References: Alex, Siddiqui, Sanyal, Krueger: BaDLoss, ICLR 2025, arXiv 2408.13221.

    >>> import numpy as np
    >>> from core.detectors.badloss import badloss
    >>> from core.types import Evidence, Notes
    >>> losses = np.float32([[2.0, 0.5], [2.1, 0.4], [1.9, 0.5], [2.0, 0.4], [0.1, 0.0]])  # the last is learned at once
    >>> trusted = np.array([True, True, True, False, False])
    >>> evidence = Evidence(np.zeros(5, np.int64), 1, trusted, trajectories=losses)
    >>> badloss(evidence, reject_fraction=0.2, n_neighbors=2).flagged.tolist()
    [False, False, False, False, True]
    """
    needed = require("badloss", evidence)
    kept = epoch_filter(needed.trajectories)
    suspicion = bona_fide_distance(needed.trajectories[:, kept], evidence.bona_fide, n_neighbors)
    flagged = worst(suspicion, ~evidence.bona_fide, reject_fraction)
    figures = {"epochs_used": int(kept.sum()), "epochs_traced": len(kept), "reject_fraction": reject_fraction}
    return Detection(suspicion, flagged, notes=Notes(n_bona_fide=int(evidence.bona_fide.sum()), figures=figures))
