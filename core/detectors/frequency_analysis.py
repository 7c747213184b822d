"""Frequency analysis: triggers leave traces at high frequencies that natural images do not have."""

from typing import Annotated

import numpy as np

from core.detectors import require
from core.detectors.parts.subspaces import canonical_order
from core.registry import Range
from core.types import Detection, Evidence, Notes


def frequency_analysis(
    evidence: Evidence,
    *,
    n_steps: Annotated[int, Range(10, 10_000)] = 200,
    threshold: Annotated[float, Range(0.0, 1.0)] = 0.5,
) -> Detection:
    """The probability that an image is corrupted, by a network that sees its 2-D cosine transform.

    A small CNN is trained to tell bona fide images from copies of them with a white block, a noise block, noise, a
    shadow or another image over them. The suspicion is its probability of "corrupted", flagged above one half. No
    attack is needed for training, nor the model under suspicion. The paper trains on whole data sets of clean images;
    with a few hundred, more clean images are mistaken. Triggers that keep the spectrum natural (warping) are missed.

    Args:
        evidence: needs `images` and `bona_fide`.
        n_steps: of training the network, on 32 untouched and 32 freshly corrupted images each.
        threshold: the probability above which an image is flagged; the paper: 0.5.

    Returns:
        suspicion: a probability. Bona fide samples are never flagged.

    Raises:
        UserError: images or bona fide samples are missing.

    References: Zeng, Park, Mao, Jia: Rethinking the Backdoor Attacks' Triggers: A Frequency Perspective, ICCV 2021,
    arXiv 2104.03413.

    >>> import numpy as np
    >>> from core.detectors.frequency_analysis import frequency_analysis
    >>> from core.modalities.image.inputs import ImageInputs
    >>> from core.types import Evidence
    >>> images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1)).astype(np.uint8)
    >>> evidence = Evidence(np.zeros(40, np.int64), 1, np.arange(40) < 20, inputs=ImageInputs(images))
    >>> frequency_analysis(evidence).suspicion.shape
    (40,)
    """
    needed = require("frequency_analysis", evidence)
    from core.detectors.networks.frequency_cnn import (
        corruption_probabilities,  # torch, which the settings' page never needs
    )

    rows = np.flatnonzero(evidence.bona_fide)
    trusted = needed.inputs[rows[canonical_order(needed.inputs[rows].reshape(len(rows), -1))]]
    suspicion = corruption_probabilities(needed.inputs, trusted, n_steps, evidence.seed)
    notes = Notes(threshold=threshold, n_bona_fide=len(rows), figures={"n_steps": n_steps})
    return Detection(suspicion, (suspicion > threshold) & ~evidence.bona_fide, notes=notes)
