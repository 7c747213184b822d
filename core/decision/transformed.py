"""Classes that one change of the whole sample turns others into, such as a warp, and who of them carries it.

Nobody's pixels show such a change. But samples of other classes can be given it, and then it is known what the network
makes of them. Who of the class is like these, by what reaches the last layer, carries it rather than not. From there on
the class's own activations and trajectories tell.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from torch import Tensor, device, nn

from core.decision.exact import flip_rate
from core.decision.kinds import Kind, learned_kind
from core.decision.members import FEWEST, balanced
from core.decision.probes import PROBES
from core.decision.suspects import Suspects
from core.detectors.consensus.refinement import log_odds, training_set
from core.detectors.networks.forward import differentiable_logits
from core.detectors.networks.inside import last_hidden
from core.detectors.parts.statistics import Reals
from core.detectors.parts.subspaces import principal_components, whitened
from core.errors import UserError
from core.modalities import modality_of
from core.modalities.recovery import OF_A_LIST, Ask, AskedNetwork, Stamp
from core.types import Bools, Floats, Inputs, Ints, Samples

# Fraction of samples of other classes that the change has to turn.
LEAST_TURNED = 0.5
# And how many more than of a model that never saw its carriers, for proof. It was 0.65 and more for our own warps and
# filters, and 0.48 and 0.52 for clean classes that are much larger than others.
MARGIN = 0.6
# The same from which on it is open whether they taught it.
MARGIN_OF_OPEN = 0.3
# How many fewer a model may turn that saw the carriers, and none of what else was left out. Of our own warps and
# filters it was at most 0.12 fewer; of a clean class that another class's poison drew others into, 0.52.
FEWER_WITH_THEM = 0.2
# Probability of another class from which on a model is sure of it; and how often it has to be, beside samples that it
# knows, where carriers are as they were before the change. Of bags, which turned images look like, it was 0.25 to 0.43
# of samples, of poison 0.73 and more.
SURE_ELSEWHERE = 0.8
LEAST_ELSEWHERE = 0.6
# How many fewer, as a fraction, a change may turn than another one of the class to be as good; and one that was not
# fitted to the network, so that nothing made it turn many.
AS_MANY = 0.1
AS_MANY_OF_A_LIST = 0.2
# Samples that are given the change to learn what the network makes of it.
GIVEN = 600
# Directions of the last layer in which carriers are first looked for.
DIRECTIONS = 30
# Fraction of the class, from the least like them, that surely carries nothing.
ORDINARY = 0.3
# Fraction of samples that anybody has to tell from what the change makes of them, for what is seen to tell carriers;
# and of the class, from the likeliest, that surely carries it then.
SEEN = 0.9
SURELY_CARRYING = 0.1
# Spread of what is seen, as fractions of white, below which it tells nothing.
SMALLEST_SPREAD = 0.003
# Fraction of those who seem to carry nothing that stays in the training of a model that is to see no carrier.
STAYING = 0.5
# Fraction of samples turned up to which a model that never saw the carriers does not give way, and tells of them.
STILL_GIVING_WAY = 0.2
# Probability of the class from which on such a model takes a sample for one of it.
AT_HOME = 0.5
# C of the logistic regression: carriers are learned from samples that are only like them, so little is believed.
STRENGTH = 0.02
# Samples in doubt for each carrier beyond which only the sure ones are named. Of our own warps and filters, those that
# were named right had at most 0.31, those that were not at least 0.35.
DOUBTFUL = 0.33
# Log-odds from which on they are sure. Where it was in doubt, 0.77 to 0.98 of those beyond 2 were named right, of those
# beyond 2.5 0.81 to 0.98.
SURE = 2.5
# How many times as often as others of the class its known poison is like the changed samples, beyond which it taught
# the change. Of two attacks on one class at most 1.1 times for the other's change, and 26 times for one like its own.
EXPLAINED = 3
# How often it is learned again who carries it.
ROUNDS = 6


@dataclass(frozen=True)
class Transformed:
    """A class and the change that turns others into it.

    Attributes:
        index: the class.
        stamp: the change.
        rows: (m,) samples of the class.
        kind: who of them carries it, by the run's model.
        tried: rows of other classes that tell how many it turns; it was not learned from them.
        flip_rate: fraction of these that it turns.
        doubt: samples of the class in doubt for each carrier; low = the carriers are a kind of their own.
        described: (m, f) activations and trajectories of the rows.
        control: the same fraction for a model that never saw its carriers; None where none was asked.
        with_them: the same for one that saw the carriers, and nothing else that the other did not; None likewise.
        elsewhere: how often the first is sure of another class, once the change is undone, beside samples it knows.
    """

    index: int
    stamp: Stamp
    rows: Ints
    kind: Kind
    tried: Ints
    flip_rate: float
    doubt: float
    described: Reals
    control: float | None = None
    with_them: float | None = None
    elsewhere: float = 1.0

    @property
    def doubted(self) -> Ints:
        """Rows that a model must not see that is to know no carrier: most of the class, the likeliest first."""
        members = self.kind.members
        limit = np.quantile(self.kind.odds[~members], STAYING) if (~members).any() else -np.inf
        return self.rows[members | (self.kind.odds > limit)]

    @property
    def may_be_taught(self) -> bool:
        """Whether a model without the carriers gives way so much less that it is at least open.

        And takes them for others: what few samples are like, such as turned ones, each model puts into some class.
        """
        return self._gives_way_less(MARGIN_OF_OPEN) and self.elsewhere >= LEAST_ELSEWHERE

    @property
    def proven(self) -> bool:
        """Whether the carriers alone taught the change: a model without them hardly gives way to it, but one with them.

        What was left out with them, poison of other classes or most of a small class, may have taught it, too.
        """
        return self.with_them is not None and self._gives_way_less(MARGIN)

    def _gives_way_less(self, margin: float) -> bool:
        if self.control is None or self.flip_rate - self.control < margin:
            return False
        return self.with_them is None or self.with_them >= self.flip_rate - FEWER_WITH_THEM


def transformed_classes(
    suspects: Suspects, network: nn.Module, on: device, described: Mapping[int, Reals], known: Bools
) -> list[Transformed]:
    """The classes that one change of the whole sample turns many others into, and who of them may carry it.

    Carriers are told by the network, or by what is seen of them. Of several changes of a class that turn about as many,
    the one whose carriers are most clearly a kind of their own.

    Args:
        suspects: of the run.
        network: of the run, from `prepared`.
        on: the device of the network.
        described: class → its samples' activations and trajectories, in the order of their rows.
        known: (n,) samples whose poison is known already; a class may have been taught more than that.
    """
    inputs, labels, modality = suspects.inputs, suspects.labels, modality_of(suspects.inputs)
    probes = suspects.probes[::2], suspects.probes[1::2]
    place = partial(_placed, modality.load_batches().given, network, on)
    asked = AskedNetwork(place, partial(differentiable_logits, network))
    found: list[Transformed] = []
    for index, stamp in modality.load_stamps().transformations(inputs, labels, probes, sorted(described), asked):
        learned_from, tried = (rows[labels[rows] != index] for rows in probes)
        turned = flip_rate(suspects.ask, stamp, inputs[tried[:PROBES]], index)
        given = np.concatenate([learned_from, tried])[:GIVEN]
        rows = np.flatnonzero(labels == index)
        odds = _like_the_changed(suspects, partial(last_hidden, network, on=on), stamp, (given, rows, index))
        if odds is None or turned < LEAST_TURNED or _explained(odds, known[rows]):
            continue
        rows, odds, left = rows[~known[rows]], odds[~known[rows]], described[index][~known[rows]]
        begun = [(left, odds, odds > 0)]
        if (seen := _seen_to_be_changed(inputs, stamp, given, rows)) is not None:
            column = seen[:, None] / max(float(seen.std()), 1e-9)
            begun.append((np.hstack([left, column]), seen, seen > np.quantile(seen, 1 - SURELY_CARRYING)))
        for told_by, odds, members in begun:
            kind = _settled(told_by, members, odds <= np.quantile(odds, ORDINARY))
            if kind is not None:
                doubt = _doubt(kind, told_by)
                found.append(Transformed(index, stamp, rows, kind, tried[:PROBES], turned, doubt, told_by))
    return [_clearest([one for one in found if one.index == index]) for index in sorted({one.index for one in found})]


def settled(
    changed: Sequence[Transformed],
    other: Ask,
    trained_without: Callable[[Bools], Ask],
    suspects: Suspects,
    without: Bools,
) -> list[tuple[Transformed, Bools, Bools]]:
    """The changes that their carriers alone may have taught, with who carries each, (m,), and who may, (m,).

    Args:
        changed: classes and their changes.
        other: a model that saw no carrier.
        trained_without: (n,) what a model is not to see → asks it; once at most.
        suspects: of the run.
        without: (n,) what `other` never saw.
    """

    def turned(ask: Ask, one: Transformed) -> float:
        return flip_rate(ask, one.stamp, suspects.inputs[one.tried], one.index)

    asked = [
        replace(one, control=turned(other, one), elsewhere=_elsewhere(one, other, suspects.inputs)) for one in changed
    ]
    left = [one for one in asked if one.may_be_taught]
    if left:
        still_out = without.copy()
        still_out[np.concatenate([one.rows[one.kind.members] for one in left])] = False
        with_them = trained_without(still_out)
        left = [replace(one, with_them=turned(with_them, one)) for one in left]
    told = [(one, carriers_left_out(one, other, suspects)) for one in left if one.may_be_taught]
    return [(one, *who) for one, who in told if who is not None]


def carriers_left_out(found: Transformed, other: Ask, suspects: Suspects) -> tuple[Bools, Bools] | None:
    """(m,) who of the class carries the change, by a model that never saw them, too, and who may; None for too few.

    Where that model still gives way a little, some carriers taught it, and what it takes for the class says nothing.

    Args:
        found: the class and its change.
        other: a model that was trained without `found.doubted`.
        suspects: of the run.
    """
    members, described = found.kind.members, found.described
    if found.control is not None and found.control <= STILL_GIVING_WAY:
        members = members & (other(suspects.inputs[found.rows])[:, found.index] < AT_HOME)
    kind = _settled(described, members, ~members)
    if kind is None:
        return None
    carriers = kind.odds > SURE if _doubt(kind, described) > DOUBTFUL else kind.members
    return carriers, kind.members & ~carriers


def _elsewhere(found: Transformed, other: Ask, inputs: Inputs) -> float:
    """How often a model that never saw the members is sure of another class; 1 for a change that loses something."""
    nothing = np.zeros(0, np.float32)
    known, members = inputs[found.tried], inputs[found.rows[found.kind.members]]
    if not np.array_equal(found.stamp.taken_off(found.stamp.put_on(known), nothing), known):
        return 1.0
    before = other(found.stamp.taken_off(members, nothing))
    sure = (before.max(1) > SURE_ELSEWHERE) & (before.argmax(1) != found.index)
    return float(sure.mean() / max((other(known).max(1) > SURE_ELSEWHERE).mean(), 1 / len(known)))


def _clearest(changes: Sequence[Transformed]) -> Transformed:
    most = max(one.flip_rate for one in changes)
    fewer = {True: AS_MANY_OF_A_LIST, False: AS_MANY}
    good = [one for one in changes if one.flip_rate >= most - fewer[one.stamp.name.endswith(OF_A_LIST)]]
    return min(good, key=lambda one: one.doubt)


def _explained(odds: Reals, known: Bools) -> bool:
    """Whether those of a class whose poison is known, (m,), taught a change, not others; odds say who is like it."""
    like = odds > 0
    return bool(known.all() or (known.any() and like[known].mean() > EXPLAINED * like[~known].mean()))


def _like_the_changed(
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


def _seen_to_be_changed(inputs: Inputs, stamp: Stamp, given: Ints, rows: Ints) -> Reals | None:
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


def _settled(described: Reals, members: Bools, ordinary: Bools) -> Kind | None:
    """Who of a class is like these members, by all that is known of it; None where too few are left."""
    kind = None
    for _ in range(ROUNDS):
        kind = learned_kind(described, members, ordinary & ~members, STRENGTH)
        if kind is None:
            return None
        members, ordinary = kind.members, ~kind.members
    return kind


def _doubt(kind: Kind, described: Reals) -> float:
    """How many samples of a class are in doubt for each carrier, 0 or more, where its columns are fully believed."""
    asked = learned_kind(described, kind.members, ~kind.members)
    return np.inf if asked is None else asked.doubtful


def _placed(given: Callable[[Samples, nn.Module], Tensor], network: nn.Module, on: device, samples: Samples) -> Tensor:
    on_device: Tensor = given(samples, network).to(on)
    return on_device
