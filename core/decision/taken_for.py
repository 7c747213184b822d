"""A kind within a class that a model which never saw it takes for one other class: a subset with another label.

Hard samples of a class are taken for several others, and between them and the ordinary ones there is everything. A
subset of another class, or poison of one source, is taken for that one, surely. Nothing has to make its samples
suspicious for that, as long as they are left out together.

Poison that is made of all classes is taken for all of them, and so for classes that nobody mixes up with its own.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from core.decision.apart import FOREMOST, of_many
from core.decision.kinds import DOUBT, Kind, column, learned_kind
from core.decision.left_out import effective
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
# Times the median number of samples taken for a class from which on one has too many, and such as are usual there: the
# probability of that class, summed over samples that are at home, as a fraction of that number. Hard samples of an
# adaptive patch's class were 26 of 40 that were taken for one class and 26 of 31 for another; they had 0.18 and 0.28,
# and in another training 0.08.
CROWDED = 2.0
USUAL = 0.05


def kinds_by_source(
    described: Reals, told: tuple[Floats, Floats], index: int, limits: tuple[float, float]
) -> dict[int, Kind]:
    """The kinds of a class by the one other class that the model which never saw them takes them for.

    Args:
        described: (m, f) activations and trajectories of the class, standardised.
        told: (m, k) probabilities by a model that learned from them, and by one that did not.
        index: the class.
        limits: probability of the class from which on a model believes it, and below which it does not.
    """
    (seen, unseen), (believed, turned) = told, limits
    away = (seen[:, index] > believed) & (unseen[:, index] < turned)
    home, taken_for = unseen[:, index] > believed, unseen.argmax(1)
    kinds = {}
    for source in np.unique(taken_for[away]).tolist():
        inside = away & (taken_for == source)
        columns = column(seen[:, index]), column(unseen[:, index]), column(unseen[:, source])
        kind = learned_kind(np.hstack([described, *columns]), inside, home | (away & ~inside))
        if kind is not None and kind.members.sum() >= FEWEST:
            kinds[source] = kind
    return kinds


def in_several(kinds: Iterable[Mapping[int, Kind]]) -> bool:
    """Whether several classes, of each of which the kinds are given, have one that is nearly apart: no accident."""
    return sum(any(kind.doubtful <= APART_OR_MORE for kind in own.values()) for own in kinds) >= SEVERAL


def those_apart(kinds: Iterable[Kind], ranks: Floats, *, several: bool, suspected: bool) -> Kind | None:
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
    return as_one(apart)


def as_one(odds: Sequence[Reals]) -> Kind | None:
    """The kinds with these odds, (m,) each, as one; None for none."""
    return Kind(np.max(odds, axis=0)) if odds else None


def kind_of_many(described: Reals, told: tuple[Floats, Floats], index: int, limits: tuple[float, float]) -> Kind | None:
    """The kind of a class that is taken for many others; None where those are few with which it is not mixed up anyway.

    Hard samples are taken for the classes that look alike, where they outnumber the poison. So whoever is taken for
    one of these is no example of the kind, and has to be surer. The arguments are those of `kinds_by_source`.
    """
    (seen, unseen), (believed, turned) = told, limits
    away, home = (seen[:, index] > believed) & (unseen[:, index] < turned), unseen[:, index] > believed
    elsewhere = unseen.copy()
    elsewhere[:, index] = 0
    taken_for, expected = elsewhere.argmax(1), elsewhere[home].sum(0)
    counts = np.bincount(taken_for[away], minlength=unseen.shape[1])
    many = CROWDED * np.median(np.delete(counts, index))
    mixed_up = ((counts > many) & (expected > USUAL * counts)) | (expected > counts)
    if not of_many(effective(counts[~mixed_up]), unseen.shape[1]):
        return None
    telling = ~mixed_up[taken_for]
    columns = column(seen[:, index]), column(unseen[:, index])
    kind = learned_kind(np.hstack([described, *columns]), away & telling, home)
    return None if kind is None else Kind(kind.odds - DOUBT * ~telling)
