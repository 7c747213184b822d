"""Triggers seen in the images themselves: what the suspicious images of a class share, and no other has.

Patches, single pixels, overlays, sinusoids and shifted frequencies are all fixed patterns, so one linear template finds
each. Images are looked at in two ways: pixel by pixel, where patches are few and large, and by their cosines of high
frequency, which natural images leave nearly empty. What is coarse is left out: it would tell kinds of scenes.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.detectors.consensus.refinement import FEWEST, THIRDS, TrainingSet, training_set
from core.detectors.parts.linear_algebra import accelerator, shrunken_matches
from core.detectors.parts.statistics import Reals, surprise
from core.modalities import modality_of
from core.modalities.contract import Patterns as PatternsOfModality
from core.modalities.contract import Way
from core.types import Inputs

# Standard errors by which the weights of a template are shrunken: a pixel that differs by chance counts nothing.
NOISE_ERRORS = 2.0
# Fraction of the mean variance added to every pixel's, so that one that hardly varies does not rule the template.
VARIANCE_FLOOR = 1e-3
# Patterns looked for in one class, one after another.
MOST_PATTERNS = 3
# Surprise, in nats, from which on an image carries the pattern and is left out when the next one is learned.
EXPLAINED = 5.0
# Samples looked at together. Moves the memory only.
CHUNK = 512
Patterns = NDArray[np.float32]


def patterns_of(inputs: Inputs) -> PatternsOfModality:
    """What inputs of their modality can share."""
    return modality_of(inputs).load_patterns()


def looks(inputs: Inputs) -> list[Patterns]:
    """All ways to look at some samples, (m, f) each, less their means: of images, pixel by pixel and by cosines."""
    return [_centred(way, inputs) for way in patterns_of(inputs).ways]


def _centred(way: Way, inputs: Inputs) -> Patterns:
    """(m, f) the samples seen in that way, some at a time, less their mean."""
    first = way(inputs[: min(CHUNK, len(inputs))])
    patterns = np.empty((len(inputs), first.shape[1]), np.float32)
    patterns[: len(first)] = first
    for start in range(len(first), len(inputs), CHUNK):
        patterns[start : start + CHUNK] = way(inputs[start : start + CHUNK])
    patterns -= patterns.mean(0)
    return patterns


def shared_patterns(ways: Sequence[Patterns], sets: Sequence[TrainingSet]) -> Reals:
    """(s, m) how surprisingly well each image carries a pattern that the positives of each set share, in [0, 20].

    Two attacks on one class would hide one another in one template. So a second one is learned from the positives that
    do not carry the first, and a third from those that carry neither. The best match counts. Both ways to look at
    images have the same say, for clean images seldom stand out in both.

    Args:
        ways: what `looks` says of m samples, all those of one class.
        sets: training sets of that class, one for each fold.

    References: own method; the templates are those of `template_scores`.
    """
    best = np.zeros((len(sets), len(ways[0])))
    remaining = list(sets)
    for _ in range(MOST_PATTERNS):
        enough = [index for index, samples in enumerate(remaining) if samples.positive.sum() >= FEWEST]
        if not enough:
            break
        carried = np.mean([_surprises(patterns, [remaining[index] for index in enough]) for patterns in ways], axis=0)
        best[enough] = np.maximum(best[enough], carried)
        for index, row in zip(enough, carried, strict=True):
            samples = remaining[index]
            remaining[index] = training_set(
                samples.rows, samples.positive & (row < EXPLAINED), samples.negative, samples.weights
            )
    return best


def template_scores(patterns: Patterns, sets: Sequence[TrainingSet]) -> Reals:
    """(s, m) how far a sample matches what the positives have in common, by what the two other thirds show.

    s(x) = Σ wⱼ (xⱼ − midpoint) / σⱼ. Here wⱼ is the standardised difference of the two means at pixel j, shrunken by
    two of its standard errors. So pixels that differ by chance count nothing. All sets together take three matrix
    products.

    Args:
        patterns: (m, pixels) of one class, about 0: their variance is worked out from squares, in float32.
        sets: training sets of that class, one for each fold.

    References: Tibshirani et al.: Diagnosis of multiple cancer types by shrunken centroids of gene expression, 2002.
    """
    learned_from = [
        [who & (samples.third != held_out) for who in (samples.negative, samples.positive)]
        for samples in sets
        for held_out in range(THIRDS)
    ]
    groups, place = np.array(learned_from, np.float32), accelerator(patterns.size)
    if place:
        scores = shrunken_matches(patterns, groups, NOISE_ERRORS, VARIANCE_FLOOR, place)
    else:
        middles, weights = _templates(patterns, groups)
        scores = patterns @ weights.T - (middles * weights).sum(1)
    places = THIRDS * np.arange(len(sets))[:, None] + np.stack([samples.third for samples in sets])
    return np.asarray(scores[np.arange(len(scores)), places], np.float64)


def _surprises(patterns: Patterns, sets: Sequence[TrainingSet]) -> Reals:
    scores = template_scores(patterns, sets)
    return np.stack([surprise(row, samples.negative) for row, samples in zip(scores, sets, strict=True)])


def _templates(patterns: Patterns, learned_from: Patterns) -> tuple[Patterns, Patterns]:
    """(t, pixels) each: the points halfway between two means, and the weights of the pixels.

    Args:
        patterns: (m, pixels).
        learned_from: (t, 2, m) 1.0 for the negatives and for the positives of each template.
    """
    counts = learned_from.sum(2, keepdims=True)
    means = (learned_from.reshape(-1, len(patterns)) @ patterns).reshape(*learned_from.shape[:2], -1) / counts
    variances = (learned_from.sum(1) @ patterns**2 - (counts * means**2).sum(1)).clip(0) / counts.sum(1)
    deviations = np.sqrt(variances + VARIANCE_FLOOR * variances.mean(1, keepdims=True) + 1e-9)
    difference = (means[:, 1] - means[:, 0]) / deviations
    error = NOISE_ERRORS * np.sqrt((1 / counts).sum(1))
    weights = np.sign(difference) * np.maximum(np.abs(difference) - error, 0) / deviations
    return means.mean(1), weights
