"""ABL isolation: a backdoor is learned faster than anything else, so its samples have the lowest early loss."""

from typing import Annotated

from core.detectors import require
from core.detectors.parts.statistics import worst
from core.registry import Range
from core.types import Detection, Evidence, Notes


def abl_isolation(
    evidence: Evidence,
    *,
    isolation_share: Annotated[float, Range(0.0, 0.5)] = 0.01,
    n_epochs: Annotated[int, Range(1, 100)] = 5,
) -> Detection:
    """How low the loss is in the first epochs; the lowest are isolated.

    s(x) = −mean of l(x) over the first `n_epochs` epochs. The paper holds the losses of clean samples up with gradient
    ascent and reads them after 20 epochs. A trace of ordinary training is read early instead, while they are still
    high. It misses poison that is learned late, such as faint triggers.

    Args:
        evidence: needs `trajectories` (n, epochs).
        isolation_share: of all samples, the fraction to flag; the paper: 0.01.
        n_epochs: how many epochs are early; all of them where there are fewer.

    Returns:
        suspicion: minus the mean early loss, ≤ 0. Bona fide samples are never flagged.

    Raises:
        UserError: trajectories are missing.

    References: Li et al.: Anti-Backdoor Learning, NeurIPS 2021, arXiv 2110.11571.

    >>> import numpy as np
    >>> from core.detectors.abl_isolation import abl_isolation
    >>> from core.types import Evidence
    >>> losses = np.float32([[2.0, 0.5], [2.1, 0.4], [1.9, 0.5], [0.1, 0.01]])  # the last is learned at once
    >>> evidence = Evidence(np.zeros(4, np.int64), 1, np.zeros(4, np.bool_), trajectories=losses)
    >>> int(abl_isolation(evidence).suspicion.argmax())
    3
    """
    needed = require("abl_isolation", evidence)
    early = needed.trajectories[:, :n_epochs]
    suspicion = -early.mean(1, dtype="float32")
    flagged = worst(suspicion, ~evidence.bona_fide, isolation_share)
    notes = Notes(figures={"epochs_used": early.shape[1], "isolation_share": isolation_share})
    return Detection(suspicion, flagged, notes=notes)
