"""What images show beyond their nearest ordinary others: the content cancels out, a planted pattern stays.

The nearest others are looked for in coarse pixels, where fine triggers hardly count, among all classes: so they are
close to what an image was before it was relabelled.
"""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from core.detectors.consensus.templates import Patterns, patterns_of
from core.detectors.parts.statistics import Reals
from core.modalities.contract import Way
from core.types import Bools, Floats, Inputs, Ints

# Nearest ordinary images whose mean is taken away: their own differences average out.
NEIGHBORS = 5
# Principal directions of the coarse samples that neighbours are looked for in.
DIRECTIONS = 32
# Ordinary images that may be somebody's neighbours; bounds the time of large data sets.
MOST_ORDINARY = 20_000
# Images that the directions are worked out from.
MOST_FITTED = 5_000
# Ordinary images that say what is usual.
MOST_REFERENCE = 1_500
# Deviations at which a residual is cut off, so that one pixel does not speak for an image.
MOST_DEVIATIONS = 4.0
# Fraction of the mean variance added to every value's, so that one that hardly varies does not rule.
VARIANCE_FLOOR = 0.02
# Least spread, in deviations, that the error of a mean is taken from: a few images may agree by chance.
LEAST_SPREAD = 0.3
# Standard errors by which a template is shrunken.
ERRORS = 3.0


@dataclass(frozen=True)
class Surroundings:
    """The ordinary images around every sample.

    Attributes:
        inputs: all n samples.
        points: (n, ≤ 32) all samples in the principal directions of coarse pixels.
        ordinary: rows of the samples that may be somebody's neighbours.
        search: over the points of `ordinary`.
        way: how what is left of an image is looked at, from (m, h, w, c) to (m, f): pixel by pixel, or by cosines.
        middle, deviation: (f,) what is usual for the residuals of ordinary images.
        reference: (r, f) the looks of up to 1,500 of those.
    """

    inputs: Inputs
    points: Floats
    ordinary: Ints
    search: NearestNeighbors
    way: Way
    middle: Patterns
    deviation: Patterns
    reference: Patterns

    def neighbors(self, rows: Ints) -> Ints:
        """(m, 5) rows of the nearest ordinary images, nearest first, never the image itself."""
        nearest = self.ordinary[self.search.kneighbors(self.points[rows], return_distance=False)]
        itself = nearest == rows[:, None]
        itself[~itself.any(1), -1] = True
        return np.asarray(nearest[~itself].reshape(len(rows), -1))

    def residuals(self, rows: Ints) -> Patterns:
        """(m, f) what is left of each image less the mean of its neighbours."""
        return self.way(self.differences(rows))

    def differences(self, rows: Ints) -> Floats:
        """(m, …) what each sample has beyond the mean of its neighbours."""
        return patterns_of(self.inputs).differences(self.inputs, rows, self.neighbors(rows))


@dataclass(frozen=True)
class Look:
    """The residuals of some images beside those of ordinary ones, in units of what is ordinary.

    Attributes:
        values: (m, f) of the images in question, at most 4 either way.
        reference: (r, f) of ordinary images.
    """

    values: Patterns
    reference: Patterns


def surroundings(inputs: Inputs, suspects: Bools, order: Ints) -> Surroundings | None:
    """The surroundings in the ordinary samples, the first 20,000 in `order`; None where there are too few of them."""
    ordinary = order[~suspects[order]][:MOST_ORDINARY]
    if len(ordinary) <= NEIGHBORS:
        return None
    points = coarse_points(inputs, ordinary[:MOST_FITTED])
    search = NearestNeighbors(n_neighbors=NEIGHBORS + 1, algorithm="brute").fit(points[ordinary])
    nothing = np.zeros(0, np.float32)
    way = patterns_of(inputs).ways[0]
    return seen_by(way, Surroundings(inputs, points, ordinary, search, way, *[nothing] * 3))


def seen_by(way: Way, around: Surroundings) -> Surroundings:
    """The same surroundings looked at in another way."""
    seen = replace(around, way=way)
    usual = seen.residuals(seen.ordinary[:MOST_REFERENCE])
    deviation = np.sqrt(usual.var(0) + VARIANCE_FLOOR * usual.var(0).mean() + 1e-9)
    middle = usual.mean(0)
    reference = _scaled(usual, middle, deviation)
    return replace(seen, middle=middle, deviation=deviation, reference=reference)


def look(around: Surroundings, rows: Ints) -> Look:
    """The look of some rows beside that of ordinary ones."""
    return Look(_scaled(around.residuals(rows), around.middle, around.deviation), around.reference)


def template(values: Patterns) -> Patterns:
    """(f,) the mean, shrunken by three standard errors: 0 wherever a difference may be chance."""
    return _shrunken(values.mean(0), _error(values))


def matches(values: Patterns) -> Reals:
    """(m,) how far each agrees with the template of all the others."""
    if len(values) < 2:
        return np.zeros(len(values))
    others = (values.sum(0) - values) / (len(values) - 1)
    return np.asarray((_shrunken(others, _error(values)) * values).sum(1), np.float64)


def strength(values: Patterns, reference: Patterns) -> float:
    """How many standard deviations of ordinary images the values agree with one another beyond them; 0 if by chance."""
    ordinary = reference @ template(values)
    spread = float(ordinary.std())
    return float((matches(values).mean() - ordinary.mean()) / spread) if spread > 0 else 0.0


def cosine(pattern: Patterns, other: Patterns) -> float:
    """The likeness of two templates in [−1, 1]; 0 when one of them is empty."""
    lengths = float(np.linalg.norm(pattern) * np.linalg.norm(other))
    return float(pattern @ other) / lengths if lengths > 0 else 0.0


def coarse_points(inputs: Inputs, fitted: Ints) -> Floats:
    """(n, ≤ 32) all images, averaged over blocks, in the principal directions of the `fitted` ones."""
    values = patterns_of(inputs).coarse(inputs)
    pca = PCA(min(DIRECTIONS, len(fitted), values.shape[1]), svd_solver="covariance_eigh").fit(values[fitted])
    return np.asarray(pca.transform(values), np.float32)


def _scaled(patterns: Patterns, middle: Patterns, deviation: Patterns) -> Patterns:
    return np.asarray(((patterns - middle) / deviation).clip(-MOST_DEVIATIONS, MOST_DEVIATIONS), np.float32)


def _error(values: Patterns) -> Patterns:
    return np.asarray(ERRORS * np.maximum(values.std(0), LEAST_SPREAD) / np.sqrt(max(len(values) - 1, 1)), np.float32)


def _shrunken(mean: Patterns, error: Patterns) -> Patterns:
    return np.asarray(np.sign(mean) * np.maximum(np.abs(mean) - error, 0), np.float32)
