"""What a model takes for the attacker's class without any trigger: errors of its own, which no repair takes away."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from core import runs
from core.analysis.recovered_triggers import estimates_of
from core.attacks.specification import spoken
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

    @property
    def added(self) -> float:
        """What the trigger itself adds to the errors that the model makes anyway: the part that a repair can remove."""
        return max(self.success - self.plain, 0.0)


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


def lines_of_each(each: Mapping[Tried, OwnErrors], classes: Sequence[str]) -> list[str]:
    """The same for each trigger of which it is to be told, with its name where there are several triggers.

    >>> lines_of_each({"word-1-to-0": OwnErrors(0.206, 0.14, None), "patch": OwnErrors(0.3, 0.0, 0.3)}, ("ham", "spam"))
    ['word, spam → ham: Without the trigger, 14.0% of these samples are taken for it, too.']
    """
    names = {one: spoken(one, classes) if isinstance(one, str) else f"Estimated, {one.group}" for one in each}
    told = {one: error_words(errors) for one, errors in each.items()}
    return [f"{names[one]}: {words}" if len(each) > 1 else words for one, words in told.items() if words]


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


def succeeding(every: Sequence[OwnErrors]) -> list[OwnErrors]:
    """Those of triggers that still work: they add more than `GONE` to the model's own errors.

    >>> succeeding([OwnErrors(0.206, 0.14, 0.076), OwnErrors(0.3, 0.0, 0.3)])
    [OwnErrors(success=0.3, plain=0.0, turned=0.3)]
    """
    return [errors for errors in every if errors.added > results.GONE]


def of_each(child: Run) -> Mapping[Tried, OwnErrors]:
    """Those of each known attack after a repair, else of each recovered trigger, by what was tried.

    Where only the success rate was recorded, none of it is told to be an error of the model's own.
    """
    outcome = runs.outcome(child)
    known = {} if outcome is None else outcome.attack_success_rate
    rates: dict[Tried, float] = {name: rate for name, rate in known.items() for rate in results.measured({name: rate})}
    return of_tried(child, rates) if rates else of_recovered(child)


def of_recovered(child: Run) -> Mapping[Tried, OwnErrors]:
    """The same of each recovered trigger, whether an attack is known or not."""
    return of_tried(child, {RecoveredTrigger(child.parent or "", one.group): one.after for one in estimates_of(child)})


def of_tried(child: Run, rates: Mapping[Tried, float]) -> Mapping[Tried, OwnErrors]:
    """Those of what was tried, with the success rates that were recorded, in [0, 1]."""
    return {
        tried: own_errors(tried_samples(child, tried)) or OwnErrors(rate, 0.0, None) for tried, rate in rates.items()
    }


def of_strongest(child: Run) -> OwnErrors | None:
    """Those of the trigger that succeeds most often after a repair; None where no rate is known."""
    return strongest(of_each(child).values())


def strongest(every: Iterable[OwnErrors]) -> OwnErrors | None:
    """Those of the trigger that succeeds most often; None where there are none.

    >>> strongest([OwnErrors(0.2, 0.1, None), OwnErrors(0.3, 0.0, None)]), strongest([])
    (OwnErrors(success=0.3, plain=0.0, turned=None), None)
    """
    return max(every, key=lambda one: one.success, default=None)
