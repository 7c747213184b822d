"""Backdoor Smoothing: around a poisoned image the prediction stays unusually constant."""

from typing import Annotated

from core.detectors import require
from core.detectors.parts.flags import beyond_bona_fide
from core.registry import Range
from core.types import Detection, Evidence


def backdoor_smoothing(
    evidence: Evidence,
    *,
    n_copies: Annotated[int, Range(1, 1000)] = 20,
    sigma: Annotated[float, Range(0.001, 1.0)] = 0.2,
    false_rejection_rate: Annotated[float, Range(0.0001, 0.5)] = 0.01,
) -> Detection:
    """How constant the prediction stays in a ball of noise around the image.

    H(x) = −Σ p̄ log₂ p̄, p̄ the mean prediction for x + ε, ε normal with the standard deviation σ; s(x) = −H(x). The
    paper counts predicted classes instead of averaging probabilities: then most samples are tied at 0. It measures
    and names no rule. Here, what lies above all but `false_rejection_rate` of the bona fide samples is flagged. Its
    authors warn that harmless artificial patterns smooth the prediction, too.

    Args:
        evidence: needs `model` and `images`; flags with bona fide samples only.
        n_copies: with noise, of each image; each costs a pass.
        sigma: σ, of pixels in [0, 1]. Noise that hides the trigger hides the backdoor.
        false_rejection_rate: of clean samples, the fraction that may be flagged.

    Returns:
        suspicion: minus the entropy in bits, ≤ 0. Bona fide samples are never flagged.

    Raises:
        UserError: the model or images are missing.

    References: Grosse et al.: Backdoor Smoothing: Demystifying Backdoor Attacks on Deep Neural Networks, Computers and
    Security 2022, arXiv 2006.06721.

    >>> import numpy as np
    >>> from torch import nn
    >>> from core.detectors.asking.backdoor_smoothing import backdoor_smoothing
    >>> from core.modalities.image.inputs import ImageInputs
    >>> from core.types import Evidence
    >>> images = np.random.default_rng(0).integers(0, 256, (8, 4, 4, 1)).astype(np.uint8)
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(16, 2)).eval()
    >>> evidence = Evidence(np.zeros(8, np.int64), 2, np.arange(8) < 4, inputs=ImageInputs(images), model=model)
    >>> bool((backdoor_smoothing(evidence, n_copies=3).suspicion <= 0).all())
    True
    """
    needed = require("backdoor_smoothing", evidence)
    from core.detectors.networks.noise import (
        entropies_in_noise,  # torch, which the page that shows the settings never needs
    )

    suspicion = -entropies_in_noise(
        needed.model, needed.inputs, n_copies=n_copies, sigma=sigma, seed=evidence.seed, listen=evidence.listen
    )
    figures = {"n_copies": n_copies, "sigma": sigma}
    flagged, notes = beyond_bona_fide(suspicion, evidence.bona_fide, false_rejection_rate, figures)
    return Detection(suspicion, flagged, notes=notes)
