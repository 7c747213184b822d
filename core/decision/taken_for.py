"""A kind within a class that a model which never saw it takes for one other class: a subset with another label.

Hard samples of a class are taken for several others, and between them and the ordinary ones there is everything. A
subset of another class, or poison of one source, is taken for that one, surely. Nothing has to make its samples
suspicious for that, as long as they are left out together.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from core.decision.apart import FOREMOST
from core.decision.kinds import Kind, column, learned_kind
from core.decision.members import FEWEST
from core.detectors.parts.statistics import Reals
from core.types import Floats

# Samples in doubt for each member up to which such a kind is apart. On eleven own trainings with a part of one class
# labelled as another, it was at most 0.13 for five and 0.28 and more for six; of clusters of clean classes 0.24 and up.
APART = 0.12
# The same where its members' median suspicion is in the top of all samples: a trigger that works on one class had 0.24
# (TaCT, 1 %), and hard samples that were as suspicious 0.67 and more. And in so many classes: where each class has
# poison of another one, half of them had less, and of clean data none. Of clusters of clean classes, some did (0.24).
APART_OR_MORE = 0.3
SEVERAL = 3


def kinds_by_source(
    described: Reals, told: tuple[Floats, Floats], index: int, limits: tuple[float, float]
) -> list[Kind]:
    """The kinds of a class, each taken for one other class by the model that never saw it.

    Args:
        described: (m, f) activations and trajectories of the class, standardised.
        told: (m, k) probabilities by a model that learned from them, and by one that did not.
        index: the class.
        limits: probability of the class from which on a model believes it, and below which it does not.
    """
    (seen, unseen), (believed, turned) = told, limits
    away = (seen[:, index] > believed) & (unseen[:, index] < turned)
    home, taken_for = unseen[:, index] > believed, unseen.argmax(1)
    kinds = []
    for source in np.unique(taken_for[away]):
        inside = away & (taken_for == source)
        columns = column(seen[:, index]), column(unseen[:, index]), column(unseen[:, source])
        kind = learned_kind(np.hstack([described, *columns]), inside, home | (away & ~inside))
        if kind is not None and kind.members.sum() >= FEWEST:
            kinds.append(kind)
    return kinds


def in_several(kinds: Iterable[Sequence[Kind]]) -> bool:
    """Whether several classes, of each of which the kinds are given, have one that is nearly apart: no accident."""
    return sum(any(kind.doubtful <= APART_OR_MORE for kind in own) for own in kinds) >= SEVERAL


def those_apart(kinds: Sequence[Kind], ranks: Floats, *, several: bool, suspected: bool) -> Kind | None:
    """The kinds of a class that are apart, as one; None where none is.

    Args:
        kinds: of the class.
        ranks: (m,) relative ranks of suspicion over all samples, in (0, 1]; higher = more suspicious.
        several: whether other classes have such a kind, too.
        suspected: whether its most suspicious samples were asked about, not a cluster of it.
    """
    apart = []
    for kind in kinds:
        more = suspected and (several or np.median(ranks[kind.members]) >= FOREMOST)
        if kind.doubtful <= (APART_OR_MORE if more else APART):
            apart.append(kind.odds)
    return Kind(np.max(apart, axis=0)) if apart else None
