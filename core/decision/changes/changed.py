"""Who of a class is like samples that were given a change: for the network, or for anybody who looks at them."""

from collections.abc import Callable

import numpy as np

from core.decision.members import FEWEST, balanced
from core.decision.suspects import Suspects
from core.detectors.consensus.refinement import log_odds, training_set
from core.detectors.parts.statistics import Reals
from core.detectors.parts.subspaces import principal_components, whitened
from core.errors import UserError
from core.modalities.recovery import Ask, Stamp
from core.types import Bools, Floats, Inputs, Ints, Samples

# Directions of the last layer in which carriers are first looked for.
DIRECTIONS = 30
# Fraction of samples that anybody has to tell from what the change makes of them, for what is seen to tell carriers.
SEEN = 0.9
# Spread of what is seen, as fractions of white, below which it tells nothing.
SMALLEST_SPREAD = 0.003
# Probability of another class from which on a model is sure of it.
SURE_ELSEWHERE = 0.8


def like_the_changed(
    suspects: Suspects, hidden: Callable[..., Floats], stamp: Stamp, of: tuple[Ints, Ints, int]
) -> Reals | None:
    """(m,) log-odds that a row of the class is like samples that were given the change; None for too few of those.

    `hidden` says what reaches the last layer; `of` has rows that are given the change, those of the class, and it.
    """
    inputs, (given, rows, index) = suspects.inputs, of
    changed = stamp.put_on(inputs[given])
    changed = changed[suspects.ask(changed).argmax(1) == index]
    if len(changed) < FEWEST:
        return None
    try:
        reached = np.concatenate([hidden(changed, like=inputs), hidden(inputs[rows], like=inputs)])
    except UserError:  # the network has no hidden layer
        return None
    points = whitened(principal_components(reached, DIRECTIONS, suspects.seed))
    inside = np.arange(len(points)) < len(changed)
    learned_from = training_set(np.arange(len(points)), inside, ~inside, balanced(inside, ~inside))
    return log_odds(learned_from, points)[len(changed) :]


def seen_to_be_changed(inputs: Inputs, stamp: Stamp, given: Ints, rows: Ints) -> Reals | None:
    """(m,) log-odds that rows look changed by what anybody sees of them, without a network; None where that is little.

    Learned from samples that are `given` the change, and from the same as they are.
    """
    asked = np.arange(2 * len(given) + len(rows))
    seen = [stamp.seen(samples) for samples in (stamp.put_on(inputs[given]), inputs[given], inputs[rows])]
    if seen[0] is None:
        return None
    points = np.concatenate([one for one in seen if one is not None]).astype(np.float64)
    unchanged = points[len(given) : 2 * len(given)]
    points = (points - unchanged.mean(0)) / (unchanged.std(0) + SMALLEST_SPREAD)
    changed, as_it_was = asked < len(given), (asked >= len(given)) & (asked < 2 * len(given))
    odds = log_odds(training_set(asked, changed, as_it_was, balanced(changed, as_it_was)), points)
    told = ((odds > 0) == changed)[changed | as_it_was].mean()
    return np.asarray(odds[2 * len(given) :]) if told >= SEEN else None


def undone(stamp: Stamp, samples: Samples) -> Samples:
    """The samples without a change, as far as it can be taken off."""
    return stamp.taken_off(samples, np.zeros(0, np.float32))


def before_it(stamp: Stamp, samples: Samples) -> Samples | None:
    """The samples as they were before a change; None where it loses something, so that nobody can tell."""
    before = undone(stamp, samples)
    return before if np.array_equal(stamp.put_on(before), samples) else None


def sure_elsewhere(said: Floats, index: int) -> Bools:
    """(m,) where a model that says (m, k) probabilities is sure of another class than `index`."""
    return np.asarray((said.max(1) > SURE_ELSEWHERE) & (said.argmax(1) != index))


def sure_of_known(ask: Ask, known: Samples) -> float:
    """The fraction of samples that a model knows of which it is that sure; more than 0."""
    return max(float((ask(known).max(1) > SURE_ELSEWHERE).mean()), 1 / len(known))
