"""Logit trajectories: BaDLoss on a scale that neither the first epochs nor hard clean samples dominate."""

from typing import Annotated

from core.detectors import require
from core.detectors.parts.statistics import worst
from core.detectors.parts.trajectories import bona_fide_distance, logits, standardised
from core.registry import Range
from core.types import Detection, Evidence, Notes


def logit_trajectories(
    evidence: Evidence,
    *,
    reject_fraction: Annotated[float, Range(0.0, 1.0)] = 0.10,
    n_neighbors: Annotated[int, Range(1, 1000)] = 10,
) -> Detection:
    """The mean distance of each standardised logit trajectory to its nearest bona fide ones; the worst are flagged.

    g = log(p/(1−p)) with p = exp(−loss), each epoch as (g − median)/(sd + 0.1) of the bona fide samples. A bona fide
    sample is not its own neighbour, and is never flagged.

    Args:
        evidence: needs `trajectories` (n, epochs) and `bona_fide`.
        reject_fraction: of all samples, how many to flag.
        n_neighbors: how many bona fide trajectories to compare with.

    Returns:
        suspicion: mean distance in standard deviations, ≥ 0.

    Raises:
        UserError: trajectories or bona fide samples are missing.

    References: own variant of Alex, Siddiqui, Sanyal, Krueger: BaDLoss, ICLR 2025, arXiv 2408.13221.

    >>> import numpy as np
    >>> from core.detectors.logit_trajectories import logit_trajectories
    >>> from core.types import Evidence
    >>> losses = np.float32([[2.0, 0.5], [2.1, 0.4], [1.9, 0.5], [2.0, 0.4], [0.1, 0.01]])  # the last: at once
    >>> trusted = np.array([True, True, True, False, False])
    >>> evidence = Evidence(np.zeros(5, np.int64), 1, trusted, trajectories=losses)
    >>> int(logit_trajectories(evidence, n_neighbors=2).suspicion.argmax())
    4
    """
    needed = require("logit_trajectories", evidence)
    scaled = standardised(logits(needed.trajectories), evidence.bona_fide)
    suspicion = bona_fide_distance(scaled, evidence.bona_fide, n_neighbors)
    notes = Notes(n_bona_fide=int(evidence.bona_fide.sum()), figures={"epochs_traced": scaled.shape[1]})
    return Detection(suspicion, worst(suspicion, ~evidence.bona_fide, reject_fraction), notes=notes)
