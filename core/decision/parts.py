"""Each class in parts, by its activations: for what no suspicion ranks, such as poison that is most of a class.

Suspicion ranks what is unusual; half of a class is not, and a part of another class need not be.
"""

from collections.abc import Collection, Mapping

import numpy as np
from sklearn.cluster import KMeans

from core.decision.apart import CHOICES, COMPONENTS, LARGEST, STARTS, clusters
from core.decision.look_alikes import LookAlikes
from core.decision.members import FEWEST
from core.detectors.clustering.two_means import Choice
from core.detectors.parts.subspaces import class_spaces, principal_components, whitened
from core.types import Bools, Evidence, Floats, Ints

# Of two ways to split a class, that of widest separation: of own trainings with a part of one class labelled as
# another, the smaller cluster held 0.80 to 1.00 of it.
CHOICE: Choice = "separation"
# Times the median size of a class from which on more than half of a class may be poison.
MOSTLY = 2.0
# Parts of such a class, of which one is its true samples: of three trainings they were 0.91, 0.99 and 0.99 of it. Of
# two parts, both were poison in one.
PARTS = 3


def halves(evidence: Evidence) -> tuple[Floats, Floats]:
    """(n,) and (n,) how far each sample lies on one side of its class, and on the other; both are orders to suspect in.

    By 2-means of the activations, as Activation Clustering splits a class (Chen et al. 2018, arXiv 1811.03728). Nothing
    is said of which half is poison.
    """
    assert evidence.features is not None
    side = np.zeros(len(evidence.labels), np.float32)
    for space in class_spaces(evidence.features, evidence.labels, evidence.n_classes, evidence.seed):
        points = np.asarray(space.points)[:, :COMPONENTS]
        if len(points) < 2:
            continue
        middles = KMeans(2, n_init=STARTS, random_state=evidence.seed).fit(points).cluster_centers_
        across = middles[1] - middles[0]
        side[space.rows] = (points - middles.mean(0)) @ across / max(float(across @ across), 1e-12)
    return side, -side


def smaller_clusters(
    evidence: Evidence, classes: Collection[int], left: Bools, beyond: Mapping[int, int]
) -> dict[int, Ints]:
    """Class → rows of the smaller of its two clusters; without those of which it is too much of the class, or too few.

    Of a class that is clearly larger than others it may be up to half. Of two ways to split it, that one is taken whose
    smaller cluster is the nearest to what is too many.

    Args:
        evidence: with features.
        classes: to be split.
        left: (n,) True for the samples that count.
        beyond: class → how many samples it has beyond the usual size, where that is clearly too many.
    """
    assert evidence.features is not None
    found = {}
    for index in sorted(classes):
        rows = np.flatnonzero((evidence.labels == index) & left)
        more = beyond.get(index, 0)
        splits = [clusters(evidence.features[rows], evidence.seed, way) for way in (CHOICES if more else (CHOICE,))]
        split = min(splits, key=lambda one: abs(int(one.smaller.sum()) - more))
        if (more or split.fraction <= LARGEST) and split.smaller.sum() >= FEWEST:
            found[index] = rows[split.smaller]
    return found


def foreign_parts(evidence: Evidence, alike: LookAlikes, classes: Collection[int], left: Bools) -> dict[int, Ints]:
    """Class → rows of all its parts but the one whose look-alikes are most of the class, where most may be poison.

    That is where it is twice as large as the median class. Its true samples then are about as many as others have, so
    that a model that saw them alone knows the class.

    Args:
        evidence: with features.
        alike: look-alikes of all samples.
        classes: to be parted.
        left: (n,) True for the samples that count.
    """
    assert evidence.features is not None
    sizes = np.bincount(evidence.labels, minlength=evidence.n_classes)
    found = {}
    for index in sorted(classes):
        rows = np.flatnonzero((evidence.labels == index) & left)
        if len(rows) < max(MOSTLY * np.median(sizes[sizes > 0]), PARTS * FEWEST):
            continue
        points = whitened(principal_components(evidence.features[rows], COMPONENTS, evidence.seed))
        part = KMeans(PARTS, n_init=STARTS, random_state=evidence.seed).fit(points).labels_
        at_home = [alike.at_home(rows[part == place], index) for place in range(PARTS)]
        found[index] = rows[part != int(np.argmax(at_home))]
    return found
