"""A kind of its own within a class: who belongs to it, and how clearly it is apart from the rest of the class.

Poison is of another kind than the class that it is labelled as. The hard samples of a clean class are not: between them
and the ordinary ones there is everything. So who is in is learned from who is surely in and who is surely not, and then
it is counted how many samples are neither.
"""

from dataclasses import dataclass

import numpy as np

from core.decision.members import FEWEST, balanced
from core.detectors.consensus.refinement import log_odds, training_set
from core.detectors.parts.statistics import Reals
from core.types import Bools, Floats

# Fraction of a class, from the most suspicious, that a kind is grown from; and at most so many.
BEGUN_WITH = 0.2
MOST_BEGUN_WITH = 60
# Fraction of a class, from the least suspicious, that is ordinary.
ORDINARY = 0.5
# Fraction of a class that a kind may grow to: where nothing tells suspects from others, half of all are like them.
LARGEST = 0.5
# How often it is learned again from who is like it.
ROUNDS = 3
# Probabilities are no nearer to 0 and 1 than that: what is beyond is no more certain.
CERTAIN = 1e-4
# Log-odds by which a column of probabilities is divided, to be of the size of the others.
SCALE = 3.0
# Log-odds within which it is in doubt whether a sample is of the kind.
DOUBT = 2.0
# C of the logistic regression: of 0.05, 0.3 and 1 it told kinds from hard samples most clearly.
STRENGTH = 0.3


@dataclass(frozen=True)
class Kind:
    """Who of a class is of another kind.

    Attributes:
        odds: (m,) out-of-fold log-odds that a sample is of the kind.
    """

    odds: Reals

    @property
    def members(self) -> Bools:
        """(m,) True for those who rather are."""
        return np.asarray(self.odds > 0)

    @property
    def sure(self) -> Bools:
        """(m,) the same without those of whom it is in doubt."""
        return np.asarray(self.odds > DOUBT)

    @property
    def near(self) -> Bools:
        """(m,) the same with those who may be."""
        return np.asarray(self.odds > -DOUBT / 2)

    @property
    def doubtful(self) -> float:
        """How many samples of the class are in doubt for each member, 0 or more; low = a kind that is apart."""
        return float((np.abs(self.odds) < DOUBT).sum() / max(self.members.sum(), 1))


def grown(described: Reals, suspicion: Floats) -> Bools:
    """(m,) the samples of a class that are like its most suspicious ones, among them these.

    Args:
        described: (m, f) activations and trajectories, standardised.
        suspicion: (m,) higher = more suspicious.
    """
    order = np.argsort(-suspicion, kind="stable")
    first = min(int(BEGUN_WITH * len(order)), MOST_BEGUN_WITH)
    inside, quiet = np.zeros(len(order), np.bool_), np.zeros(len(order), np.bool_)
    inside[order[:first]], quiet[order[len(order) - int(ORDINARY * len(order)) :]] = True, True
    begun = inside.copy()
    for _ in range(ROUNDS):
        kind = learned_kind(described, inside, quiet & ~inside)
        if kind is None:
            break
        inside = kind.members & (kind.odds > np.quantile(kind.odds, 1 - LARGEST))
    return np.asarray(inside | begun)


def asked_kind(described: Reals, seen: Floats, unseen: Floats, learned: float, turned: float) -> Kind | None:
    """The samples of a class like those that one model has learned and another turns from; None for too few.

    Args:
        described: (m, f) as above.
        seen, unseen: (m,) probability of the label by a model that learned from them and by one that did not.
        learned: probability from which on it is believed.
        turned: probability below which the other does not.
    """
    inside, home = (seen > learned) & (unseen < turned), unseen > learned
    return learned_kind(np.hstack([described, column(seen), column(unseen)]), inside, home)


def learned_kind(described: Reals, inside: Bools, outside: Bools, strength: float = STRENGTH) -> Kind | None:
    """Who is like those inside rather than those outside, (m,) each; None where either are too few.

    The lower the `strength`, the less is believed of each column.
    """
    if min(inside.sum(), outside.sum()) < FEWEST:
        return None
    learned_from = training_set(np.arange(len(inside)), inside, outside, balanced(inside, outside))
    return Kind(log_odds(learned_from, described, strength))


def counted_kind(described: Reals, begun: Bools) -> Kind | None:
    """Who of a class is rather of the kind of those that it is `begun` with, (m,), than not; None for too few.

    Its odds count how rare the kind is: where kinds overlap, many of the larger one look like the smaller one.
    """
    counted, inside = None, begun
    for _ in range(ROUNDS):
        kind = learned_kind(described, inside, ~inside)
        if kind is None:
            break
        counted = Kind(kind.odds + min(np.log(inside.sum() / (~inside).sum()), 0.0))
        inside = counted.members
    return counted


def column(probability: Floats) -> Reals:
    bounded = np.clip(np.asarray(probability, np.float64), CERTAIN, 1 - CERTAIN)
    return np.asarray(np.log(bounded / (1 - bounded))[:, None] / SCALE)
