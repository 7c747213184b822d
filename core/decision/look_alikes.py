"""The look-alikes of a sample among other classes: what it would be without a trigger.

Neighbours are looked for in coarse samples, where a trigger hardly counts. They are of other classes, since most of a
class may be poison, and then its own samples would cancel the trigger out.
"""

from dataclasses import dataclass, field

import numpy as np
from sklearn.neighbors import NearestNeighbors

from core.detectors.consensus.residuals import coarse_points
from core.detectors.parts.statistics import Reals
from core.types import Bools, Floats, Inputs, Ints

# Look-alikes of a sample.
NEAREST = 10
# Stands for no class at all.
EVERY_CLASS = -1
# Samples of other classes that may be somebody's look-alike; bounds the time of large data sets.
MOST_ORDINARY = 20_000
# Samples that the directions are worked out from.
MOST_FITTED = 5_000
# Samples of a class whose neighbours are looked at, at most, and standard errors by which some have to be less like
# their class than the rest of it is.
MOST_COMPARED = 300
ERRORS = 3.0
# Distance of two samples, as a fraction of the usual distance to a look-alike, below which they are near-duplicates.
DUPLICATE = 0.25


@dataclass(frozen=True)
class LookAlikes:
    """Where the look-alikes of samples are.

    Attributes:
        labels: (n,) given labels.
        points: (n, ≤ 32) all samples, coarse, in their principal directions.
        seed: of the choice, where there are more samples than may be look-alikes.
    """

    labels: Ints
    points: Floats
    seed: int = 0
    _searches: dict[int, tuple[Ints, NearestNeighbors]] = field(default_factory=dict, repr=False)

    def near(self, rows: Ints, index: int) -> Ints:
        """(m, ≤ 10) for each row the nearest samples outside class `index`, nearest first."""
        others, search = self._search(index)
        return np.asarray(others[search.kneighbors(self.points[rows], return_distance=False)])

    def any_others(self) -> "LookAlikes":
        """The same, but any samples of other classes stand for the nearest: those are like a smooth overlay, too."""
        return _AnyOthers(self.labels, self.points, self.seed, self._searches)

    def at_home(self, rows: Ints, index: int) -> float:
        """The fraction of these samples' nearest neighbours, all classes together, that are labelled `index`.

        True samples of a class lie among one another, and mislabelled ones among the class that they show.
        """
        others, search = self._search(EVERY_CLASS)
        near = others[search.kneighbors(self.points[rows], return_distance=False)]
        themselves = near == rows[:, None]
        return float((self.labels[near] == index)[~themselves].mean())

    def at_home_beside(self, rows: Ints, index: int) -> float:
        """The same beside these samples: a part of another class that was relabelled whole lies among itself alone."""
        others, search = self._searched(np.setdiff1d(np.arange(len(self.labels)), rows))
        return float((self.labels[others[search.kneighbors(self.points[rows], return_distance=False)]] == index).mean())

    def elsewhere(self, rows: Ints, index: int) -> bool:
        """Whether these samples of class `index` lie elsewhere than the rest of it; not where it has no rest."""
        others = self._some(np.setdiff1d(np.arange(len(self.labels)), rows))
        return lie_elsewhere(self.points[rows[:MOST_COMPARED]], self.points[others], self.labels[others] == index)

    def thinned(self, rows: Ints, index: int, most: int) -> Ints:
        """The first `most` of the rows that are no near-duplicate of an earlier one, for copies share everything."""
        considered = rows[: 4 * most]
        if len(considered) < 2:
            return considered
        usual = float(np.median(self._search(index)[1].kneighbors(self.points[considered])[0][:, 0]))
        kept: list[int] = []
        for row in considered:
            apart = np.linalg.norm(self.points[kept] - self.points[row], axis=1) if kept else np.array([np.inf])
            if apart.min() > DUPLICATE * usual:
                kept.append(int(row))
            if len(kept) == most:
                break
        return np.array(kept, np.int64)

    def _search(self, index: int) -> tuple[Ints, NearestNeighbors]:
        if index not in self._searches:
            self._searches[index] = self._searched(np.flatnonzero(self.labels != index))  # of every class: all of them
        return self._searches[index]

    def _searched(self, others: Ints) -> tuple[Ints, NearestNeighbors]:
        """Some of these rows, and the search for the nearest of them."""
        others = self._some(others)
        search = NearestNeighbors(n_neighbors=min(NEAREST, len(others)), algorithm="brute")
        return others, search.fit(self.points[others])

    def _some(self, rows: Ints) -> Ints:
        """These rows, or of very many some, drawn by the seed."""
        if len(rows) <= MOST_ORDINARY:
            return rows
        return np.sort(np.random.default_rng(self.seed).choice(rows, MOST_ORDINARY, replace=False))


def lie_elsewhere(members: Floats | Reals, others: Floats | Reals, of_class: Bools) -> bool:
    """Whether fewer of the members' neighbours are of their class than of those of the rest of it, beyond chance.

    Args:
        members: (m, f) of a class.
        others: (r, f) the rest of it and samples of other classes.
        of_class: (r,) True for the rest of it.
    """
    if not of_class.any():
        return False
    search = NearestNeighbors(n_neighbors=min(NEAREST + 1, len(others)), algorithm="brute").fit(others)
    near = search.kneighbors(others[of_class][:MOST_COMPARED], return_distance=False)[:, 1:]  # without itself
    own, found = (
        of_class[which].mean(1) for which in (near, search.kneighbors(members, return_distance=False)[:, :NEAREST])
    )
    error = np.sqrt(own.var() / len(own) + found.var() / len(found))
    return bool(own.mean() - found.mean() > ERRORS * error)


class _AnyOthers(LookAlikes):
    def near(self, rows: Ints, index: int) -> Ints:
        """(m, 10) for each row any samples outside class `index`."""
        others = np.flatnonzero(self.labels != index)
        return np.random.default_rng((self.seed, index)).choice(others, (len(rows), NEAREST))


def look_alikes(inputs: Inputs, labels: Ints, seed: int = 0) -> LookAlikes:
    """The look-alikes of all samples of a data set."""
    fitted = np.random.default_rng(seed).permutation(len(labels))[:MOST_FITTED]
    return LookAlikes(labels, coarse_points(inputs, fitted), seed)
