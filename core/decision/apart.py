"""Whether a kind within a class is apart from the hard samples of the class: by those in doubt, or as a cluster.

2-means splits clean classes, too, and hard samples turn. But these are not the same samples, nor the most suspicious.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.decision.kinds import Kind
from core.decision.look_alikes import LookAlikes
from core.decision.members import FEWEST
from core.detectors.clustering.decisions import by_silhouette, by_size
from core.detectors.clustering.splits import Split, split_class
from core.detectors.clustering.two_means import Choice
from core.detectors.parts.subspaces import principal_components, whitened
from core.types import Bools, Floats, Ints

# Samples in doubt for each member, up to which a group is a kind of its own and a backdoor is confirmed. On 21
# trainings the poison of nine had 0.09 to 0.49, and some 60 groups of hard samples of clean classes 0.29 to 0.97.
APART = 0.2
# The same where a cluster of the class was asked about, which nothing made suspicious; of some 40 of clean classes the
# least was 0.27, of poison 0.09 and 0.18.
APART_AS_CLUSTER = 0.15
# The same for a group that a model that never saw it takes for many other classes, as where a trigger is put on all.
APART_OF_MANY = 0.33
# Effective number of these classes; of hard samples of clean classes there were 1.4 to 5.5, and then 0.6 in doubt.
MANY_SOURCES = 5.0
# The same where there are few classes, as a fraction of the others.
MANY_OF_FEW = 0.6
# The same for a group whose members' median suspicion is in the top of all samples; of clean data, groups that were as
# suspicious had 0.34 and more in doubt.
APART_AND_FOREMOST = 0.3
FOREMOST = 0.95
# The same up to which a group is shown as open.
HARDLY_APART = 0.4
# Effective number of other classes from which on all parts of a class but one may be poison, and samples in doubt then.
# Of eight clean classes, each three times as large as the others, shirts had 0.13 in doubt and 3.6 classes, and cats
# 0.33 and 6.5. Poison of two thirds of a class had 0.03 to 0.40 and 6.5 to 8.8.
MANY_FOR_MOST = 5.0
MOST_APART = 0.2
# The same where they are taken for nearly all other classes, as a fraction of these: clean ones for 0.76 at most.
NEARLY_ALL = 0.9
MOST_APART_OF_ALL = 0.4
# Median relative rank of suspicion below which a group is none: its members are no more suspicious than any sample.
LEAST_SUSPICIOUS = 0.5
# Fraction of its class that a group may be where it is taken for few classes and shares no trigger. Beyond it, the
# class is rather two populations, such as two kinds of bags.
LARGEST_OF_FEW = 1 / 3
# But where classes are alike in size, a population would be missing in its class: without poison the class has at least
# so much of the usual size.
WHOLE_WITHOUT = 0.8
# Classes are alike where so many of the others, as a fraction, are within that of their median size.
ALIKE = 0.75
ALIKE_WITHIN = 0.25
FEWEST_ALIKE = 3
# Fraction of the usual size below which a group is not what is true of a class, all else being poison.
FEW_OF_USUAL = 0.5
# How often such a group's look-alikes, but for itself, are of the class, beside those of the rest, up to which nothing
# in it looks like them. Of parts of MNIST and Fashion-MNIST that were relabelled whole three quarters had 0.03 at most,
# of as large parts of their own class the least 0.06, nineteen of twenty 0.09 and more.
BESIDE = 0.05
# Times that the largest other class exceeds their median size, from which on a class is larger than classes vary.
LARGER = 1.5
# The same from which on that is said where nothing is confirmed, and the deviations of a count of that size. In MNIST
# there are 1.14 times as many ones as usual: 2.4 times what the next exceeds it by.
CLEARLY_LARGER = 4.0
DEVIATIONS = 4.0
# The settings of Activation Clustering (`core.detectors.clustering`), with the first split that fits of the two.
COMPONENTS = 10
LARGEST = 0.35
SEPARATE = 0.12
STARTS = 3
CHOICES: tuple[Choice, ...] = ("tightness", "separation")
# Median relative rank of suspicion that a cluster has to have.
CLUSTER_FOREMOST = 0.97
# Samples that are in both, as a fraction of those in either, from which on they are the same. Of 12 separate clusters
# of clean classes none had both: the most suspicious overlapped by 0.26 to 0.48; the others had medians below 0.93.
SAME = 0.55
# Fraction of it that a model that never saw it may take for the class. Of odd trousers of a clean Fashion-MNIST, 60 of
# 390 that were all of the above, it was a third; of the poison of own attacks nothing.
CLUSTER_AT_HOME = 0.2


@dataclass(frozen=True)
class KindFigures:
    """What was measured of a kind of its own within a class.

    Attributes:
        turned, control: fractions of the most suspicious, and of as hard samples, that only their own kind taught.
        doubtful: samples in doubt for each member.
        sources: effective number of other classes that members are taken for.
        rank: members' median relative rank of suspicion over all samples, in (0, 1]; higher = more suspicious.
        clustered: whether they are a separate cluster of the class, too.
        home: fraction of the members that belong to the class by all else that they show; None where nothing tells.
        inverse: whether they look more like the class than the rest of it does.
        usual: whether bona fide samples of the class are of this kind as often.
        a_cluster: whether a cluster of the class was asked about, not its most suspicious samples.
        most: whether all parts of the class but one were asked about.
        half: whether they may be one of two populations of a clean class.
        distinct: whether the classes are many without those which the model mixes up with theirs anyway.
    """

    turned: float
    control: float
    doubtful: float
    sources: float
    rank: float
    clustered: bool = False
    home: float | None = None
    inverse: bool = False
    usual: bool = False
    a_cluster: bool = False
    most: bool = False
    half: bool = False
    distinct: bool = True


def is_apart(figures: KindFigures, n_classes: int, *, lie_apart: bool = True) -> bool:
    """Whether a group is a kind of its own, by its samples in doubt for each member.

    More may be in doubt where it is taken for many classes, and, with `lie_apart`, where it is the most suspicious.
    """
    if figures.most:
        return figures.doubtful <= _limit_of_most(figures, n_classes)
    limits = [_least_limit(figures)]
    if figures.distinct and of_many(figures.sources, n_classes):
        limits.append(APART_OF_MANY)
    if lie_apart and figures.rank >= FOREMOST and not figures.a_cluster:
        limits.append(APART_AND_FOREMOST)
    return figures.doubtful <= max(limits)


def may_be_a_half(figures: KindFigures, members: int, sizes: Ints, index: int) -> bool:
    """Whether so many members of class `index`, which share no trigger, may be a population of a clean class.

    `sizes` are those of all classes, (k,).
    """
    many = figures.distinct and of_many(figures.sources, len(sizes))
    if many or members <= LARGEST_OF_FEW * sizes[index]:
        return False
    usual = usual_size(sizes, index)
    return usual is None or bool(sizes[index] - members < WHOLE_WITHOUT * usual)


def usual_size(sizes: Ints, index: int) -> float | None:
    """The median size of the other classes, where they are alike; None where they are not, or are few.

    >>> usual_size(np.array([150, 100, 104, 97]), 0), usual_size(np.array([150, 100, 20, 40]), 0)
    (100.0, None)
    """
    others = np.delete(sizes, index)
    others = others[others > 0]
    if len(others) < FEWEST_ALIKE:
        return None
    median = float(np.median(others))
    return median if (np.abs(others - median) <= ALIKE_WITHIN * median).mean() >= ALIKE else None


def too_many(sizes: Ints, index: int, times: float = LARGER) -> int:
    """How many samples class `index` has beyond the usual size; 0 where that is no more than classes vary, or unknown.

    So many `times` it has to exceed it as the largest other class does.

    >>> too_many(np.array([150, 100, 104, 97]), 0), too_many(np.array([106, 100, 104, 97]), 0)
    (50, 0)
    """
    usual = usual_size(sizes, index)
    if usual is None:
        return 0
    beyond = float(sizes[index] - usual)
    return int(beyond) if beyond > max(times * (np.delete(sizes, index).max() - usual), FEWEST) else 0


def clearly_too_many(sizes: Ints, index: int) -> int:
    """The same where that is so much that it has to be said; 0 elsewhere.

    >>> clearly_too_many(np.array([150, 100, 104, 97]), 0), clearly_too_many(np.array([130, 100, 104, 97]), 0)
    (50, 0)
    """
    beyond = too_many(sizes, index, CLEARLY_LARGER)
    return beyond if beyond > DEVIATIONS * np.sqrt(sizes[index] - beyond) else 0


def looks_more_like_it(alike: LookAlikes, members: Ints, rest: Ints, index: int, usual: float | None = None) -> bool:
    """Whether members look more like class `index` than the rest of it: then they are its true samples.

    Where most of a class is poison, a model that saw it alone takes the true samples for other classes. But members
    that are few beside the `usual` size of a class are not all that is true of it. Where nothing else in it looks like
    them, they are a part of another class, whose samples lie among one another, too.
    """
    if min(len(members), len(rest)) < FEWEST:
        return False
    at_home = alike.at_home(rest, index)
    few = usual is not None and len(members) < FEW_OF_USUAL * usual
    if few and alike.at_home_beside(members, index) <= BESIDE * at_home:
        return False
    return alike.at_home(members, index) > at_home


def _least_limit(figures: KindFigures) -> float:
    return APART_AS_CLUSTER if figures.a_cluster else APART


def _limit_of_most(figures: KindFigures, n_classes: int) -> float:
    """Samples in doubt up to which most of a class is poison; below 0 where that cannot be told."""
    if figures.sources < MANY_FOR_MOST:
        return -1.0
    return MOST_APART_OF_ALL if figures.sources >= NEARLY_ALL * (n_classes - 1) else MOST_APART


def of_many(sources: float, n_classes: int) -> bool:
    """Whether so many other classes, an effective number, are many."""
    return sources >= max(min(MANY_SOURCES, MANY_OF_FEW * (n_classes - 1)), 2)


def weighed(
    figures: KindFigures, kind: Kind, surer: Kind | None, cluster: Bools | None, n_classes: int, *, lie_apart: bool
) -> tuple[Bools, bool]:
    """(m,) the members of a group, nobody where it is not even nearly apart; and whether it is confirmed.

    Around what is not apart by itself, but is suspicious or taken for many classes, are hard samples of the class. Then
    only the sure ones are members, of a `surer` kind where there is one.
    """
    if figures.rank < LEAST_SUSPICIOUS and not figures.most:
        return kind.members & (figures.doubtful <= HARDLY_APART), False
    if is_apart(figures, n_classes, lie_apart=lie_apart):
        return (kind.members if figures.doubtful <= _least_limit(figures) else (surer or kind).sure), True
    if cluster is not None:
        return cluster, True
    return kind.members & (figures.doubtful <= HARDLY_APART), False


def clusters(features: NDArray[Any], seed: int, choice: Choice) -> Split:
    """A class in two, from its features (m, d), with the settings of Activation Clustering."""
    return split_class(
        features, lambda own: whitened(principal_components(own, COMPONENTS, seed)), seed, STARTS, choice
    )


def own_cluster(features: NDArray[Any], ranks: Floats, members: Bools, home: Bools, seed: int) -> Bools | None:
    """(m,) the cluster of a class that is separate, most suspicious and the same as `members`; None where none is.

    Nor where many of it are at home in the class: these are hard samples, which any clean class has.

    Args:
        features: (m, d) of the class, in an order of their own.
        ranks: (m,) relative ranks of suspicion over all samples, in (0, 1]; higher = more suspicious.
        members: (m,) a kind of its own within the class.
        home: (m,) whom a model that never saw them takes for the class.
        seed: of the split.

    References: Chen et al. 2018 (arXiv 1811.03728) for the split; the conjunction is our own.
    """
    for choice in CHOICES:
        split = clusters(features, seed, choice)
        separate = by_size(split.fraction, LARGEST).poisoned and by_silhouette(split.silhouette, SEPARATE).poisoned
        if not separate or np.median(ranks[split.smaller]) < CLUSTER_FOREMOST:
            continue
        same = (split.smaller & members).sum() >= SAME * (split.smaller | members).sum()
        if same and home[split.smaller].mean() <= CLUSTER_AT_HOME:
            return split.smaller
    return None
