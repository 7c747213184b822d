"""One change that turns several classes each into another, such as a warp whose poison is labelled as the next class.

Each class has its own few carriers, and where they look like its hard samples nothing tells them. But some classes show
theirs plainly. The change that turns their sources into them turns others as well, each into the class that it was
taught to. Taken off, carriers are back where they came from, hard samples are not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from torch import device, nn

from core.decision.apart import KindFigures
from core.decision.changes.transformed import asked_network
from core.decision.changes.words import common_reason
from core.decision.left_out import Asked, sources, write_answers
from core.decision.members import FEWEST
from core.decision.of_source import who_has_it
from core.decision.own_kinds import OwnKinds
from core.decision.probes import PROBES
from core.decision.shared import SharedTrigger
from core.decision.suspects import Suspects
from core.decision.taken_for import SEVERAL
from core.decision.triggers import SMALLEST_CLASS
from core.detectors.parts.statistics import Reals
from core.modalities import modality_of
from core.modalities.recovery import Ask, AskedNetwork, Stamp
from core.types import Bools, Ints

# Fraction of a confirmed group that is taken for one class, from which on it is of that source.
OF_ONE = 0.6
# How many more samples the change has to turn than of a model that never saw the carriers: of the classes that show
# theirs on the whole, and of each other class into one. Of three own attacks on all classes it was 0.24 to 0.94 for 27
# of 30 pairs, and into a third class 0.15 at most.
MARGIN = 0.3
MARGIN_OF_PAIR = 0.2
# How many of these it may turn into a third class, as a fraction.
NEXT = 0.5
# Samples in doubt for each member up to which a class has carriers: it was 0.70 at most, and 0.95 for a wrong pair.
MOST_IN_DOUBT = 0.75
# How often the change is learned from the pairs that it shows, at most.
ROUNDS = 3


@dataclass(frozen=True)
class Common:
    """One change of several classes; `targets` is source → what it becomes, `turned` and `without` its rates, (k, k).

    Both are fractions of samples of the first class that are taken for the second, by the run's model and by another.
    """

    stamp: Stamp
    targets: Mapping[int, int]
    turned: Reals
    without: Reals

    @property
    def rate(self) -> float:
        """The mean fraction that is turned more than of a model that never saw the carriers."""
        return float(np.mean([(self.turned - self.without)[pair] for pair in self.targets.items()]))


def add_common(kinds: OwnKinds, asked: Asked, hard: Bools, network: nn.Module, on: device) -> None:
    """Add the carriers of one change of several classes, where enough of them show theirs already.

    No more of a class than the largest part that it was put on of another.

    Args:
        kinds: what is known of each class; found groups are added to.
        asked: what the models say, the other of which saw few carriers.
        hard: True for each sample that is as hard as suspects and turns, of all classes.
        network: of the run, from `prepared`.
        on: its device.
    """
    suspects, found, labels = kinds.suspects, kinds.found, kinds.evidence.labels
    known = _pairs(kinds, asked)
    if len(known) < SEVERAL or asked.other is None:
        return
    shown = [stamp for stamp in found.stamps.values() if not stamp.tells_home]
    common = common_change(suspects, asked.other, known, asked_network(suspects.inputs, network, on), shown)
    if common is None:
        return
    counts = np.bincount(labels, minlength=kinds.evidence.n_classes)
    confirmed = np.bincount(labels[found.known], minlength=kinds.evidence.n_classes)
    most = max(confirmed[target] / counts[source] for source, target in known.items())
    targets = {source: target for source, target in common.targets.items() if counts[target] >= SMALLEST_CLASS}
    asked = _asked_of(asked, asked.other, suspects, np.flatnonzero(np.isin(labels, list(targets.values()))))
    for source, target in targets.items():
        rows = np.flatnonzero(labels == target)
        kind = who_has_it(suspects, asked, common.stamp, (rows, suspects.described[target]), (source, target))
        if kind is None or kind.doubtful > MOST_IN_DOUBT:
            continue
        free = ~found.known[rows] & ~kinds.evidence.bona_fide[rows]
        order = np.argsort(-kind.odds, kind="stable")
        new = order[(free & kind.members)[order]][: max(round(most * counts[source]) - confirmed[target], 0)]
        maybe = free & kind.members
        maybe[new] = False
        maybe &= found.states[rows] == 0
        if len(new) < (1 if confirmed[target] else FEWEST):
            continue
        members, in_doubt, alike = np.zeros((3, len(labels)), np.bool_)
        members[rows[new]], in_doubt[rows[maybe]] = True, True
        alike[rows] = kind.members & kinds.evidence.bona_fide[rows]
        trigger = _trigger(common, source, target)
        found.take_from_open(target, members, rows)
        if confirmed[target]:
            why = common_reason(len(new), int(maybe.sum()), len(common.targets))
            number = found.add_to_backdoor(target, rows[new], rows[maybe], why)
            found.alike[number] |= alike
            if number not in found.stamps:
                found.add_shared(number, trigger)
        else:
            figures = KindFigures(
                float(asked.turned(rows[new], target).mean()),
                float(hard.mean()) if len(hard) else 0.0,
                kind.doubtful,
                sources(asked, rows[new], target),
                float(np.median(kinds.ranks[rows[new]])),
            )
            found.add_kind(target, members, (alike, in_doubt), figures, confirmed=True, trigger=trigger)


def common_change(
    suspects: Suspects, other: Ask, known: Mapping[int, int], network: AskedNetwork, shown: Sequence[Stamp] = ()
) -> Common | None:
    """The change that turns each class into the one that is `known`, and what it makes of others; None for none.

    Args:
        suspects: of the run.
        other: a model that saw few of its carriers.
        known: source → the class that it becomes.
        network: of the run.
        shown: triggers that were recovered from single classes: others may have been taught one of them.
    """
    stamps, best, pairs = modality_of(suspects.inputs).load_stamps(), None, known
    learned_from, tried = suspects.probes[::2], suspects.probes[1::2]

    def try_on(made: Sequence[Stamp]) -> list[Common]:
        return [_tried_on(suspects, other, stamp, tried, known) for stamp in made]

    of_single = try_on(shown)
    for _ in range(ROUNDS):
        learned = try_on(stamps.common(suspects.inputs, suspects.labels, learned_from, pairs, network))
        good = [one for one in (*learned, *of_single) if one.rate >= MARGIN]
        best = max(good, key=lambda one: one.rate, default=None)
        if best is None:
            return None
        best = replace(best, targets=_pairs_shown(best, known))
        if best.targets == pairs:
            break
        pairs = best.targets
    return best


def _pairs_shown(common: Common, known: Mapping[int, int]) -> dict[int, int]:
    """Source → target of all pairs that a change shows: what is known, and one source for each other target."""
    more, shown = common.turned - common.without, dict(known)
    np.fill_diagonal(more, -1.0)
    for source in np.argsort(-more.max(1)).tolist():
        target, then = np.argsort(-more[source])[:2].tolist()
        clear = more[source, target] >= max(MARGIN_OF_PAIR, more[source, then] / NEXT)
        if clear and source not in shown and target not in shown.values():
            shown[source] = target
    return shown


def _tried_on(suspects: Suspects, other: Ask, stamp: Stamp, tried: Ints, pairs: Mapping[int, int]) -> Common:
    k, labels = suspects.n_classes, suspects.labels[tried]
    turned = np.zeros((2, k, k))
    for index in np.unique(labels).tolist():
        changed = stamp.put_on(suspects.inputs[tried[labels == index][:PROBES]])
        for place, ask in enumerate((suspects.ask, other)):
            turned[place, index] = np.bincount(ask(changed).argmax(1), minlength=k) / len(changed)
    return Common(stamp, pairs, *turned)


def _trigger(common: Common, source: int, target: int) -> SharedTrigger:
    rates = float(common.turned[source, target]), float(common.without[source, target])
    return SharedTrigger(common.stamp, rates[0], None, PROBES, source, rates[1], len(common.targets))


def _pairs(kinds: OwnKinds, asked: Asked) -> dict[int, int]:
    """Source → class of each confirmed backdoor whose members are taken for one other class."""
    pairs = {}
    for group in kinds.found.confirmed():
        unseen = asked.unseen[kinds.found.membership == group.id].copy()
        unseen[:, group.target_class] = 0
        taken_for = np.bincount(unseen[unseen.any(1)].argmax(1), minlength=unseen.shape[1])
        if taken_for.max() > OF_ONE * max(taken_for.sum(), 1):
            pairs[int(taken_for.argmax())] = group.target_class
    return pairs


def _asked_of(asked: Asked, other: Ask, suspects: Suspects, rows: Ints) -> Asked:
    """What was asked, with what both models say of these rows, of whom it was not."""
    missing = rows[~asked.unseen[rows].any(1)]
    if not len(missing):
        return asked
    seen, unseen = asked.seen.copy(), asked.unseen.copy()
    write_answers([(suspects.ask, seen), (other, unseen)], suspects.inputs, missing)
    return replace(asked, seen=seen, unseen=unseen)
