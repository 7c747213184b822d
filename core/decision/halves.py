"""The two halves of each class, as orders in which to suspect: where much of a class is poison, it is one of them.

Suspicion ranks what is unusual, and half of a class is not. Nothing is said of which half it is: both are tried.
"""

import numpy as np
from sklearn.cluster import KMeans

from core.detectors.parts.subspaces import class_spaces
from core.types import Evidence, Floats

# Directions of a class that it is split in.
DIRECTIONS = 10
STARTS = 3


def halves(evidence: Evidence) -> tuple[Floats, Floats]:
    """(n,) and (n,) how far each sample lies on one side of its class, and on the other.

    By 2-means of the activations, as Activation Clustering splits a class (Chen et al. 2018, arXiv 1811.03728).
    """
    assert evidence.features is not None
    side = np.zeros(len(evidence.labels), np.float32)
    for space in class_spaces(evidence.features, evidence.labels, evidence.n_classes, evidence.seed):
        points = np.asarray(space.points)[:, :DIRECTIONS]
        if len(points) < 2:
            continue
        middles = KMeans(2, n_init=STARTS, random_state=evidence.seed).fit(points).cluster_centers_
        across = middles[1] - middles[0]
        side[space.rows] = (points - middles.mean(0)) @ across / max(float(across @ across), 1e-12)
    return side, -side
