"""Triggers seen in the images themselves: what the suspicious images of a class share, and no other has.

Patches, single pixels, overlays, sinusoids and shifted frequencies are all fixed patterns, so one linear template finds
each. Images are looked at in two ways: pixel by pixel, where patches are few and large, and by their cosines of high
frequency, which natural images leave nearly empty. What is coarse is left out: it would tell kinds of scenes.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from core.detectors.consensus.refinement import FEWEST, PARTS, Lesson, one_lesson
from core.detectors.parts.frequencies import LOWEST_FREQUENCY, cosines
from core.detectors.parts.statistics import Reals, surprise
from core.types import Images

LARGEST_SIDE, NOISE_ERRORS, VARIANCE_FLOOR = 64, 2.0, 1e-3
MOST_PATTERNS, EXPLAINED = 3, 5.0
LOWEST = 2 * LOWEST_FREQUENCY  # the k-th cosine of a side makes k/2 cycles
OPPONENTS = np.array([[1, 1, 1], [1, 1, -2], [1, -1, 0]], np.float32).T / np.sqrt([3, 6, 2], dtype=np.float32)
Patterns = NDArray[np.float32]


def fine_patterns(images: Images | Patterns) -> Patterns:
    """(m, pixels) each channel less its 3×3 mean; images with sides above 64 are averaged over blocks first."""
    pixels = _reduced(images)
    return np.asarray(pixels - uniform_filter(pixels, (0, 3, 3, 0))).reshape(len(pixels), -1)


def cosine_patterns(images: Images | Patterns) -> Patterns:
    """(m, f) cosines of high frequency, of brightness and two colour differences or, if not three, of the channels."""
    pixels = _reduced(images)
    colours = np.matmul(pixels, OPPONENTS, dtype=np.float32) if pixels.shape[-1] == len(OPPONENTS) else pixels
    rows, columns = np.indices(colours.shape[1:3])
    far = np.hypot(rows, columns) >= min(LOWEST, max(colours.shape[1:3]) / 3)
    far[-1, -1] = True  # even of a single pixel something is left
    return cosines(colours)[:, far].reshape(len(pixels), -1)


def looks(images: Images | Patterns) -> list[Patterns]:
    """Both ways to look at images, (m, f) each, less their means: pixel by pixel, and by cosines."""
    seen = [fine_patterns(images), cosine_patterns(images)]
    for patterns in seen:
        np.subtract(patterns, patterns.mean(0), out=patterns)
    return seen


def shared_patterns(images: Images, taught: Sequence[Lesson]) -> Reals:
    """(lessons, m) how surprisingly well each image carries a pattern that the positives of a lesson share, in [0, 20].

    Two attacks on one class would hide one another in one template: so a second one is taught by the positives that do
    not carry the first, and a third by those that carry neither; the best match counts. Both ways to look at images
    have the same say, for clean images seldom stand out in both.

    Args:
        images: (m, h, w, c) of one class.
        taught: lessons about that class.

    References: own method; the templates are those of `template_scores`.
    """
    ways = looks(images)
    found = np.zeros((len(taught), len(images)))
    left = list(taught)
    for _ in range(MOST_PATTERNS):
        asked = [index for index, lesson in enumerate(left) if lesson.positive.sum() >= FEWEST]
        if not asked:
            break
        carried = np.mean([_surprises(patterns, [left[index] for index in asked]) for patterns in ways], axis=0)
        found[asked] = np.maximum(found[asked], carried)
        for index, row in zip(asked, carried, strict=True):
            one = left[index]
            left[index] = one_lesson(one.rows, one.positive & (row < EXPLAINED), one.negative, one.weights)
    return found


def template_scores(patterns: Patterns, taught: Sequence[Lesson]) -> Reals:
    """(lessons, m) how far a sample matches what the positives have in common, as the two other parts taught it.

    wⱼ = the standardised difference of the two means at pixel j, shrunken by two of its standard errors, so pixels
    that differ by chance count nothing; s(x) = Σ wⱼ (xⱼ − midpoint) / σⱼ. All lessons share three matrix products.

    Args:
        patterns: (m, pixels) of one class, about 0: their variance is worked out from squares, in float32.
        taught: lessons about that class.

    References: Tibshirani et al.: Diagnosis of multiple cancer types by shrunken centroids of gene expression, 2002.
    """
    teaching = [
        [who & (lesson.part != judged) for who in (lesson.negative, lesson.positive)]
        for lesson in taught
        for judged in range(PARTS)
    ]
    middles, weights = _templates(patterns, np.array(teaching, np.float32))
    scores = patterns @ weights.T - (middles * weights).sum(1)
    places = PARTS * np.arange(len(taught))[:, None] + np.stack([lesson.part for lesson in taught])
    return np.asarray(scores[np.arange(len(scores)), places], np.float64)


def _surprises(patterns: Patterns, taught: Sequence[Lesson]) -> Reals:
    scores = template_scores(patterns, taught)
    return np.stack([surprise(row, lesson.negative) for row, lesson in zip(scores, taught, strict=True)])


def _templates(patterns: Patterns, teaching: Patterns) -> tuple[Patterns, Patterns]:
    """(t, pixels) each: the points halfway between two means, and the weights of the pixels.

    Args:
        patterns: (m, pixels).
        teaching: (t, 2, m) 1.0 for the negatives and for the positives of each template.
    """
    counts = teaching.sum(2, keepdims=True)
    means = (teaching.reshape(-1, len(patterns)) @ patterns).reshape(*teaching.shape[:2], -1) / counts
    variances = (teaching.sum(1) @ patterns**2 - (counts * means**2).sum(1)).clip(0) / counts.sum(1)
    deviations = np.sqrt(variances + VARIANCE_FLOOR * variances.mean(1, keepdims=True) + 1e-9)
    difference = (means[:, 1] - means[:, 0]) / deviations
    error = NOISE_ERRORS * np.sqrt((1 / counts).sum(1))
    weights = np.sign(difference) * np.maximum(np.abs(difference) - error, 0) / deviations
    return means.mean(1), weights


def _reduced(images: Images | Patterns) -> Patterns:
    """The images in floats, averaged over blocks where a side is longer than 64."""
    pixels = np.asarray(images).astype(np.float32)
    block = -(-max(pixels.shape[1:3]) // LARGEST_SIDE)
    if block == 1:
        return pixels
    m, height, width, channels = pixels.shape
    cut = pixels[:, : height // block * block, : width // block * block]
    return np.asarray(cut.reshape(m, height // block, block, width // block, block, channels).mean((2, 4)))
