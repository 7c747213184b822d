"""Triggers seen in the images themselves: what is at the same place in the suspicious images and in no other.

Patches, single pixels, overlays and sinusoids are all fixed patterns, so one linear template per class finds them.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from core.detectors.refinement import PARTS, Lesson
from core.detectors.statistics import Reals
from core.types import Bools, Images

LARGEST_SIDE, NOISE_ERRORS, VARIANCE_FLOOR = 64, 2.0, 1e-3
Patterns = NDArray[np.float32]


def fine_patterns(images: Images | Patterns) -> Patterns:
    """(m, pixels) each channel less its 3×3 mean; images with sides above 64 are averaged over blocks first."""
    pixels = np.asarray(images).astype(np.float32)
    block = -(-max(pixels.shape[1:3]) // LARGEST_SIDE)
    if block > 1:
        m, height, width, channels = pixels.shape
        cut = pixels[:, : height // block * block, : width // block * block]
        pixels = cut.reshape(m, height // block, block, width // block, block, channels).mean((2, 4))
    return np.asarray(pixels - uniform_filter(pixels, (0, 3, 3, 0))).reshape(len(pixels), -1)


def template_scores(patterns: Patterns, lesson: Lesson) -> Reals:
    """(m,) how far a sample matches what the positives have in common, as the two other parts taught it.

    wⱼ = the standardised difference of the two means at pixel j, shrunken by two of its standard errors, so pixels
    that differ by chance count nothing; s(x) = Σ wⱼ (xⱼ − midpoint) / σⱼ.

    References: Tibshirani et al.: Diagnosis of multiple cancer types by shrunken centroids of gene expression, 2002.
    """
    scores = np.empty(len(patterns))
    for index in range(PARTS):
        judged = lesson.part == index
        middle, weights = _template(patterns, lesson.negative & ~judged, lesson.positive & ~judged)
        scores[judged] = (patterns[judged] - middle) @ weights
    return scores


def _template(patterns: Patterns, negative: Bools, positive: Bools) -> tuple[Patterns, Patterns]:
    """The point halfway between the two means, and the weight of each pixel."""
    groups = np.stack([negative, positive]).astype(np.float32)
    counts = groups.sum(1, keepdims=True)
    means = groups @ patterns / counts
    variances = (groups @ patterns**2 - counts * means**2).clip(0).sum(0) / counts.sum()
    deviations = np.sqrt(variances + VARIANCE_FLOOR * variances.mean() + 1e-9)
    difference = (means[1] - means[0]) / deviations
    error = NOISE_ERRORS * float(np.sqrt((1 / counts).sum()))
    weights = np.sign(difference) * np.maximum(np.abs(difference) - error, 0) / deviations
    return means.mean(0), weights
