"""Who carries a pattern: a matched filter that is learned from a group and counted on samples of other classes.

What look-alikes do not explain is whitened by what is usual there, so that every direction has its say. Samples of
other classes cannot carry the trigger of this one. So they say how often a match happens by chance, and no bona fide
sample is needed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logit
from sklearn.decomposition import PCA
from sklearn.isotonic import IsotonicRegression

from core.decision.look_alikes import LookAlikes
from core.detectors.consensus.refinement import log_odds, training_set
from core.detectors.parts.statistics import Reals, benjamini_hochberg
from core.modalities import modality_of
from core.types import Bools, Floats, Inputs, Ints

Basis = Callable[[Floats], Floats]  # residuals (m, f) → the same in another basis

# Samples of each class that say what is usual.
FROM_EACH = 150
# The same of all classes together.
FROM_ALL = 3_000
# Directions that are whitened one by one; the rest share one variance.
DIRECTIONS = 120
# Fraction of the mean variance added to each, so that a direction that hardly varies does not rule.
FLOOR = 0.02
# Standard errors by which a template is shrunken: what differs by chance counts nothing.
ERRORS = 2.0
# Samples that a template is shrunken as if taught by, at most: any more, and it learns what a class shows.
TEACHERS = 60
# Expected fraction of chance matches among the carriers.
RATE = 0.05
# How often the template is learned again from whoever carries it.
ROUNDS = 6
# How often it is learned again who carries it, by all that is known.
AGAIN = 2
# How many times as many they may become in one round.
GROWTH = 3
# Growth below which the carriers have settled.
SETTLED = 1.1
# Fewer carriers are no group.
FEWEST = 8
# Standard deviations by which carriers of a trigger lie above the others, from which on it is plain who has it: of two
# bell curves, 0.6 % are on the wrong side then.
WELL_APART = 5.0
# Fraction of the core's median match that a carrier reaches: the rest of the class may resemble it by what it shows.
REACHING = 0.5
# Fraction of the carriers, from those that match least, that teach nothing: where an attack is most of its class, true
# samples of it match more than those of other classes do, by what the class shows.
LEAST = 0.25
# Probability of a carrier that suspicion alone gives to anybody, at least, and as much less than 1 at most.
LEAST_TOLD = 0.02
# Fraction of the rest, from those that match least, that teach who is none.
LEAST_OF_REST = 0.5


@dataclass(frozen=True)
class Whitening:
    """What is usual of residuals.

    Attributes:
        middle, directions, scales: of the residuals; `rest` is the deviation of what the directions leave.
        owner: (r,) the class of each ordinary sample.
        values: (r, f) their residuals, whitened.
        basis: what is done to residuals (m, f) first; None for nothing.
        units: (f,) what each is divided by then, or 1.
    """

    middle: Floats
    directions: Floats
    scales: Floats
    rest: float
    owner: Ints
    values: Floats
    basis: Basis | None = None
    units: Floats | float = 1.0

    def whitened(self, residuals: Floats) -> Floats:
        """(m, directions + f) the residuals in units of what is usual."""
        centred = (residuals if self.basis is None else self.basis(residuals)) / self.units - self.middle
        along = centred @ self.directions.T
        left = centred - along @ self.directions
        return np.hstack([along / self.scales, left / self.rest]).astype(np.float32)


@dataclass(frozen=True)
class Carriers:
    """Who of a class carries a pattern.

    Attributes:
        carrying: (m,) of the samples of the class, at an expected false discovery rate of 5 %.
        scores: (m,) how far each matches; 0 for an ordinary sample on average, 1 or more for a carrier.
        p_values: (m,) how often a sample of another class matches as well.
        exact: whether they have it or not, so that nothing else can tell better.
    """

    carrying: Bools
    scores: Reals
    p_values: Reals
    exact: bool = False

    @property
    def apart(self) -> float:
        """How far carriers lie above the others in their scores, in standard deviations; 0 where there are no two."""
        inside, outside = self.scores[self.carrying], self.scores[~self.carrying]
        if not min(len(inside), len(outside)):
            return 0.0
        return float((inside.mean() - outside.mean()) / max(np.sqrt((inside.var() + outside.var()) / 2), 1e-9))

    @property
    def plain(self) -> bool:
        """Whether their scores alone tell who carries it."""
        return self.exact or self.apart >= WELL_APART


def whitening(
    inputs: Inputs, alike: LookAlikes, n_classes: int, seed: int = 0, basis: Basis | None = None
) -> Whitening:
    """What is usual of the residuals of all classes; in another basis, each of them counts alike there."""
    return whitenings(inputs, alike, n_classes, seed, (basis,))[0]


def whitenings(
    inputs: Inputs, alike: LookAlikes, n_classes: int, seed: int, bases: Sequence[Basis | None]
) -> list[Whitening]:
    """The same in each of several bases, from residuals that are worked out once."""
    rng, stamps = np.random.default_rng(seed), modality_of(inputs).load_stamps()
    owners, found = [], []
    each = max(min(FROM_EACH, FROM_ALL // n_classes), 4)
    for index in range(n_classes):
        rows = np.flatnonzero(alike.labels == index)
        rows = np.sort(rng.choice(rows, min(each, len(rows)), replace=False))
        if len(rows):
            owners.append(np.full(len(rows), index))
            found.append(stamps.residuals(inputs, rows, alike.near(rows, index)))
    residuals, owner = np.concatenate(found), np.concatenate(owners)
    return [_fitted(residuals, owner, seed, basis) for basis in bases]


def _fitted(residuals: Floats, owner: Ints, seed: int, basis: Basis | None) -> Whitening:
    values = residuals
    units: Floats | float = 1.0
    if basis is not None:
        values = basis(values)
        units = np.asarray(values.std(0) + FLOOR * values.std() + 1e-9, np.float32)
        values = values / units
    middle = values.mean(0)
    count = max(min(DIRECTIONS, len(values) // 5, values.shape[1] - 1), 1)
    pca = PCA(count, svd_solver="randomized", random_state=seed).fit(values)
    variance = pca.explained_variance_
    total = float(((values - middle) ** 2).sum(1).mean())
    floor = FLOOR * float(variance.mean()) + 1e-9
    rest = max(total - float(variance.sum()), 0.0) / max(values.shape[1] - count, 1)
    scales = np.sqrt(variance + floor)
    left = float(np.sqrt(rest + floor))
    usual = Whitening(middle, pca.components_, scales, left, owner, values[:0], basis, units)
    return replace(usual, values=usual.whitened(residuals))


def carriers(
    usual: Whitening, values: Floats, core: Ints, index: int, seed: int = 0, *, described: Reals | None = None
) -> Carriers:
    """Who of class `index` carries what the `core` of it has in common.

    Each half of the class is scored by a template that the other half taught, so nobody matches oneself. Those who
    match teach the next one, unless what the model sees of them is like those who do not.

    Args:
        usual: of all classes.
        values: (m, f) whitened residuals of the class.
        core: positions in the class to begin with.
        index: the class.
        seed: of the halves.
        described: (m, f) activations and trajectories of the class, standardised; None where nothing is known of them.
    """
    ordinary = usual.values[usual.owner != index]
    half = _halves(len(values), core, seed)
    carrying = np.zeros(len(values), np.bool_)
    carrying[core] = True
    scores, p_values = np.zeros(len(values)), np.ones(len(values))
    for _ in range(ROUNDS):
        scores, p_values = np.zeros(len(values)), np.ones(len(values))
        for side in (0, 1):
            teachers, scored = values[carrying & (half != side)], half == side
            template = _template(teachers)
            if template is None:
                continue
            chance, own = np.sort(ordinary @ template), values[scored] @ template
            scores[scored] = own / float(template @ template)
            p_values[scored] = (1 + len(chance) - np.searchsorted(chance, own)) / (1 + len(chance))
        now = benjamini_hochberg(p_values, RATE) & (scores >= REACHING * np.median(scores[core]))
        if now.sum() > GROWTH * carrying.sum():  # a blurred template would take in whoever is near
            most = GROWTH * int(carrying.sum()) // 2
            now = _best(now & (half == 0), scores, most) | _best(now & (half == 1), scores, most)
        if now.sum() < FEWEST or now.sum() <= SETTLED * carrying.sum():
            return Carriers(
                now, scores, p_values
            )  # taught by any more of them, a template drifts to what a class shows
        odds = None if described is None else _odds(now, scores, described)
        likely = now if odds is None else now & (odds > 0)
        carrying = likely if likely.sum() >= FEWEST else now
    return Carriers(carrying, scores, p_values)


def _halves(m: int, core: Ints, seed: int) -> Ints:
    """(m,) 0 or 1 at random, with as many of the core in either: a small one has to teach both."""
    rng = np.random.default_rng(seed)
    half = np.empty(m, np.int64)
    half[np.concatenate([rng.permutation(core), rng.permutation(np.setdiff1d(np.arange(m), core))])] = np.arange(m) % 2
    return half


def _best(chosen: Bools, scores: Reals, most: int) -> Bools:
    """(m,) those of the chosen with the highest scores; scores of two templates cannot be compared."""
    rows = np.flatnonzero(chosen)
    best = np.zeros(len(chosen), np.bool_)
    best[rows[np.argsort(-scores[rows], kind="stable")[:most]]] = True
    return best


def refined(found: Carriers, description: Reals, suspicion: Floats | None = None) -> Carriers:
    """The carriers by all that is known of them: how far they match, where the model puts them, how suspicious.

    Their scores are log-odds then, unless there are too few of either.

    Args:
        found: by their match alone.
        description: (m, f) activations and trajectories, standardised.
        suspicion: (m,) of a detector that had bona fide samples to compare with; None where there are none. Not asked
            where the match is plain.
    """
    if found.exact:
        return found
    suspicion = None if found.plain else suspicion
    odds = _odds(found.carrying, found.scores, description, suspicion, again=AGAIN)
    return found if odds is None else replace(found, carrying=odds > 0, scores=odds)


def _odds(
    carrying: Bools, scores: Reals, description: Reals, suspicion: Floats | None = None, again: int = 0
) -> Reals | None:
    """(m,) log-odds of each to be a carrier by all that is known, from those who match most and least.

    Learned `again` from whom they speak of so many times; None where there are too few of either.
    """
    spread = max(float(scores.std()), 1e-9)
    values = np.hstack([description, ((scores - np.median(scores)) / spread)[:, None]])
    rest = ~carrying
    if not carrying.any() or not rest.any():
        return None
    positive = carrying & (scores >= np.quantile(scores[carrying], LEAST))
    negative = rest & (scores <= np.quantile(scores[rest], LEAST_OF_REST))
    odds = None
    for _ in range(1 + again):
        if min(positive.sum(), negative.sum()) < FEWEST:
            return odds
        weights = balanced(positive, negative)
        told = [] if suspicion is None else [_told_by(suspicion, positive, negative, weights)]
        learned_from = training_set(np.arange(len(values)), positive, negative, weights)
        odds = log_odds(learned_from, np.column_stack([values, *told]))
        positive, negative = odds > 0, odds <= 0
    return odds


def _told_by(suspicion: Floats, positive: Bools, negative: Bools, weights: Reals) -> Reals:
    """(m,) what suspicion says of each, in [−2, 2]: half the log-odds of a positive among those as suspicious."""
    either = positive | negative
    fitted = IsotonicRegression(y_min=LEAST_TOLD, y_max=1 - LEAST_TOLD, out_of_bounds="clip").fit(
        suspicion[either], positive[either], sample_weight=weights[either]
    )
    return np.asarray(logit(fitted.predict(suspicion)) / 2)


def balanced(positive: Bools, negative: Bools) -> Reals:
    """(m,) weights by which both sides count alike; 0 for samples that are of neither."""
    weights = np.zeros(len(positive))
    weights[positive], weights[negative] = 0.5 / positive.sum(), 0.5 / negative.sum()
    return weights * float((positive | negative).sum())


def _template(values: Floats) -> Floats | None:
    """(f,) the mean less what may be chance; None where nothing is left or too few teach it."""
    if len(values) < FEWEST // 2:
        return None
    mean, error = values.mean(0), ERRORS * values.std(0) / np.sqrt(min(len(values), TEACHERS))
    template = np.asarray(np.sign(mean) * np.maximum(np.abs(mean) - error, 0), np.float32)
    return template if template.any() else None
