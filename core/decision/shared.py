"""What members share, and whether a trigger works on one class alone: how an attack works, not whether it is one."""

from dataclasses import dataclass, replace

import numpy as np

from core.decision.exact import flip_rate
from core.decision.probes import FEWEST_PROBES, PROBES
from core.decision.suspects import Suspects
from core.decision.triggers import (
    FEWEST_IN_CORE,
    MARGIN,
    MOST_MEMBERS,
    MOST_OF_CLASS,
    RecoveredTrigger,
    control_rate,
    probes_of,
    strongest,
)
from core.modalities import modality_of
from core.modalities.recovery import Stamp
from core.types import Bools, Ints

# Fraction of samples of the one class that members look like that a trigger has to turn beyond its control, or beyond
# what it does to other classes.
MARGIN_OF_SOURCE = 0.3
# What a trigger does to other classes for what it does to one, as fractions, up to which it works on that one alone.
LEFT_OF_SOURCE = 1 / 3


@dataclass(frozen=True)
class SharedTrigger:
    """What members that are known share, and what it does.

    Attributes:
        stamp: how to put it on and take it off.
        flip_rate, control: fraction of `probed` samples turned by it, and by the same from other samples of the class.
        source: the one class that these samples are of; None for any.
    """

    stamp: Stamp
    flip_rate: float
    control: float
    probed: int
    source: int | None = None


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
        probes = probes_of(suspects, index, PROBES, source)
        if len(probes) < FEWEST_PROBES or len(others) < FEWEST_IN_CORE:
            continue
        stamp, rate = strongest(suspects, members, index, probes, near)
        control = control_rate(suspects, rng.permutation(others), index, probes)
        if rate - control >= (MARGIN if source is None else MARGIN_OF_SOURCE):
            found.append(SharedTrigger(stamp, rate, control, len(probes), source))
    # One that works on any class says more than one that works on the members' own.
    return found[0] if found else None


def looked_at(suspects: Suspects, trigger: RecoveredTrigger, members: Bools, index: int) -> RecoveredTrigger:
    """The trigger with what its members, (n,), look like, where they are most of class `index`."""
    own = members[trigger.rows]
    if trigger.home is not None or own.mean() < MOST_OF_CLASS:
        return trigger
    return replace(trigger, own_look=suspects.alike.at_home(trigger.rows[own], index))


def with_source(suspects: Suspects, found: RecoveredTrigger, index: int) -> RecoveredTrigger:
    """The trigger with its source, where it works on the class that its carriers look like and hardly on others."""
    source = _looked_like(suspects, found.rows[found.carriers.carrying], index)
    probes = probes_of(suspects, index, PROBES, source)
    others = probes_of(suspects, index, PROBES)
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


def _looked_like(suspects: Suspects, members: Ints, index: int) -> int:
    """The class that most members (m,) of class `index` look like."""
    near = suspects.alike.near(members, index)
    return int(np.bincount(suspects.labels[near[:, 0]], minlength=suspects.n_classes).argmax())
