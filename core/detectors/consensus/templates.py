"""Triggers seen in the images themselves: what the suspicious images of a class share, and no other has.

Patches, single pixels, overlays, sinusoids and shifted frequencies are all fixed patterns, so one linear template finds
each. Images are looked at in two ways: pixel by pixel, where patches are few and large, and by their cosines of high
frequency, which natural images leave nearly empty. What is coarse is left out: it would tell kinds of scenes.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.detectors.consensus.refinement import FEWEST, THIRDS, TrainingSet, training_set
from core.detectors.parts.linear_algebra import accelerator, shrunken_matches
from core.detectors.parts.statistics import Reals, surprise
from core.modalities import modality_of
from core.modalities.contract import Patterns as PatternsOfModality
from core.types import Bools, Inputs

# Standard errors by which the weights of a template are shrunken: a pixel that differs by chance counts nothing.
NOISE_ERRORS = 2.0
# Fraction of the mean variance added to every pixel's, so that one that hardly varies does not rule the template.
VARIANCE_FLOOR = 1e-3
# Patterns looked for in one class, one after another.
MOST_PATTERNS = 3
# Surprise, in nats, from which on an image carries the pattern and is left out when the next one is learned.
EXPLAINED = 5.0
# Samples looked at together; as many fit a core's cache. Moves the speed and the memory only.
CHUNK = 64
# Bytes of samples that are read at a time, before they are looked at in chunks. Moves the memory only.
READ = 16 * 2**20
# Fraction of the class from which on a group's sums read the whole class; smaller groups have their samples picked out.
LARGE = 1 / 8
Patterns = NDArray[np.float32]
Room = Callable[[tuple[int, ...]], Patterns]
# The members of a group, as bits → the sum of their patterns and that of the squares of these.
Sums = dict[bytes, tuple[Patterns, Patterns]]


def patterns_of(inputs: Inputs) -> PatternsOfModality:
    """What inputs of their modality can share."""
    return modality_of(inputs).load_patterns()


def _in_memory(shape: tuple[int, ...]) -> Patterns:
    return np.empty(shape, np.float32)


def looks(inputs: Inputs, room: Room = _in_memory) -> list[Patterns]:
    """All ways to look at some samples, (m, f) each, about 0: of images, pixel by pixel and by cosines.

    Args:
        inputs: m samples.
        room: shape → a float32 array, where they are written.
    """
    ways = patterns_of(inputs).ways
    first = [way(inputs[:CHUNK]) for way in ways]
    answers = [room((len(inputs), each.shape[1])) for each in first]
    # Templates are the same whatever is taken away from all samples; it only has to be near their mean.
    centres = [each.sum(0) / np.float32(max(len(each), 1)) for each in first]
    together = CHUNK * max(1, READ * len(inputs) // max(inputs.nbytes, 1) // CHUNK)
    for start in range(0, len(inputs), together):
        some = inputs[start : start + together]
        inputs.let_go()  # those of a class lie scattered, and all others near them are mapped with them
        for own in range(0, len(some), CHUNK):
            for way, centre, patterns in zip(ways, centres, answers, strict=True):
                part = slice(start + own, start + own + CHUNK)
                np.subtract(way(some[own : own + CHUNK]), centre, out=patterns[part])
    return answers


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
    remaining, known = list(sets), [Sums() for _ in ways]
    for _ in range(MOST_PATTERNS):
        enough = [index for index, samples in enumerate(remaining) if samples.positive.sum() >= FEWEST]
        if not enough:
            break
        left = [remaining[index] for index in enough]
        carried = np.mean([_surprises(each, left, sums) for each, sums in zip(ways, known, strict=True)], axis=0)
        best[enough] = np.maximum(best[enough], carried)
        for index, row in zip(enough, carried, strict=True):
            samples = remaining[index]
            remaining[index] = training_set(
                samples.rows, samples.positive & (row < EXPLAINED), samples.negative, samples.weights
            )
    return best


def template_scores(patterns: Patterns, sets: Sequence[TrainingSet], known: Sums | None = None) -> Reals:
    """(s, m) how far a sample matches what the positives have in common, by what the two other thirds show.

    s(x) = Σ wⱼ (xⱼ − midpoint) / σⱼ. Here wⱼ is the standardised difference of the two means at pixel j, shrunken by
    two of its standard errors. So pixels that differ by chance count nothing. All sets together take three matrix
    products; a group that several of them have is added up once.

    Args:
        patterns: (m, pixels) of one class, about 0: their variance is worked out from squares, in float32.
        sets: training sets of that class, one for each fold.
        known: sums over groups of these very patterns, which this adds to; None knows none.

    References: Tibshirani et al.: Diagnosis of multiple cancer types by shrunken centroids of gene expression, 2002.
    """
    learned_from = [
        [who & (samples.third != held_out) for who in (samples.negative, samples.positive)]
        for samples in sets
        for held_out in range(THIRDS)
    ]
    groups, place = np.array(learned_from), accelerator(patterns.size)
    if place:
        scores = shrunken_matches(patterns, groups.astype(np.float32), NOISE_ERRORS, VARIANCE_FLOOR, place)
    else:
        middles, weights = _templates(patterns, groups, Sums() if known is None else known)
        scores = patterns @ weights.T - (middles * weights).sum(1)
    places = THIRDS * np.arange(len(sets))[:, None] + np.stack([samples.third for samples in sets])
    return np.asarray(scores[np.arange(len(scores)), places], np.float64)


def _surprises(patterns: Patterns, sets: Sequence[TrainingSet], known: Sums) -> Reals:
    scores = template_scores(patterns, sets, known)
    return np.stack([surprise(row, samples.negative) for row, samples in zip(scores, sets, strict=True)])


def _templates(patterns: Patterns, learned_from: Bools, known: Sums) -> tuple[Patterns, Patterns]:
    """(t, pixels) each: the points halfway between two means, and the weights of the pixels.

    Args:
        patterns: (m, pixels).
        learned_from: (t, 2, m) True for the negatives and for the positives of each template.
        known: as in `template_scores`.
    """
    counts = learned_from.sum(2, keepdims=True, dtype=np.float32)
    sums, squares = (each.reshape(*learned_from.shape[:2], -1) for each in _added_up(patterns, learned_from, known))
    means = sums / counts
    variances = (squares.sum(1) - (counts * means**2).sum(1)).clip(0) / counts.sum(1)
    deviations = np.sqrt(variances + VARIANCE_FLOOR * variances.mean(1, keepdims=True) + 1e-9)
    difference = (means[:, 1] - means[:, 0]) / deviations
    error = NOISE_ERRORS * np.sqrt((1 / counts).sum(1))
    weights = np.sign(difference) * np.maximum(np.abs(difference) - error, 0) / deviations
    return means.mean(1), weights


def _added_up(patterns: Patterns, learned_from: Bools, known: Sums) -> tuple[Patterns, Patterns]:
    """(g, pixels) each: the sums of the patterns of each group, and of their squares; what is not known is learned.

    The plain reference is `groups @ patterns` and `groups @ patterns**2`; a test compares the two. Second and third
    patterns are told from the same negatives as the first, and sets of one class share theirs: half of the time is
    saved. Few positives are picked out, which saves another quarter.
    """
    groups = learned_from.reshape(-1, len(patterns))
    keys = [np.packbits(group).tobytes() for group in groups]
    new = {key: group for key, group in zip(keys, groups, strict=True) if key not in known}
    large = {key: group for key, group in new.items() if group.mean() >= LARGE}
    small = {key: group for key, group in new.items() if key not in large}
    for wanted in (large, small):
        if not wanted:
            continue
        members = np.stack([*wanted.values()])
        rows = slice(None) if wanted is large else np.flatnonzero(members.any(0))
        for key, *both in zip(wanted, *_sums(patterns[rows], members[:, rows].astype(np.float32)), strict=True):
            known[key] = both[0], both[1]
    return np.stack([known[key][0] for key in keys]), np.stack([known[key][1] for key in keys])


def _sums(patterns: Patterns, members: Patterns) -> Patterns:
    """(2, g, pixels) the sums of the patterns and of their squares; `members` (g, m) are 1.0 for those that count."""
    shape = len(members), patterns.shape[1]
    sums, added, squares = (
        np.zeros((2, *shape), np.float32),
        np.empty(shape, np.float32),
        np.empty((CHUNK, shape[1]), np.float32),
    )
    for start in range(0, len(patterns), CHUNK):
        some, own = patterns[start : start + CHUNK], np.ascontiguousarray(members[:, start : start + CHUNK])
        sums[0] += np.matmul(own, some, out=added)
        sums[1] += np.matmul(own, np.square(some, out=squares[: len(some)]), out=added)
    return sums
