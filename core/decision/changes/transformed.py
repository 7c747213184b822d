"""Classes that one change of the whole sample turns others into, such as a warp, and who of them carries it.

Nobody's pixels show such a change. But samples of other classes can be given it, and then it is known what the network
makes of them. Who of the class is like these, by what reaches the last layer, carries it rather than not. From there on
the class's own activations and trajectories tell.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from torch import Tensor, device, nn

from core.decision.apart import too_many
from core.decision.changes.changed import before_it, like_the_changed, seen_to_be_changed, sure_elsewhere, sure_of_known
from core.decision.kinds import Kind, column, learned_kind
from core.decision.left_out import MOST_AT_HOME
from core.decision.probes import PROBES, flip_rate
from core.decision.suspects import Suspects
from core.decision.taken_for import APART
from core.detectors.networks.forward import differentiable_logits
from core.detectors.networks.inside import last_hidden
from core.detectors.parts.statistics import Reals
from core.modalities import modality_of
from core.modalities.recovery import OF_A_LIST, AskedNetwork, Stamp
from core.types import Bools, Inputs, Ints, Samples

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
# How often a model has to be sure of another class, beside samples that it knows, where carriers are as before the
# change. Of bags, which turned images look like, a model that never saw them was of 0.25 to 0.43, of poison of 0.73.
LEAST_ELSEWHERE = 0.6
# Carriers in doubt, for each that is not, and at home for such a model, as fractions, up to which they need not be: it
# was another change that they were given, so that this one cannot be undone. Of a lower contrast, which "lighter" stood
# in for, both were 0.00, and it was sure of 0.50.
UNMISTAKABLE = 0.05
# How many fewer, as a fraction, a change may turn than another one of the class to be as good; and one that was not
# fitted to the network, so that nothing made it turn many.
AS_MANY = 0.1
AS_MANY_OF_A_LIST = 0.2
# Samples that are given the change to learn what the network makes of it.
GIVEN = 600
# Fraction of the class, from the least like them, that surely carries nothing.
ORDINARY = 0.3
# Fraction of the class, from the likeliest, that surely carries what is seen.
SURELY_CARRYING = 0.1
# Fraction of those who seem to carry nothing that stays in the training of a model that is to see no carrier.
STAYING = 0.5
# C of the logistic regression: carriers are learned from samples that are only like them, so little is believed.
STRENGTH = 0.02
# Fraction of the class that stayed in its training which such a model has to know where it is in doubt who carries a
# change. Where it hardly knows the class, it takes nothing for it, and the class's true samples are what it lacks. Of
# own changes whose carriers were in doubt it was 0.57 and more, of frogs and cats that had taught nothing 0.11 to 0.29.
LEAST_KNOWN = 0.5
# The same of those that it never saw and that seem to carry nothing: of a class that it does not know again it takes
# nothing for it, changed or not. Of own changes in doubt it was 0.05 to 0.84; where the carriers were wrong, of a
# class of true samples and of images in other quarters that a change of light was like, 0.00 to 0.03.
LEAST_KNOWN_AGAIN = 0.04
# Samples in doubt for each carrier beyond which only the sure ones are named. Of our own warps and filters, those that
# were named right had at most 0.31, those that were not at least 0.35.
DOUBTFUL = 0.33
# How many times as often as others of the class its known poison is like the changed samples, beyond which it taught
# the change. Of two attacks on one class at most 1.1 times for the other's change, and 26 times for one like its own.
# Unless the class is too large without it, nobody else is sought: of images that were moved, 133 of 300 were known.
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
        of_many: whether the first takes the carriers for many other classes.
        known: fraction of the samples of the class from which the first learned that it takes for it.
        known_again: the same of those that it never saw and that seem to carry nothing.
        home: fraction of the carriers that the first takes for the class, though it never saw them.
        known_too: rows of known groups of the class that are like the changed samples: one attack, and this is more.
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
    of_many: bool = True
    known: float = 1.0
    known_again: float = 1.0
    home: float = 0.0
    known_too: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def doubted(self) -> Ints:
        """Rows that a model must not see that is to know no carrier: most of the class, the likeliest first."""
        members = self.kind.members
        limit = np.quantile(self.kind.odds[~members], STAYING) if (~members).any() else -np.inf
        return self.rows[members | (self.kind.odds > limit)]

    @property
    def listed(self) -> bool:
        """Whether the change is one of a list: nothing fitted it to the network, and it may stand in for another."""
        return self.stamp.name.endswith(OF_A_LIST)

    @property
    def may_be_taught(self) -> bool:
        """Whether a model without the carriers gives way so much less that it is at least open.

        And takes them for others: what few samples are like, such as turned ones, each model puts into some class. For
        many others, unless they are clearly a kind: coats go to shirts where that model saw few coats.
        """
        unmistakable = max(self.doubt, self.home) <= UNMISTAKABLE
        surely = self.elsewhere >= LEAST_ELSEWHERE or unmistakable
        taken_for_others = surely and (self.of_many or self.doubt <= APART)
        return self._gives_way_less(MARGIN_OF_OPEN) and taken_for_others

    @property
    def proven(self) -> bool:
        """Whether the carriers alone taught the change: a model without them hardly gives way to it, but one with them.

        What was left out with them, poison of other classes or most of a small class, may have taught it, too.
        """
        untold = self.hardly_known or self.mostly_at_home
        return self.with_them is not None and self._gives_way_less(MARGIN) and not untold

    @property
    def hardly_known(self) -> bool:
        """Whether it is in doubt who carries it, and the model without them hardly knows the class."""
        return self.knows_none_again or (self.doubt > DOUBTFUL and self.known < LEAST_KNOWN)

    @property
    def mostly_at_home(self) -> bool:
        """Whether the model that never saw the carriers takes most of them for the class, so that they belong there."""
        return self.home > MOST_AT_HOME

    @property
    def knows_none_again(self) -> bool:
        """Whether it is in doubt who carries it, and the model without them knows none of the class again."""
        return self.doubt > DOUBTFUL and self.known_again < LEAST_KNOWN_AGAIN

    def _gives_way_less(self, margin: float) -> bool:
        if self.control is None or self.flip_rate - self.control < margin:
            return False
        # Where others of the attack are known, and left out, these are a part of it and teach less.
        least = self.control + MARGIN_OF_OPEN if len(self.known_too) else self.flip_rate - FEWER_WITH_THEM
        return self.with_them is None or self.with_them >= least


def transformed_classes(
    suspects: Suspects, network: nn.Module, on: device, described: Mapping[int, Reals], known: Ints, *, sizes: Ints
) -> list[Transformed]:
    """The classes that one change of the whole sample turns many others into, and who of them may carry it.

    Carriers are told by the network, or by what is seen of them. Of several changes of a class that turn about as many,
    the one whose carriers are most clearly a kind of their own.

    Args:
        suspects: of the run.
        network: of the run, from `prepared`.
        on: the device of the network.
        described: class → its samples' activations and trajectories, in the order of their rows.
        known: (n,) the confirmed group of each sample, 0 for none; a class may have been taught more than that.
        sizes: (k,) how many samples of each class are no known poison, had the poison of others not been taken from it.
    """
    inputs, labels, modality = suspects.inputs, suspects.labels, modality_of(suspects.inputs)
    probes = suspects.probes[::2], suspects.probes[1::2]
    asked = asked_network(inputs, network, on)
    found: list[Transformed] = []
    for index, stamp in modality.load_stamps().transformations(inputs, labels, probes, sorted(described), asked):
        learned_from, tried = (rows[labels[rows] != index] for rows in probes)
        turned = flip_rate(suspects.ask, stamp, inputs[tried[:PROBES]], index)
        given = np.concatenate([learned_from, tried])[:GIVEN]
        rows = np.flatnonzero(labels == index)
        odds = like_the_changed(suspects, partial(last_hidden, network, on=on), stamp, (given, rows, index))
        if odds is None or turned < LEAST_TURNED:
            continue
        known_too, unknown = rows[_explained(odds, known[rows])], known[rows] == 0
        if len(known_too) and not too_many(sizes, index):
            continue
        rows, odds, left = rows[unknown], odds[unknown], described[index][unknown]
        carrying = np.ones(len(rows), np.bool_)
        if (before := before_it(stamp, inputs[rows])) is not None:
            said = suspects.ask(before)
            carrying, left = sure_elsewhere(said, index), np.hstack([left, column(said[:, index])])
            enough = LEAST_ELSEWHERE * sure_of_known(suspects.ask, inputs[tried[:PROBES]])
            if not (odds > 0).any() or carrying[odds > 0].mean() < enough:
                continue
        begun = [(left, odds, (odds > 0) & carrying)]
        if (seen := seen_to_be_changed(inputs, stamp, given, rows)) is not None:
            told = np.hstack([left, seen[:, None] / max(float(seen.std()), 1e-9)])
            begun.append((told, seen, (seen > np.quantile(seen, 1 - SURELY_CARRYING)) & carrying))
        for told_by, likely, members in begun:
            kind = settled_kind(told_by, members, likely <= np.quantile(likely, ORDINARY))
            if kind is not None:
                doubt = doubt_of(kind, told_by)
                found.append(
                    Transformed(index, stamp, rows, kind, tried[:PROBES], turned, doubt, told_by, known_too=known_too)
                )
    return [_clearest([one for one in found if one.index == index]) for index in sorted({one.index for one in found})]


def _clearest(changes: Sequence[Transformed]) -> Transformed:
    most = max(one.flip_rate for one in changes)
    fewer = {True: AS_MANY_OF_A_LIST, False: AS_MANY}
    good = [one for one in changes if one.flip_rate >= most - fewer[one.listed]]
    return min(good, key=lambda one: one.doubt)


def _explained(odds: Reals, known: Ints) -> Bools:
    """(m,) who of a class is in a known group, (m,), that taught a change, not others; odds say who is like it.

    Nobody where all that is known together is not of it.
    """
    like, unknown = odds > 0, known == 0

    def of_it(inside: Bools) -> bool:
        return bool(inside.any() and (not unknown.any() or like[inside].mean() > EXPLAINED * like[unknown].mean()))

    groups = np.unique(known[~unknown]) if of_it(~unknown) else known[:0]
    return np.isin(known, [group for group in groups if of_it(known == group)])


def settled_kind(described: Reals, members: Bools, ordinary: Bools) -> Kind | None:
    """Who of a class is like these members, (m,), by all that is `described`, (m, f); None where too few are left."""
    kind = None
    for _ in range(ROUNDS):
        kind = learned_kind(described, members, ordinary & ~members, STRENGTH)
        if kind is None:
            return None
        members, ordinary = kind.members, ~kind.members
    return kind


def doubt_of(kind: Kind, described: Reals) -> float:
    """How many samples of a class are in doubt for each carrier, 0 or more, where its columns are fully believed."""
    asked = learned_kind(described, kind.members, ~kind.members)
    return np.inf if asked is None else asked.doubtful


def asked_network(inputs: Inputs, network: nn.Module, on: device) -> AskedNetwork:
    """The network as changes are learned with it: on such inputs, on that device."""
    place = partial(_placed, modality_of(inputs).load_batches().given, network, on)
    return AskedNetwork(place, partial(differentiable_logits, network))


def _placed(given: Callable[[Samples, nn.Module], Tensor], network: nn.Module, on: device, samples: Samples) -> Tensor:
    on_device: Tensor = given(samples, network).to(on)
    return on_device
