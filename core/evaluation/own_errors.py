"""What a model takes for the attacker's class without any trigger: errors of its own, which no repair takes away."""

from dataclasses import dataclass

import pandas as pd

from core import runs
from core.analysis.recovered_triggers import estimates_of
from core.evaluation import results
from core.evaluation.recovered_trials import RecoveredTrigger
from core.evaluation.trials import Tried, tried_samples
from core.runs import Run

# Fraction of the samples from which on it is said: fewer hardly move a success rate.
SAID = 0.01


@dataclass(frozen=True)
class OwnErrors:
    """One trigger on the test samples that it is meant for, and the same samples without it.

    Attributes:
        success: the fraction that the model takes for what the attacker wants, in [0, 1].
        plain: the same without the trigger.
        turned: the success among the samples that the model has right without the trigger; None where it has none.
    """

    success: float
    plain: float
    turned: float | None


def error_words(errors: OwnErrors | None) -> str:
    """What is told below a success rate; "" where the model hardly errs so.

    >>> error_words(OwnErrors(0.206, 0.14, 0.076))
    'Without the trigger, 14.0% of these samples are taken for it, too. Of those it has right, 7.6% are turned.'
    """
    if errors is None or errors.plain < SAID:
        return ""
    turned = "" if errors.turned is None else f" Of those it has right, {errors.turned:.1%} are turned."
    return f"Without the trigger, {errors.plain:.1%} of these samples are taken for it, too.{turned}"


def aside_words(errors: OwnErrors | None) -> str:
    """The same in parentheses, to stand behind a success rate.

    >>> aside_words(OwnErrors(0.206, 0.14, 0.076)), aside_words(OwnErrors(0.02, 0.001, 0.02))
    (' (14.0% without the trigger)', '')
    """
    return f" ({errors.plain:.1%} without the trigger)" if errors and errors.plain >= SAID else ""


def own_errors(tried: pd.DataFrame) -> OwnErrors | None:
    """What `tried_samples` of one trigger say; None of an empty table.

    >>> own_errors(
    ...     pd.DataFrame(
    ...         {
    ...             "label": [1, 1, 1, 1],
    ...             "goal": [0, 0, 0, 0],
    ...             "untouched": [0, 1, 1, 1],
    ...             "turned": [True, True, False, False],
    ...         }
    ...     )
    ... )
    OwnErrors(success=0.5, plain=0.25, turned=0.3333333333333333)
    """
    if not len(tried):
        return None
    right = tried["untouched"] == tried["label"]
    turned = float(tried["turned"][right].mean()) if right.any() else None
    return OwnErrors(float(tried["turned"].mean()), float((tried["untouched"] == tried["goal"]).mean()), turned)


def of_strongest(child: Run) -> OwnErrors | None:
    """Those of the attack, or else of the recovered trigger, that succeeds most often after a repair.

    None where that was not recorded.
    """
    outcome = runs.outcome(child)
    known = {} if outcome is None else dict(outcome.attack_success_rate)
    tried: Tried | None = None
    if rates := results.measured(known):
        tried = next(name for name, rate in known.items() if rate == max(rates))
    elif child.parent and (estimates := estimates_of(child)):
        tried = RecoveredTrigger(child.parent, max(estimates, key=lambda one: one.after).group)
    return own_errors(tried_samples(child, tried)) if tried is not None else None
