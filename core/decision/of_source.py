"""A trigger that turns one class into another: whether a kind that is taken for one class shares one, and who has it.

Hard samples of a class are taken for one other class, too. What these share, put on samples of that class, turns no
more of them than what any samples of their class share. A trigger that was taught for one class alone does, and a model
that never saw its carriers does not give way to it. Taken off, its carriers are back where they came from.
"""

from collections.abc import Mapping

import numpy as np

from core.decision.kinds import Kind, column, learned_kind
from core.decision.left_out import AT_ONCE, LEARNED, LEARNED_AT_HOME, TURNED, Asked
from core.decision.probes import FEWEST_PROBES, PROBES, control_rate, flip_rate, strongest
from core.decision.recovered import FEWEST_IN_CORE, MOST_MEMBERS, said_without
from core.decision.shared import MARGIN_OF_SOURCE, SharedTrigger
from core.decision.suspects import Suspects
from core.decision.taken_for import as_one
from core.detectors.parts.statistics import Reals
from core.modalities.recovery import Stamp
from core.types import Bools, Floats, Ints

# Samples in doubt for each member up to which it is asked what a kind shares, and the median relative rank of suspicion
# from which on: a trigger on bags that was taught to sandals had up to 0.37, and 0.995.
MOST_IN_DOUBT = 1.0
LEAST_RANK = 0.95


def kind_with_trigger(
    suspects: Suspects, asked: Asked, kinds: Mapping[int, Kind], of: tuple[Ints, Reals, Floats], index: int
) -> Kind | None:
    """Who of class `index` has a trigger that works on the one class that they are taken for; None for nobody.

    Args:
        suspects: of the run.
        asked: what the models say.
        kinds: of the class, by the class that they are taken for.
        of: rows (m,) of the class, what describes them, (m, f), and their relative ranks of suspicion, (m,).
        index: the class.
    """
    (rows, described, ranks), found = of, []
    for source, kind in kinds.items():
        if kind.doubtful > MOST_IN_DOUBT or np.median(ranks[kind.members]) < LEAST_RANK:
            continue
        trigger = source_trigger(suspects, asked, (rows, kind.members, ranks), (source, index))
        if trigger is not None:
            told = who_has_it(suspects, asked, trigger.stamp, (rows, described), (source, index))
            found.append((told or kind).odds)
    return as_one(found)


def source_trigger(
    suspects: Suspects, asked: Asked, of: tuple[Ints, Bools, Floats], pair: tuple[int, int]
) -> SharedTrigger | None:
    """What members of a class share, if it turns samples of one other class; None unless that proves them.

    Neither what others of the class share, at random or the most suspicious of them, nor a model that never saw the
    members must do nearly as well. Where a sample has a trigger or has not, what else it shows tells more: None.

    Args:
        suspects: of the run.
        asked: what the models say.
        of: rows (m,) of the class, who are the members, (m,), and their relative ranks of suspicion, (m,).
        pair: the class that the members are taken for, and theirs.
    """
    (rows, inside, ranks), (source, index) = of, pair
    members, rest = rows[inside], rows[~inside]
    rng, probes = np.random.default_rng((suspects.seed, index, 8)), suspects.probes_of(index, PROBES, source)
    if asked.other is None or len(probes) < FEWEST_PROBES or min(len(members), len(rest)) < FEWEST_IN_CORE:
        return None
    stamp, rate = strongest(suspects, np.sort(rng.permutation(members)[:MOST_MEMBERS]), index, probes)
    if rate < MARGIN_OF_SOURCE or stamp.tells_home:
        return None
    without = flip_rate(asked.other, stamp, suspects.inputs[probes], index)
    orders = rng.permutation(rest), rest[np.argsort(-ranks[~inside], kind="stable")]
    control = max(control_rate(suspects, order, index, probes) for order in orders)
    if rate - max(control, without) < MARGIN_OF_SOURCE:
        return None
    return SharedTrigger(stamp, rate, control, len(probes), source, without)


def who_has_it(
    suspects: Suspects, asked: Asked, stamp: Stamp, of: tuple[Ints, Reals], pair: tuple[int, int]
) -> Kind | None:
    """Who of a class has a trigger that works on one other class; None where too few are sure.

    They are surely who a model that never saw them takes for that class, and the run's model once it is taken off.
    `of` has rows (m,) of the class and what describes them, (m, f); `pair` the class that they come from, and theirs.
    """
    (rows, described), (source, index) = of, pair
    parts = np.array_split(rows, max(-(-len(rows) // AT_ONCE), 1))
    back = np.concatenate([said_without(suspects, stamp, part, index)[:, source] for part in parts])
    seen, unseen = asked.seen[rows, index], asked.unseen[rows]
    away = (seen > LEARNED) & (unseen[:, index] < TURNED) & (unseen.argmax(1) == source)
    inside, home = away & (back > LEARNED_AT_HOME), unseen[:, index] > LEARNED
    told = [column(one) for one in (back, seen, unseen[:, index], unseen[:, source])]
    return learned_kind(np.hstack([described, *told]), inside, (home | away) & ~inside)
