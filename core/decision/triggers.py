"""The recovered trigger, put on samples of other classes: the test that needs neither trusted samples nor an attack.

What the most suspicious samples of a class have beyond their look-alikes is averaged and put on samples of other
classes. A backdoor turns them into the class; what ordinary samples of the class have in common does not. Three things
are asked: how many it turns, how many the same from ordinary samples turns, and whether the suspects keep their label
without it. A logo on clean samples turns others, too, but clean samples stay what they are without it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.decision.chance import beyond_chance, exact_carriers, is_clear
from core.decision.members import Carriers, carriers
from core.decision.probes import LARGEST_PART, PROBES, control_rate, flip_rate, rate_of_others, strongest
from core.decision.recovered import FEWEST_IN_CORE, RecoveredTrigger, proves, tested
from core.decision.suspects import Suspects
from core.modalities import modality_of
from core.modalities.elsewhere import belong_elsewhere, surely_elsewhere
from core.modalities.recovery import LAID_OVER, Stamp
from core.types import Bools, Floats, Ints

# Most suspicious samples of a class that a trigger is recovered from; each size is tried.
SIZES = (30, 60, 180)
# A class with fewer samples is not judged.
SMALLEST_CLASS = 40
# Fraction of samples of other classes that a trigger has to turn beyond its control, to be tested further.
MARGIN = 0.15
# Fraction of the group that has to carry the pattern that the group taught.
CONSISTENT = 0.85
# A group that is not is tried again without those who do not carry it, if this fraction is left.
LEFT = 0.5
# The fraction that has to carry the pattern then.
CONSISTENT_AGAIN = 0.95
# Fraction of a group that was tried again that may keep its label without the trigger; of clean classes 0.6 to 0.95 do.
MOST_KEPT_AGAIN = 0.4
# Samples of the class that have a part of a trigger, for each that has all of it, from which on it is the class's own.
WITH_A_PART = 1.5


def recovered_trigger(suspects: Suspects, index: int, left: Bools) -> RecoveredTrigger | None:
    """The strongest trigger that samples of class `index` carry; None where none passes.

    Look-alikes of pictures are like a smooth overlay, too, and so take a part of it away. Where nothing is proven, what
    the suspects have beyond any samples of other classes is asked for.

    Args:
        suspects: of the run.
        index: the class.
        left: (n,) samples that no earlier group has.
    """
    best = _first_passing(suspects, _candidates(suspects, suspects, index, left), index)
    if suspects.fine is None or (best is not None and proves(best)):
        return best
    plainly = replace(suspects, alike=suspects.alike.any_others(), halves=())
    other = _first_passing(plainly, _candidates(plainly, suspects, index, left), index)
    return other if best is None or (other is not None and proves(other)) else best


def _candidates(suspects: Suspects, usually: Suspects, index: int, left: Bools) -> list[RecoveredTrigger]:
    """Triggers of class `index` that turn more than their control does, by the look-alikes of the suspects.

    Who carries one is told as `usually`. Beside any samples the class itself is what most have beyond them, so that the
    least suspicious alone are the control then. And only an overlay counts on which a group agrees at once: of clean
    sandals 20, which had to be tried again, shared what is added to others, and it turned 43 % of these.
    """
    rows = np.flatnonzero(suspects.labels == index)
    probes, plainly = suspects.probes_of(index, PROBES), suspects is not usually
    found: list[RecoveredTrigger] = []
    values: Floats | None = None
    finely, fine_values = suspects if suspects.fine is None else replace(suspects, usual=suspects.fine), values
    usually_fine = usually if usually.fine is None else replace(usually, usual=usually.fine)
    for place, order in enumerate([*suspects.orders, *suspects.halves]):
        is_half = place >= len(suspects.orders)
        remaining = rows[left[rows]]
        ranked = remaining[np.argsort(-order[remaining], kind="stable")]
        least: float | None = None
        named = ranked[np.isfinite(order[ranked])]
        for size in (size for size in SIZES if size <= LARGEST_PART * len(rows) or size == SIZES[0]):
            core = suspects.alike.thinned(named, index, min(size, int(LARGEST_PART * len(rows))))
            if len(core) < FEWEST_IN_CORE:
                continue
            stamp, rate = strongest(suspects, core, index, probes)
            if rate < MARGIN or (plainly and stamp.name != LAID_OVER):
                continue
            values = whitened_class(usually, rows, index) if values is None else values
            carrying = _carrying(suspects, values, rows, core, index, stamp=stamp)
            if stamp.tells_home:
                control = rate_of_others(suspects, index, probes)
            else:
                least = control_rate(suspects, ranked[::-1], index, probes) if least is None else least
                # Where most of a class is poison, even its least suspicious are: then those who match least are not.
                matching = rows[np.argsort(carrying.scores, kind="stable")]
                enough = rate - least >= MARGIN or plainly
                control = least if enough else control_rate(suspects, matching, index, probes)
            trigger = RecoveredTrigger(stamp, core, rows, carrying, rate, control, len(probes))
            consistent = _consistent(suspects, trigger, values, index, probes)
            if is_half and consistent is not None and not carrying.exact:
                continue
            if rate - control >= MARGIN and suspects.fine is not None and not carrying.exact:
                fine_values = whitened_class(usually_fine, rows, index) if fine_values is None else fine_values
                consistent = _clearer(consistent, _finely_consistent(finely, trigger, fine_values, index, probes))
            if consistent is not None and plainly and consistent.again:
                continue
            if consistent is not None and consistent.flip_rate - control >= MARGIN:
                found += _elsewhere(suspects, consistent, index, probes)
    return found


def _first_passing(suspects: Suspects, found: Sequence[RecoveredTrigger], index: int) -> RecoveredTrigger | None:
    """Of these triggers of class `index` the first that passes its last test; else the first that is not given up.

    Whose carriers surely belong elsewhere comes first: once they are named, they say nothing of where others belong.
    Then comes what turns most. Another is tried only where a trigger is one that a sample has or has not.
    """
    first, known = None, list[Bools]()
    for one in sorted(found, key=lambda one: (not _is_sure(one), one.again, -one.flip_rate)):
        if any(np.array_equal(one.carriers.carrying, carrying) for carrying in known):
            continue
        known.append(one.carriers.carrying)
        best = tested(suspects, one, index)
        if not (best.again and best.kept > MOST_KEPT_AGAIN):
            first = first or best
            if best.home is None or (proves(best) and beyond_chance([best.p], suspects.n_classes)[0]):
                return best
        if best.home is None:
            break
    return first


def _is_sure(trigger: RecoveredTrigger) -> bool:
    return trigger.home is not None and surely_elsewhere(trigger.home, trigger.told)


def _elsewhere(suspects: Suspects, trigger: RecoveredTrigger, index: int, probes: Ints) -> list[RecoveredTrigger]:
    """The trigger, unless its carriers belong to their class by all else that they show, or a part of it explains it.

    "Where can I find" turns others into the class of places, for "where" does, which most of the class have without it.
    Where carriers surely belong elsewhere, a planted "my" explains nothing, though others of the class have it, too.
    """
    carrying = trigger.rows[trigger.carriers.carrying]
    told = with_home(suspects, trigger)
    if trigger.stamp.tells_home and (not are_away(told) or suspects.usual_for_trusted(carrying, index)):
        return []
    for part in () if _is_sure(told) else trigger.stamp.simpler():
        having = part.carried(suspects.inputs[trigger.rows])
        if having is None or having.sum() < WITH_A_PART * len(carrying):
            continue
        if flip_rate(suspects.ask, part, suspects.inputs[probes], index) > trigger.flip_rate - MARGIN:
            return []
    return [told]


def with_home(suspects: Suspects, trigger: RecoveredTrigger) -> RecoveredTrigger:
    """The trigger with how many of its carriers belong to their class by all else; who is named does not speak."""
    home, of = suspects.home(trigger.stamp, trigger.rows[trigger.carriers.carrying])
    return replace(trigger, home=home, told=of)


def are_away(trigger: RecoveredTrigger) -> bool:
    """Whether most of its carriers belong to other classes by all else that they show."""
    clear = is_clear(trigger.flip_rate, trigger.control)
    return trigger.home is not None and belong_elsewhere(trigger.home, trigger.told, clear=clear)


def _carrying(suspects: Suspects, values: Floats, rows: Ints, core: Ints, index: int, *, stamp: Stamp) -> Carriers:
    others = suspects.probes[suspects.labels[suspects.probes] != index]
    if exactly := exact_carriers(stamp, suspects.inputs, rows, others):
        return exactly
    within, described = np.flatnonzero(np.isin(rows, core)), suspects.described.get(index)
    return carriers(suspects.usual, values, within, index, suspects.seed, described=described)


def _consistent(
    suspects: Suspects, trigger: RecoveredTrigger, values: Floats, index: int, probes: Ints
) -> RecoveredTrigger | None:
    """The trigger, where its core agrees on one pattern, at once or without those who do not carry it; else None."""
    inside = trigger.carriers.carrying[np.searchsorted(trigger.rows, trigger.core)]
    if inside.mean() >= CONSISTENT:
        return trigger
    core = trigger.core[inside]
    if len(core) < max(FEWEST_IN_CORE, LEFT * len(trigger.core)):
        return None
    carrying = _carrying(suspects, values, trigger.rows, core, index, stamp=trigger.stamp)
    if carrying.carrying[np.searchsorted(trigger.rows, core)].mean() < CONSISTENT_AGAIN:
        return None
    stamp, rate = strongest(suspects, core, index, probes)
    return replace(trigger, stamp=stamp, core=core, carriers=carrying, flip_rate=rate, again=True)


def _clearer(*found: RecoveredTrigger | None) -> RecoveredTrigger | None:
    """Of the same trigger, looked for in two ways, that whose carriers stand out more."""
    return max((one for one in found if one is not None), key=lambda one: one.carriers.apart, default=None)


def _finely_consistent(
    finely: Suspects, trigger: RecoveredTrigger, values: Floats, index: int, probes: Ints
) -> RecoveredTrigger | None:
    """The same in the basis where a faint pattern may be plainer: a wave hardly shows at any pixel."""
    carrying = _carrying(finely, values, trigger.rows, trigger.core, index, stamp=trigger.stamp)
    return _consistent(finely, replace(trigger, carriers=carrying), values, index, probes)


def whitened_class(suspects: Suspects, rows: Ints, index: int) -> Floats:
    """(c, f) what the samples of a class have beyond their look-alikes, whitened."""
    stamps = modality_of(suspects.inputs).load_stamps()
    return suspects.usual.whitened(stamps.residuals(suspects.inputs, rows, suspects.alike.near(rows, index)))
