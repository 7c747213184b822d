"""BaDLoss: poisoned samples are learned along another trajectory than samples known to be clean."""

from typing import Annotated

from core.detectors import require
from core.detectors.parts.statistics import worst
from core.detectors.parts.trajectories import bona_fide_distance, epoch_filter
from core.registry import Range
from core.types import Detection, Evidence, Scalar


def badloss(
    evidence: Evidence,
    *,
    reject_fraction: Annotated[float, Range(0.0, 1.0)] = 0.40,
    n_neighbors: Annotated[int, Range(1, 1000)] = 50,
) -> Detection:
    """The mean distance of each loss trajectory to its nearest bona fide trajectories; the worst share is flagged.

    s(x) = 1/k · Σ over the k nearest bona fide b of ‖l(x) − l(b)‖₂, over the epochs that pass the filter. A bona fide
    sample is not its own neighbour, and is never flagged.

    Args:
        evidence: needs `trajectories` (n, epochs) and `bona_fide`.
        reject_fraction: share of all samples to flag; the paper: 0.40.
        n_neighbors: k; the paper: 50.

    Returns:
        suspicion: mean distance in units of loss, ≥ 0.

    Raises:
        UserError: trajectories or bona fide samples are missing.

    References: Alex, Siddiqui, Sanyal, Krueger: BaDLoss, ICLR 2025, arXiv 2408.13221.
    """
    needed = require("badloss", evidence)
    kept = epoch_filter(needed.trajectories)
    suspicion = bona_fide_distance(needed.trajectories[:, kept], evidence.bona_fide, n_neighbors)
    flagged = worst(suspicion, ~evidence.bona_fide, reject_fraction)
    notes: dict[str, Scalar] = {
        "epochs_used": int(kept.sum()),
        "epochs_traced": len(kept),
        "n_bona_fide": int(evidence.bona_fide.sum()),
        "reject_fraction": reject_fraction,
    }
    return Detection(suspicion, flagged, notes=notes)
