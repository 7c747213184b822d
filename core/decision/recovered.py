"""A recovered trigger and its last tests: whether chance does as well, and who keeps the label without it."""

from dataclasses import dataclass, replace

import numpy as np

from core.decision.chance import is_clear
from core.decision.members import Carriers
from core.decision.probes import PROBES, flip_rate, strongest
from core.decision.suspects import Suspects
from core.detectors.parts.statistics import p_value_by_chance
from core.modalities import modality_of
from core.modalities.elsewhere import chance_of_so_few, surely_elsewhere
from core.modalities.recovery import Stamp
from core.types import Floats, Ints

# Fewer samples than that teach no pattern.
FEWEST_IN_CORE = 10
# Samples of other classes that what each chance group shares is put on.
CHANCE_PROBES = 50
# Chance groups for each class, for the p-value: so many that one group alone may pass the test over all classes.
CHANCE_GROUPS = 20
# Fraction of a class that does not carry the trigger, below which those say nothing of ordinary samples.
FEWEST_WITHOUT = 0.1
# Members that a final trigger is recovered from.
MOST_MEMBERS = 300
# Fraction of members that keep their label without the trigger, beyond which it is no proof of poison.
MOST_KEPT = 0.55
# The same for each sample that it turns, as fractions: of four such triggers of clean classes 0.46 to 2.7, of poison at
# most 0.41.
MOST_KEPT_FOR_TURNED = 0.75
# Fraction of the samples nearest to carriers that are of the class, beyond which what most have is its look. Of
# trousers and of zeros, among few other images, it is 0.95 and 0.99; of poison in three quarters of a class 0.06 to
# 0.88.
OWN_LOOK = 0.92


@dataclass(frozen=True)
class RecoveredTrigger:
    """A trigger that turns samples of other classes into a class.

    Attributes:
        stamp: how to put it on and take it off.
        core: (m,) rows that it was recovered from first.
        carriers: who of the class carries its pattern; `rows` (c,) are the samples of the class.
        flip_rate, control: fraction of probes turned by it, and by the same from other samples of the class. Where a
            sample has the trigger or has not, the control is from samples of other classes.
        probed: of how many samples the flip rate is.
        p: how often as many ordinary samples of the class do as well, or belong elsewhere as well.
        kept: fraction of the core that keeps its label without it.
        home: fraction of the carriers that belong to the class by all else that they show: not most of them, or there
            is no trigger. None where nothing tells.
        told: of how many carriers that is.
        again: whether the core is what was left of a group that did not agree at first.
        own_look: where most of the class are members, the fraction of the samples nearest to these that are of
            the class; else None.
        source: the one class that it works on; None for any. Then `source_rate` is of `source_probed` samples of it.
    """

    stamp: Stamp
    core: Ints
    rows: Ints
    carriers: Carriers
    flip_rate: float
    control: float
    probed: int = 0
    p: float = 1.0
    kept: float = 1.0
    home: float | None = None
    told: int = 0
    again: bool = False
    own_look: float | None = None
    source: int | None = None
    source_rate: float = 0.0
    source_probed: int = 0


def proves(trigger: RecoveredTrigger) -> bool:
    """Whether the group's labels hang on its trigger: with it others turn, and without it few members stay.

    What most of a class show proves nothing where they are like one another by all else, too.
    """
    if trigger.own_look is not None and trigger.own_look > OWN_LOOK:
        return False
    let_go = trigger.kept <= min(MOST_KEPT, MOST_KEPT_FOR_TURNED * trigger.flip_rate)
    if trigger.home is None:
        return let_go
    surely = surely_elsewhere(trigger.home, trigger.told, of_source=trigger.source is not None)
    return is_clear(trigger.flip_rate, trigger.control) or (let_go and surely)


def tested(suspects: Suspects, found: RecoveredTrigger, index: int) -> RecoveredTrigger:
    """The trigger recovered again from all who carry it, its chance level, and who keeps the label without it."""
    rng = np.random.default_rng((suspects.seed, index))
    carrying = found.rows[found.carriers.carrying]
    members = np.sort(rng.permutation(carrying)[:MOST_MEMBERS])
    probes = suspects.probes_of(index, PROBES)
    stamp, rate = strongest(suspects, members, index, probes)
    if rate < found.flip_rate:
        stamp, rate = found.stamp, found.flip_rate
    told = found.home is not None
    p = _by_carriers(suspects, found) if told else _chance_level(suspects, found, members, stamp, index)
    whole = stamp.with_company(suspects.inputs, suspects.not_named(carrying))
    kept = _kept(suspects, whole, found.core, index)
    return replace(found, stamp=stamp, flip_rate=rate, p=p, kept=kept)


def _chance_level(suspects: Suspects, found: RecoveredTrigger, members: Ints, stamp: Stamp, index: int) -> float:
    """The p-value of a trigger that was recovered from these members: how often others of the class do as well."""
    rng = np.random.default_rng((suspects.seed, index, 2))
    others = found.rows[~found.carriers.carrying]
    # Where hardly anybody does not carry it, those say nothing of the class: chance groups are drawn from all of it.
    rare = len(others) < FEWEST_WITHOUT * len(found.rows)
    pool = found.rows if rare else others
    # As many as it was recovered from: what more samples share is clearer, and turns more of any class.
    size = min(max(len(found.core), len(members)), len(pool) // 2)
    if size < FEWEST_IN_CORE:
        return 1.0  # of too few others no group can be drawn, and nothing is proven
    few = suspects.probes_of(index, CHANCE_PROBES)
    if size < len(members):
        stamp = strongest(suspects, np.sort(rng.permutation(members)[:size]), index, few)[0]
    reached = flip_rate(suspects.ask, stamp, suspects.inputs[few], index)
    near = suspects.alike.near(pool, index)

    def does_as_well() -> bool:
        drawn = np.sort(rng.choice(len(pool), size, replace=False))
        return strongest(suspects, pool[drawn], index, few, near[drawn])[1] >= reached

    return p_value_by_chance(does_as_well, max(CHANCE_GROUPS * suspects.n_classes - 1, 19))


def _by_carriers(suspects: Suspects, found: RecoveredTrigger) -> float:
    """The p-value of carriers that belong elsewhere: how often as many others of the class do as well."""
    usual, of = suspects.home(found.stamp, found.rows[~found.carriers.carrying])
    if found.home is None or usual is None or of < FEWEST_IN_CORE:
        return 1.0  # of too few others nothing is known
    return chance_of_so_few(found.home, found.told, usual)


def _kept(suspects: Suspects, stamp: Stamp, members: Ints, index: int) -> float:
    """Of the members that the model has right, the fraction that it still has right without the trigger."""
    learned = members[suspects.predicted[members] == index]
    if not len(learned):
        return 0.0
    return float((said_without(suspects, stamp, learned, index).argmax(1) == index).mean())


def said_without(suspects: Suspects, stamp: Stamp, rows: Ints, index: int) -> Floats:
    """(m, k) what the run's model says of rows of class `index` once a trigger is taken off."""
    beneath = modality_of(suspects.inputs).load_stamps().beneath(suspects.inputs, suspects.alike.near(rows, index))
    return suspects.ask(stamp.taken_off(suspects.inputs[rows], beneath))
