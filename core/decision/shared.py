"""What members share, and whether a trigger works on one class alone: how an attack works.

Whether it is one, their colours alone tell here: others that are given them turn.
"""

from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np

from core.decision.chance import exact_carriers
from core.decision.left_out import MOST_OF_CLASS, Asked
from core.decision.look_alikes import lie_elsewhere
from core.decision.probes import FEWEST_PROBES, PROBES, control_rate, flip_rate, strongest
from core.decision.recovered import FEWEST_IN_CORE, MOST_MEMBERS, RecoveredTrigger, tested
from core.decision.suspects import Suspects
from core.decision.triggers import MARGIN, SIZES
from core.modalities import modality_of
from core.modalities.recovery import Stamp, in_parts
from core.types import Bools, Floats, Ints, Samples

# Fraction of samples of the one class that members look like that a trigger has to turn beyond its control, or beyond
# what it does to other classes.
MARGIN_OF_SOURCE = 0.3
# What a trigger does to other classes for what it does to one, as fractions, up to which it works on that one alone.
LEFT_OF_SOURCE = 1 / 3
# Samples of other classes that may have by chance what members show exactly.
MOST_COMPARED = 2000
# Samples that carriers are compared with by what else they show.
MOST_SEEN = 4000
# Samples of other classes that are compared with members by their colours.
LIKENED_TO = 600
# Fraction that such a change has to turn beyond both its controls. Of 54 groups in three clean trainings it was 0.02 at
# most, of lower contrast 0.88, of a tint 0.43.
MARGIN_OF_LIKENESS = 0.4


@dataclass(frozen=True)
class SharedTrigger:
    """What members that are known share, and what it does.

    Attributes:
        stamp: how to put it on and take it off.
        flip_rate, control: fraction of `probed` samples turned by it, and by the same from other samples of the class;
            None where that was not asked.
        source: the one class that these samples are of; None for any.
        without: the flip rate of a model that never saw the members; None where it was not asked.
        classes: how many classes it turns, each into another one.
    """

    stamp: Stamp
    flip_rate: float
    control: float | None
    probed: int
    source: int | None = None
    without: float | None = None
    classes: int = 1


def same_trigger(suspects: Suspects, index: int, left: Bools) -> RecoveredTrigger | None:
    """What samples of class `index` show exactly, so that each has it or has not; None where nothing of it passes.

    No suspicion ranks them: they are those who have most of what many of the class have, and few others. Most of a
    class are never that alike, so it is no proof, but it is put to the same tests as any recovered trigger.

    Args:
        suspects: of the run.
        index: the class.
        left: (n,) samples that no earlier group has.
    """
    rows = np.flatnonzero(suspects.labels == index)
    rng = np.random.default_rng((suspects.seed, index, 6))
    others, stamps = suspects.probes_of(index, MOST_COMPARED), modality_of(suspects.inputs).load_stamps()
    for order, size in product(suspects.same, SIZES):
        some = rows[left[rows] & np.isfinite(order[rows])]
        core = suspects.alike.thinned(some[np.argsort(-order[some], kind="stable")], index, size)
        stamp = None if len(core) < FEWEST_IN_CORE else stamps.same(suspects.inputs, core, rows[left[rows]], others)
        carrying = stamp and exact_carriers(stamp, suspects.inputs, rows, others)
        if stamp is None or not carrying:
            continue
        core = suspects.alike.thinned(rows[carrying.carrying & left[rows]], index, SIZES[-1])
        if len(core) < FEWEST_IN_CORE or not _shows_others(suspects, stamp, rows[carrying.carrying], index):
            continue
        probes = others[:PROBES]
        rate = flip_rate(suspects.ask, stamp, suspects.inputs[probes], index)
        without = rows[~carrying.carrying]
        ordinary = rng.permutation(without if len(without) >= 2 * FEWEST_IN_CORE else rows)
        control = control_rate(suspects, ordinary, index, probes)
        if rate - control >= MARGIN:
            return tested(suspects, RecoveredTrigger(stamp, core, rows, carrying, rate, control, len(probes)), index)
    return None


def _shows_others(suspects: Suspects, stamp: Stamp, carrying: Ints, index: int) -> bool:
    """Whether samples (m,) are less like the rest of their class `index` than that is, once the trigger is taken out.

    A class may be drawn so that many of it have something exactly. Without that they show nothing else than the rest.
    """
    rng = np.random.default_rng((suspects.seed, index, 7))
    rest = rng.permutation(np.setdiff1d(np.arange(len(suspects.labels)), carrying))[:MOST_SEEN]
    if min(len(carrying), int((suspects.labels[rest] == index).sum())) < FEWEST_IN_CORE:
        return False
    nothing = np.zeros(suspects.inputs.shape, np.float32)

    def look(samples: Samples) -> Floats:
        told = stamp.seen(stamp.taken_off(samples, nothing))
        assert told is not None  # what a sample has or has not is seen
        return told

    seen = partial(in_parts, look, suspects.inputs)
    usual = seen(rest)
    scale = np.where(usual.std(0) > 0, usual.std(0), 1)
    return lie_elsewhere(seen(carrying[:MOST_MEMBERS]) / scale, usual / scale, suspects.labels[rest] == index)


