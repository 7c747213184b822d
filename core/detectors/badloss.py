"""BaDLoss: poisoned samples are learned along another trajectory than samples known to be clean."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from core.detectors import require
from core.registry import Range
from core.types import Bools, Detection, Evidence, Floats, Scalar

KEPT_EPOCHS = 3
EXPLOSION = 2.0
CHUNK = 65_536


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
    require("badloss", evidence)
    assert evidence.trajectories is not None
    kept = epoch_filter(evidence.trajectories)
    suspicion = bona_fide_distance(evidence.trajectories[:, kept], evidence.bona_fide, n_neighbors)
    flagged = worst(suspicion, ~evidence.bona_fide, reject_fraction)
    notes: dict[str, Scalar] = {
        "epochs_used": int(kept.sum()),
        "epochs_traced": len(kept),
        "n_bona_fide": int(evidence.bona_fide.sum()),
        "reject_fraction": reject_fraction,
    }
    return Detection(suspicion, flagged, notes=notes)


def epoch_filter(trajectories: Floats) -> Bools:
    """(epochs,) True for epochs to use: 0–2, and later ones whose mean loss is < 2 × the mean of the last three kept."""
    means = trajectories.mean(0, dtype=np.float64)
    kept: list[int] = []
    for epoch, mean in enumerate(means):
        if epoch < KEPT_EPOCHS or mean < EXPLOSION * means[kept[-KEPT_EPOCHS:]].mean():
            kept.append(epoch)
    return np.isin(np.arange(len(means)), kept)


def bona_fide_distance(trajectories: Floats, bona_fide: Bools, n_neighbors: int) -> Floats:
    """(n,) mean Euclidean distance to the `n_neighbors` nearest bona fide trajectories other than itself."""
    trusted = np.flatnonzero(bona_fide)
    references = trajectories[trusted].astype(np.float64)
    column = np.full(len(trajectories), -1)
    column[trusted] = np.arange(len(trusted))
    neighbors = max(1, min(n_neighbors, len(trusted) - 1))
    distances = np.empty(len(trajectories), np.float32)
    for start in range(0, len(trajectories), CHUNK):
        part = slice(start, start + CHUNK)
        pairs = _pairwise(trajectories[part].astype(np.float64), references)
        own = np.flatnonzero(column[part] >= 0)
        if len(trusted) > 1:
            pairs[own, column[part][own]] = np.inf
        distances[part] = np.partition(pairs, neighbors - 1, axis=1)[:, :neighbors].mean(1)
    return distances


def worst(suspicion: Floats, may_be_flagged: Bools, fraction: float) -> Bools:
    """(n,) True for the most suspicious `fraction` of all samples among those that may be flagged; ties by position."""
    count = min(round(fraction * len(suspicion)), int(may_be_flagged.sum()))
    order = np.argsort(np.where(may_be_flagged, -suspicion, np.inf), kind="stable")
    flagged = np.zeros(len(suspicion), np.bool_)
    flagged[order[:count]] = True
    return flagged


def _pairwise(points: NDArray[np.float64], references: NDArray[np.float64]) -> NDArray[np.float64]:
    squared = (points**2).sum(1)[:, None] + (references**2).sum(1)[None] - 2 * points @ references.T
    return np.sqrt(np.maximum(squared, 0.0))
