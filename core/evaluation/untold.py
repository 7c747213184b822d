"""Where success rates after a repair do not tell whether a backdoor is gone: the model has hardly learned, or errs so.

A trigger is called gone by what it adds to the model's own errors. A model that answers at random, or always with the
attacker's class, leaves it nothing to add: by that measure every broken model would be repaired.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from core import runs
from core.data import store
from core.evaluation import results
from core.evaluation.own_errors import OwnErrors
from core.evaluation.trials import Tried
from core.journal import changes
from core.runs import Run

# Of what the model before had learned beyond chance: one that keeps less is nearer to guessing than to that model.
KEPT = 0.5
# Fraction of the samples that the model does not take for the attacker's class anyway: a trigger can add no more. With
# twice the bar or less, one that turns every second of these still lies below the bar, so the bar cannot tell.
ROOM = 2 * results.GONE


def untold(child: Run, each: Mapping[Tried, OwnErrors]) -> str:
    """Why success rates of a finished repair do not tell whether a backdoor is gone, as a phrase; "" where they do.

    Args:
        child: the repair.
        each: what was tried on it; see `core.evaluation.own_errors.of_each`.
    """
    after = runs.outcome(child)
    before = runs.outcome(runs.open_run(child.workspace, child.parent)) if child.parent else None
    learned = hardly_learned(child, before.class_accuracy, after.class_accuracy) if before and after else ""
    return learned or no_room(each)


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
    hit = [one for one in each.values() if 1 - one.plain <= ROOM and one.added <= results.GONE]
    if not hit:
        return ""
    worst, what = max(hit, key=lambda one: one.plain), tried_words(each)
    return (
        f"whether {len(hit)} of {len(each)} {what} {'is' if len(hit) == 1 else 'are'} gone cannot be told: without "
        f"the trigger, {worst.plain:.1%} of the samples are taken for the attacker's class, too, "
        f"{worst.success:.1%} with it"
    )


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