def shared_trigger(suspects: Suspects, members: Ints, index: int) -> SharedTrigger | None:
    """What known members of class `index` share and what it does, on any class or on the one that they are like.

    It tells how an attack works whose members another test has found; it proves nothing by itself. None where it turns
    hardly more than what other samples of the class share.

    Args:
        suspects: of the run.
        members: (m,) rows.
        index: their class.
    """
    rng = np.random.default_rng((suspects.seed, index, 1))
    members = np.sort(rng.permutation(members)[:MOST_MEMBERS])
    near = suspects.alike.near(members, index)
    others = np.setdiff1d(np.flatnonzero(suspects.labels == index), members)
    found = []
    for source in (None, _looked_like(suspects, members, index)):
        probes = suspects.probes_of(index, PROBES, source)
        if len(probes) < FEWEST_PROBES or len(others) < FEWEST_IN_CORE:
            continue
        stamp, rate = strongest(suspects, members, index, probes, near)
        control = control_rate(suspects, rng.permutation(others), index, probes)
        if rate - control >= (MARGIN if source is None else MARGIN_OF_SOURCE):
            found.append(SharedTrigger(stamp, rate, control, len(probes), source))
    # One that works on any class says more than one that works on the members' own.
    return found[0] if found else None


def likened_trigger(suspects: Suspects, asked: Asked, members: Ints, rest: Ints, index: int) -> SharedTrigger | None:
    """The change after which samples of other classes are on the whole like members (m,); None unless it proves them.

    It has to turn others into class `index` for the run's model, and not for one that never saw the members. What is
    made of the `rest` of the class in the same way must not. It is measured, not sought, so clean classes give way to
    none.
    """
    stamps = modality_of(suspects.inputs).load_stamps()
    rng = np.random.default_rng((suspects.seed, index, 4))
    some, ordinary = (np.sort(rng.permutation(rows)[:MOST_MEMBERS]) for rows in (members, rest))
    if asked.other is None or len(ordinary) < FEWEST_IN_CORE:
        return None
    others, probes = _taken_for(suspects, asked.unseen[some], index), suspects.probes_of(index, PROBES)
    samples = suspects.inputs[probes]
    made = stamps.likenesses(suspects.inputs, some, others)
    rates = [flip_rate(suspects.ask, stamp, samples, index) for stamp in made]
    if max(rates, default=0.0) < MARGIN_OF_LIKENESS:
        return None
    stamp, rate = made[int(np.argmax(rates))], max(rates)
    control = max(
        flip_rate(suspects.ask, one, samples, index) for one in stamps.likenesses(suspects.inputs, ordinary, others)
    )
    without = flip_rate(asked.other, stamp, samples, index)
    if rate - max(control, without) < MARGIN_OF_LIKENESS:
        return None
    return SharedTrigger(stamp, rate, control, len(probes), without=without)


def looked_at(suspects: Suspects, trigger: RecoveredTrigger, members: Bools, index: int) -> RecoveredTrigger:
    """The trigger with what its members, (n,), look like, where they are most of class `index`."""
    own = members[trigger.rows]
    if trigger.home is not None or own.mean() < MOST_OF_CLASS:
        return trigger
    return replace(trigger, own_look=suspects.alike.at_home(trigger.rows[own], index))


def with_source(suspects: Suspects, found: RecoveredTrigger, index: int) -> RecoveredTrigger:
    """The trigger with its source, where it works on the class that its carriers look like and hardly on others."""
    source = _looked_like(suspects, found.rows[found.carriers.carrying], index)
    probes = suspects.probes_of(index, PROBES, source)
    others = suspects.probes_of(index, PROBES)
    others = others[suspects.labels[others] != source]
    if min(len(probes), len(others)) < FEWEST_PROBES:
        return found
    rate, rest = (flip_rate(suspects.ask, found.stamp, suspects.inputs[rows], index) for rows in (probes, others))
    if rate - rest < MARGIN_OF_SOURCE or rest > LEFT_OF_SOURCE * rate:
        return found
    return replace(found, source=source, source_rate=rate, source_probed=len(probes))


def home_of(suspects: Suspects, members: Ints, index: int) -> float | None:
    """The fraction of members (m,) that belong to class `index` by all that they show but what they share.

    None where nothing tells.
    """
    stamps, some = modality_of(suspects.inputs).load_stamps(), members[:MOST_MEMBERS]
    first, *_ = stamps.stamps(suspects.inputs, some, suspects.alike.near(some, index))
    return first.at_home(suspects.inputs, suspects.labels, members)


def _taken_for(suspects: Suspects, unseen: Floats, index: int) -> Ints:
    """Samples of the classes that members are taken for, by `unseen`, (m, k), and of each as often."""
    elsewhere = np.delete(np.arange(suspects.n_classes), index)
    wanted = np.bincount(elsewhere[unseen[:, elsewhere].argmax(1)], minlength=suspects.n_classes)
    rows = np.random.default_rng((suspects.seed, index, 5)).permutation(len(suspects.labels))
    counts = np.ceil(LIKENED_TO * wanted / wanted.sum()).astype(np.int64)
    drawn = [rows[suspects.labels[rows] == one][:count] for one, count in enumerate(counts)]
    return np.sort(np.concatenate(drawn))


def _looked_like(suspects: Suspects, members: Ints, index: int) -> int:
    """The class that most members (m,) of class `index` look like."""
    near = suspects.alike.near(members, index)
    return int(np.bincount(suspects.labels[near[:, 0]], minlength=suspects.n_classes).argmax())
