"""Where success rates after a repair do not tell whether a backdoor is gone.

The model has hardly learned, or errs so, or has nothing left of the attacker's class.

A trigger is called gone by what it adds to the model's own errors. A model that answers at random, or always with the
attacker's class, leaves it nothing to add: by that measure every broken model would be repaired.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from core import runs
from core.data import store
from core.evaluation import results
from core.evaluation.own_errors import OwnErrors
from core.evaluation.trials import Tried, tried_samples
from core.journal import changes
from core.runs import Run

# Of what the model before had learned beyond chance: one that keeps less is nearer to guessing than to that model.
KEPT = 0.5
# Fraction of the samples that the model does not take for the attacker's class anyway: a trigger can add no more. With
# twice the bar or less, one that turns every second of these still lies below the bar, so the bar cannot tell.
ROOM = 2 * results.GONE
MOST_NAMED = 3  # classes


def untold(child: Run, each: Mapping[Tried, OwnErrors]) -> str:
    """Why success rates of a finished repair do not tell whether a backdoor is gone, as a phrase; "" where they do.

    Args:
        child: the repair.
        each: what was tried on it; see `core.evaluation.own_errors.of_each`.
    """
    return _hardly_learned(child) or no_room(each) or no_class(child, each)


def unclear(child: Run, each: Mapping[Tried, OwnErrors]) -> set[Tried]:
    """Those of what was tried whose success rates do not tell; see `untold`."""
    if _hardly_learned(child):
        return set(each)
    return {tried for tried, one in each.items() if _leaves_no_room(one)} | _without_class(child, each)


def _hardly_learned(child: Run) -> str:
    after = runs.outcome(child)
    before = runs.outcome(runs.open_run(child.workspace, child.parent)) if child.parent else None
    return hardly_learned(child, before.class_accuracy, after.class_accuracy) if before and after else ""


def hardly_learned(child: Run, before: Sequence[float], after: Sequence[float]) -> str:
    """That a repaired model is nearer to guessing than to the model before, by the mean over the classes.

    A model that always gives the same answer has 1 / k on k classes, however many samples are of which. A class whose
    samples were all taken out of training says nothing of how well the others are learned: it is left out.

    Args:
        child: the repair; asked for its classes only where the model looks like that.
        before, after: accuracy in each class, NaN where unknown.
    """
    was, now = (np.array(values, float) for values in (before, after))
    if len(was) != len(now) or not len(was):
        return ""
    known = ~(np.isnan(was) | np.isnan(now))
    if not _guesses(was[known], now[known]):
        return ""
    known &= changes.summary(store.load(child.workspace, child.dataset), runs.read_changes(child))["after"] > 0
    if not _guesses(was[known], now[known]):
        return ""
    return (
        "the repaired model has hardly learned, so whether a backdoor is gone cannot be told: averaged over the "
        f"classes {now[known].mean():.1%} is right, {1 / known.sum():.1%} by chance, {was[known].mean():.1%} before"
    )


def _guesses(was: np.ndarray, now: np.ndarray) -> bool:
    """Whether less than `KEPT` of what was learned beyond chance is left; False where nothing was."""
    if not len(was):
        return False
    learned, chance = was.mean(), 1 / len(was)
    return bool(learned > chance and now.mean() - chance < KEPT * (learned - chance))


def no_room(each: Mapping[Tried, OwnErrors]) -> str:
    """That the model takes nearly all samples for the attacker's class anyway, with the one that it does most so.

    >>> no_room({"patch": OwnErrors(1.0, 0.965, 1.0), "blend": OwnErrors(0.02, 0.0, 0.02)})[:69]
    'whether 1 of 2 known attacks is gone cannot be told: without the trig'
    >>> no_room({"patch": OwnErrors(1.0, 0.85, 1.0)}), no_room({"patch": OwnErrors(0.2, 0.15, 0.1)})
    ('', '')
    """
    # One that adds more than the bar although there is so little room still works: that is told.
    hit = [one for one in each.values() if _leaves_no_room(one)]
    if not hit:
        return ""
    worst, what = max(hit, key=lambda one: one.plain), tried_words(each)
    return (
        f"whether {len(hit)} of {len(each)} {what} {'is' if len(hit) == 1 else 'are'} gone cannot be told: without "
        f"the trigger, {worst.plain:.1%} of the samples are taken for the attacker's class, too, "
        f"{worst.success:.1%} with it"
    )


def _leaves_no_room(one: OwnErrors) -> bool:
    return 1 - one.plain <= ROOM and one.added <= results.GONE


def no_class(child: Run, each: Mapping[Tried, OwnErrors]) -> str:
    """That the repair left no training sample of the classes that triggers lead to, so nothing is taken for them."""
    hit = _without_class(child, each)
    if not hit:
        return ""
    info = store.describe(child.workspace, child.dataset)
    names = [info.class_names[one] for one in sorted(set().union(*(_goals(child, tried) for tried in hit)))]
    shown = ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if names[MOST_NAMED:] else "")
    gone = f"{tried_words(each)} {'is' if len(hit) == 1 else 'are'} gone"
    return (
        f"whether {len(hit)} of {len(each)} {gone} cannot be told: no training sample is left of {shown}, which the "
        "attacker wants samples to be taken for"
    )


def _without_class(child: Run, each: Mapping[Tried, OwnErrors]) -> set[Tried]:
    """Those that hardly succeed, and of whose classes the repair left nothing."""
    if not each:
        return set()
    left = changes.summary(store.load(child.workspace, child.dataset), runs.read_changes(child))["after"]
    empty = set(np.flatnonzero(left == 0).tolist())
    goals = {tried: _goals(child, tried) for tried, one in each.items() if one.added <= results.GONE} if empty else {}
    return {tried for tried, wanted in goals.items() if wanted and wanted <= empty}


def _goals(child: Run, tried: Tried) -> set[int]:
    """The classes that a trigger leads to; empty where it was not tried."""
    return set(tried_samples(child, tried)["goal"].tolist())


def tried_words(each: Mapping[Tried, OwnErrors]) -> str:
    """What was tried, in words.

    >>> tried_words({"patch": OwnErrors(1.0, 0.965, 1.0)})
    'known attacks'
    """
    return "known attacks" if all(isinstance(tried, str) for tried in each) else "recovered triggers"


def sentence(phrase: str) -> str:
    """A phrase with a capital and a full stop; "" of none.

    >>> sentence("whether it is gone cannot be told"), sentence("")
    ('Whether it is gone cannot be told.', '')
    """
    return f"{phrase[0].upper()}{phrase[1:]}." if phrase else ""
