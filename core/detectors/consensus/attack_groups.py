"""Which attack each flagged sample seems to come from: the flagged samples of a class, taken apart.

Samples that carry one trigger share a pattern in their images and lie together among the activations of their class.
Each class is cut into more pieces than it can hold attacks, in both spaces at once. Pieces that show the same are put
together again. Last, each sample goes to the pattern that it matches best, or to none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from core.detectors import require
from core.detectors.consensus.residuals import (
    Look,
    Surroundings,
    cosine,
    look,
    matches,
    strength,
    surroundings,
    template,
)
from core.detectors.consensus.signals import descriptions
from core.detectors.consensus.templates import Patterns
from core.detectors.parts.statistics import Reals
from core.detectors.parts.subspaces import ClassSpace, canonical_order, class_spaces
from core.types import Bools, Evidence, Ints

# Flagged samples of a class that can be a group; fewer share something by chance.
FEWEST = 8
# Pieces that a class is cut into at first: more than it can hold attacks.
MOST_PIECES = 12
# Directions of the residuals in which pieces are cut.
PATTERN_DIRECTIONS = 6
# Weight of activations beside those, where there are images.
BESIDE_PATTERNS = 0.3
# Standard deviations of ordinary images from which on a piece shares a pattern.
SHARED = 4.0
# Cosine of two patterns from which on they are one.
ALIKE = 0.8
# Fraction of the smaller piece with a neighbour in the larger, from which on two pieces without a pattern are one.
TOUCHING = 0.1
# Nearest flagged samples that count as touching.
NEIGHBORS = 10
# How often the samples are given to the pattern that explains them best.
ROUNDS = 2
# Flagged samples of a class that are cut by Ward's linkage; its memory grows with their square.
MOST_LINKED = 3_000
# Fraction of the nearest samples that are members, too, from which on a group without a clear pattern is kept.
TIGHT = 0.4
# Standard deviations from which on a pattern is clear, and keeps a group that lies scattered.
CLEAR = 10.0


@dataclass(frozen=True)
class Piece:
    """Some flagged samples of one class that may come from one attack.

    Attributes:
        members: positions among the flagged samples of the class.
        pattern: what their images share; empty where no images are known.
        shared: the strength of that; 0 for fewer than 8 samples.
    """

    members: Ints
    pattern: Patterns
    shared: float


@dataclass(frozen=True)
class Group:
    """Flagged samples that seem to come from one attack.

    Attributes:
        rows: (m,) which samples; all have one given label.
        tightness: fraction of the 10 nearest samples of the class around a member that are members too, in [0, 1].
        shared: how far the images share a pattern, in standard deviations of ordinary ones; 0 without images.
        pattern: that pattern.
    """

    rows: Ints
    tightness: float
    shared: float
    pattern: Patterns


def attack_families(evidence: Evidence, flagged: Bools) -> tuple[list[Group], Surroundings | None]:
    """The groups of flagged samples, the largest first, and the ordinary images around all samples.

    Samples that lie scattered in their class and share no clear pattern are in no group. The order of the samples does
    not matter.

    Args:
        evidence: needs `features` (n, d); uses `trajectories` and `images` where present.
        flagged: (n,) the samples to group; all others show what is ordinary.

    References: own method; shrunken templates after Tibshirani et al. 2002, as in `core.detectors.consensus.templates`.
    """
    features = require("consensus", evidence).features
    order = canonical_order(features)
    order = order[np.random.default_rng(evidence.seed).permutation(len(order))]
    around = None if evidence.inputs is None else surroundings(evidence.inputs, flagged, order)
    spaces = class_spaces(features, evidence.labels, evidence.n_classes, evidence.seed)
    groups: list[Group] = []
    for space, values in zip(spaces, descriptions(evidence, spaces), strict=True):
        suspects = np.flatnonzero(flagged[space.rows])
        if len(suspects) >= FEWEST:
            seen = None if around is None else look(around, space.rows[suspects])
            pieces = grouped(_against(values, flagged[space.rows]), seen, evidence.seed)
            groups += [_group(space, suspects[piece.members], piece) for piece in pieces]
    kept = [group for group in groups if group.tightness >= TIGHT or group.shared >= CLEAR]
    return sorted(kept, key=lambda group: -len(group.rows)), around


def grouped(points: Reals, seen: Look | None, seed: int) -> list[Piece]:
    """The pieces of one class, 8 samples or more each; other samples are in none.

    Args:
        points: (m, f) the flagged samples of the class, in units of what is usual in it.
        seen: what their images show, in the same order.
        seed: of k-means, which cuts classes with more than 3,000 flagged samples.
    """
    both = points if seen is None else np.hstack([BESIDE_PATTERNS * points, _pattern_points(seen, seed)])
    near = NearestNeighbors(n_neighbors=min(NEIGHBORS, len(both) - 1)).fit(both).kneighbors(return_distance=False)
    labels = _pieces(both, seed)
    pieces = _united([_piece(np.flatnonzero(labels == label), seen) for label in np.unique(labels)], near, seen)
    for _ in range(ROUNDS if seen is not None else 0):
        assert seen is not None
        pieces = _sorted_by_pattern(pieces, seen)
    return [piece for piece in pieces if len(piece.members) >= FEWEST]


def _group(space: ClassSpace, members: Ints, piece: Piece) -> Group:
    tightness = np.isin(space.neighbors[members], members).mean()
    return Group(np.sort(space.rows[members]), float(tightness), piece.shared, piece.pattern)


def _pieces(points: Reals, seed: int) -> Ints:
    count = min(MOST_PIECES, len(points) // FEWEST)
    if count < 2:
        return np.zeros(len(points), np.int64)
    if len(points) > MOST_LINKED:
        return np.asarray(KMeans(count, n_init=4, random_state=seed).fit_predict(points))
    return np.asarray(AgglomerativeClustering(count, linkage="ward").fit_predict(points))


def _piece(members: Ints, seen: Look | None) -> Piece:
    if seen is None:
        return Piece(members, np.zeros(0, np.float32), 0.0)
    values = seen.values[members]
    return Piece(members, template(values), strength(values, seen.reference) if len(members) >= FEWEST else 0.0)


def _united(pieces: Sequence[Piece], near: Ints, seen: Look | None) -> list[Piece]:
    """The pieces, the most alike two of them put together until no two are alike."""
    united = list(pieces)
    while True:
        scored = [(_likeness(piece, other, near), piece, other) for piece, other in combinations(united, 2)]
        best = max(scored, key=lambda pair: pair[0], default=None)
        if best is None or best[0] <= 0:
            return united
        united = [piece for piece in united if piece is not best[1] and piece is not best[2]]
        united.append(_piece(np.sort(np.concatenate([best[1].members, best[2].members])), seen))


def _likeness(piece: Piece, other: Piece, near: Ints) -> float:
    """Above 0 where both seem to be one attack; what images share counts before who touches whom."""
    if max(piece.shared, other.shared) > SHARED:
        likeness = cosine(piece.pattern, other.pattern)
        return 1 + likeness if likeness > ALIKE else 0.0
    small, large = sorted((piece, other), key=lambda part: len(part.members))
    touching = float(np.isin(near[small.members], large.members).any(1).mean())
    return touching if touching >= TOUCHING else 0.0


def _sorted_by_pattern(pieces: Sequence[Piece], seen: Look) -> list[Piece]:
    """The pieces, each sample with the shared pattern that explains it best; carriers that match none leave theirs.

    The best of p·μ − ½|μ|², the log-likelihood ratio of template μ against no template at all, 0.
    """
    strong = [piece for piece in pieces if piece.shared > SHARED]
    if not strong:
        return list(pieces)
    gains = np.stack([seen.values @ piece.pattern - 0.5 * piece.pattern @ piece.pattern for piece in strong])
    for index, piece in enumerate(strong):
        gains[index, piece.members] = matches(seen.values[piece.members]) - 0.5 * piece.pattern @ piece.pattern
    best = np.where(gains.max(0) > 0, gains.argmax(0), -1)
    rest = [piece.members[best[piece.members] < 0] for piece in pieces if piece.shared <= SHARED]
    groups = [*(np.flatnonzero(best == index) for index in range(len(strong))), *rest]
    return [_piece(members, seen) for members in groups if len(members)]


def _pattern_points(seen: Look, seed: int) -> Reals:
    """(m, ≤ 6) where the images lie in the directions in which they differ most, in units of ordinary images."""
    count = min(PATTERN_DIRECTIONS, *np.subtract(seen.values.shape, 1))
    pca = PCA(max(int(count), 1), svd_solver="randomized", random_state=seed).fit(seen.values)
    usual = np.maximum(pca.transform(seen.reference).std(0), 1e-6)
    return np.asarray(pca.transform(seen.values) / usual, np.float64)


def _against(values: Reals, suspects: Bools) -> Reals:
    """The values of the suspects, in units of all others of their class."""
    others = values[~suspects] if (~suspects).sum() >= FEWEST else values
    spread = others.std(0)
    return np.asarray((values[suspects] - others.mean(0)) / np.where(spread > 1e-9, spread, 1.0))
