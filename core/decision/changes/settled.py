"""Whether its carriers taught a class a change, by models that saw none of them or them alone; and who they are."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from core.decision.apart import too_many
from core.decision.changes.changed import before_it, sure_elsewhere, sure_of_known, undone
from core.decision.changes.transformed import Transformed, doubt_of, settled_kind
from core.decision.kinds import DOUBT, column, counted_kind
from core.decision.left_out import LEARNED_AT_HOME, are_few, effective
from core.decision.probes import flip_rate
from core.decision.suspects import Suspects
from core.modalities.recovery import Ask
from core.types import Bools, Inputs, Ints

# Fraction of samples turned up to which a model that never saw the carriers does not give way, and tells of them.
STILL_GIVING_WAY = 0.2
# How many times as often as others of the class carriers have to be surely of another class once the change is taken
# off, or to leave it by the run's model. Of own changes whose carriers were right the first was 2 to 15 times, of a
# half turn 1.4, which the second told; of two warps with others named it was 0.65 and 0.93, and 0.38 and 0.43.
MORE_OFTEN = 1.5
# Fraction of the members that have to leave the class once the change is taken off, for them to tell. What cannot be
# taken off, such as a compression, makes nobody leave.
ENOUGH = 0.25
# Samples in doubt for each carrier up to which the members are a clear kind, and right: of own changes those that had
# 0.09 to 0.25 were 0.96 to 1 right, those that had more 0.42 to 0.92.
CLEAR = 0.25


def settled(
    changed: Sequence[Transformed],
    other: Ask,
    trained_without: Callable[[Bools], Ask],
    suspects: Suspects,
    without: Bools,
    *,
    sizes: Ints,
) -> list[tuple[Transformed, Bools, Bools]]:
    """The changes that their carriers alone may have taught, with who carries each, (m,), and who may, (m,).

    Args:
        changed: classes and their changes.
        other: a model that saw no carrier.
        trained_without: (n,) what a model is not to see → asks it; twice at most.
        suspects: of the run.
        without: (n,) what `other` never saw.
        sizes: (k,) of classes without known poison, as if that of others had not been taken from them.
    """

    def turned(ask: Ask, one: Transformed) -> float:
        return flip_rate(ask, one.stamp, suspects.inputs[one.tried], one.index)

    def may_be_taught(changes: Sequence[Transformed], ask: Ask) -> list[Transformed]:
        told = (replace(_told_by(one, ask, suspects.inputs), control=turned(ask, one)) for one in changes)
        return [one for one in told if one.may_be_taught]

    left = may_be_taught(changed, other)
    again = {one.index: begun for one in left if (begun := begun_anew(one, other, suspects)) is not None}
    if again:  # others carry it than it seemed: what a model says that saw these says little
        without = without.copy()
        without[np.concatenate([one.doubted for one in again.values()])] = True
        other = trained_without(without)
        left = may_be_taught([again.get(one.index, one) for one in left], other)
    if left:
        still_out = without.copy()
        still_out[np.concatenate([one.rows[one.kind.members] for one in left])] = False
        with_them = trained_without(still_out)
        left = [
            replace(_known_by(one, other, suspects.inputs, without), with_them=turned(with_them, one)) for one in left
        ]
    told = [(one, carriers_left_out(one, other, suspects, sizes)) for one in left if one.may_be_taught]
    return [(one, *who) for one, who in told if who is not None]


def begun_anew(found: Transformed, other: Ask, suspects: Suspects) -> Transformed | None:
    """The change with other carriers, where those it seemed to have are hardly more often surely of another class.

    That is what a model says that saw few of them, and the run's model as well, once the change is taken off, as far as
    it can be. A warp that was fitted to the network may be unlike the one that was taught: true samples are like what
    it makes, too. None where nothing speaks against its carriers, and where too few others would be; and for one of a
    list, which was not fitted.
    """
    if found.listed:
        return None
    off = undone(found.stamp, suspects.inputs[found.rows])
    elsewhere, leaving = sure_elsewhere(other(off), found.index), suspects.ask(off)[:, found.index] < LEARNED_AT_HOME
    members = found.kind.members
    if members.all() or any(told[members].mean() > MORE_OFTEN * told[~members].mean() for told in (elsewhere, leaving)):
        return None
    kind = settled_kind(found.described, elsewhere, ~elsewhere)
    return None if kind is None else replace(found, kind=kind, doubt=doubt_of(kind, found.described))


def carriers_left_out(found: Transformed, other: Ask, suspects: Suspects, sizes: Ints) -> tuple[Bools, Bools] | None:
    """(m,) who of the class carries the change, and who may; None for too few.

    It begins with members that the run's model takes for others once the change is taken off, as far as it can be, or
    with all of a clear kind. Then a model that never saw them tells, too, where it does not give way to the change. Who
    is nearly of the kind that is begun with some carries it, too, where that of all members surely has them. Of a class
    that is too large no more than it has beyond the usual size.

    Args:
        found: the class and its change.
        other: a model that was trained without `found.doubted`.
        suspects: of the run.
        sizes: (k,) as above.
    """
    members, samples = found.kind.members, suspects.inputs[found.rows]
    off = undone(found.stamp, samples)
    at_home = suspects.ask(off)[:, found.index]
    told = [found.described, column(at_home)]
    if found.control is not None and found.control <= STILL_GIVING_WAY:
        elsewhere = np.delete(other(off), found.index, axis=1).max(1)
        told += [column(other(samples)[:, found.index]), column(elsewhere)]
    described, leaving = np.hstack(told), members & (at_home < LEARNED_AT_HOME)
    whole = counted_kind(described, members)
    few = leaving.sum() < ENOUGH * members.sum()
    kind = whole if found.doubt <= CLEAR or few else counted_kind(described, leaving)
    if kind is None or whole is None:
        return None
    near = kind.odds > -DOUBT
    carriers = kind.members | (near & whole.sure)
    if (most := too_many(sizes, found.index)) and carriers.sum() > most:
        carriers &= kind.odds >= np.sort(kind.odds[carriers])[-most]
    return carriers, np.asarray((members | near) & ~carriers)


def _told_by(found: Transformed, other: Ask, inputs: Inputs) -> Transformed:
    """What a model that never saw the members takes them for: how often surely others, and whether for many others.

    Of them as they were before the change where it can be undone: what is upside down goes to few classes, whatever it
    was. Where the change loses something, how often it is sure says nothing. Who is at home is asked as they are.
    """
    samples = inputs[found.rows[found.kind.members]]
    before = before_it(found.stamp, samples)
    said = other(samples)
    found = replace(found, home=float((said[:, found.index] > LEARNED_AT_HOME).mean()))
    said = said if before is None else other(before)
    taken_for = said.argmax(1)
    count = effective(np.bincount(taken_for[taken_for != found.index], minlength=1))
    of_many = not are_few(count, said.shape[1])
    if before is None:
        return replace(found, of_many=of_many)
    surely = float(sure_elsewhere(said, found.index).mean() / sure_of_known(other, inputs[found.tried]))
    return replace(found, of_many=of_many, elsewhere=surely)


def _known_by(found: Transformed, other: Ask, inputs: Inputs, without: Bools) -> Transformed:
    """How much of the class a model that never saw `without`, (n,), knows, and knows again."""

    def at_home(rows: Ints, nobody: float) -> float:
        return float((other(inputs[rows])[:, found.index] > LEARNED_AT_HOME).mean()) if len(rows) else nobody

    stayed, unseen = found.rows[~without[found.rows]], np.setdiff1d(found.doubted, found.rows[found.kind.members])
    return replace(found, known=at_home(stayed, 0.0), known_again=at_home(unseen, 1.0))
