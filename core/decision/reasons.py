"""Why a group has its state: the test in words, with its numbers."""

from math import sqrt

from core.decision.triggers import RecoveredTrigger

# Standard deviations of a 95 % interval.
SURE = 1.96


def trigger_reason(trigger: RecoveredTrigger, *, proven: bool) -> str:
    """What a recovered trigger does, beside its control; `proven` where the suspects lose their label without it."""
    low, high = wilson(trigger.flip_rate, trigger.probed)
    turns = (
        f"What these samples share, put on {trigger.probed:,} samples of other classes, turns {trigger.flip_rate:.0%} "
        f"of them into the class (95 % interval {low:.0%} to {high:.0%}). The same from other samples of the class "
        f"turns {trigger.control:.0%} (p = {trigger.p:.3f})."
    )
    if proven:
        return f"{turns} Without it {trigger.kept:.0%} of the most suspicious keep their label."
    return (
        f"{turns} But {trigger.kept:.0%} of the most suspicious keep their label without it. So it is a mark on true "
        "samples of the class, such as a logo, or a clean-label attack: look at them."
    )


def turned_reason(turned: float, control: float, *, confirmed: bool = True) -> str:
    """How many of the suspects only their own kind taught the model, beside samples that are as hard."""
    turns = (
        f"The run's model has learned {turned:.0%} of the most suspicious samples, and a model that never saw them "
        f"takes them for other classes. Of samples that are as hard that is {control:.0%}."
    )
    if confirmed:
        return f"{turns} They were learned from one another alone, but share no fixed pattern."
    return f"{turns} A rare kind of true samples does that, too: look at them."


def wrong_reason(size: int, classes: int) -> str:
    """Why labels are wrong and no attack."""
    return (
        f"Neither the run's model nor one that never saw them believes the labels of {size:,} samples in {classes:,} "
        "classes. Both are sure of the same other class. No trigger is among them: these are label errors."
    )


def wilson(rate: float, n: int) -> tuple[float, float]:
    """The 95 % confidence interval of a fraction of n, by Wilson's score.

    >>> tuple(round(end, 3) for end in wilson(0.5, 100))
    (0.404, 0.596)
    """
    middle = (rate + SURE**2 / (2 * n)) / (1 + SURE**2 / n)
    half = SURE * sqrt(rate * (1 - rate) / n + SURE**2 / (4 * n**2)) / (1 + SURE**2 / n)
    return max(middle - half, 0.0), min(middle + half, 1.0)
