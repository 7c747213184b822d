"""Why a group has its state: the test in words, with its numbers."""

from collections.abc import Sequence

from core.decision.apart import KindFigures
from core.decision.recovered import MOST_KEPT, OWN_LOOK, RecoveredTrigger
from core.decision.shared import SharedTrigger
from core.decision.states import DecidedGroup
from core.modalities.elsewhere import TURNS_MOST, wilson

# Fraction of members that belong to their class, from which on they are called a kind of it.
AT_HOME = 0.5
# What a trigger may be that works, where its carriers keep their label without it.
MARK_OR_CLEAN = (
    "So it may be a mark on true samples of the class, such as a logo, or an attack that leaves labels right "
    "(clean-label): look at them."
)


def trigger_reason(trigger: RecoveredTrigger, *, proven: bool) -> str:
    """What a recovered trigger does, beside its control; `proven` where the suspects lose their label without it."""
    low, high = wilson(trigger.flip_rate, trigger.probed)
    turns = (
        f"What these samples share was put on {trigger.probed:,} samples of other classes: the model then takes "
        f"{trigger.flip_rate:.0%} of them for this class (95 % interval {low:.0%} to {high:.0%}). "
    )
    if trigger.home is None:
        turns += f"With what other samples of the class share, it takes {trigger.control:.0%} ({_level(trigger.p)})."
    else:
        turns += f"With what samples of other classes share, it takes {trigger.control:.0%}."
    if trigger.source is not None:
        turns += (
            f" Of {trigger.source_probed:,} samples of the one class that they look like, it takes "
            f"{trigger.source_rate:.0%}: the change works on that class."
        )
    if trigger.home is not None:
        turns += (
            f" Judged by all else in them, {trigger.home:.0%} of the samples that have it belong to the class. "
            f"Among as many others, chance gives so few with {_level(trigger.p)}."
        )
    if proven:
        by_heart = ": the model knows them by heart" if trigger.kept > MOST_KEPT else ""
        return f"{turns} Without it {trigger.kept:.0%} of the most suspicious keep their label{by_heart}."
    if trigger.own_look is not None and trigger.own_look > OWN_LOOK:
        return (
            f"{turns} But most of the class show it, and {trigger.own_look:.0%} of the samples nearest to them "
            "are of this class. So it may be what the class looks like: look at them."
        )
    if trigger.home is not None:  # by the looks of its carriers only what turns most is proven
        return (
            f"{turns} But it turns fewer than {TURNS_MOST:.0%} of those that its control leaves, and without it "
            f"{trigger.kept:.0%} of the most suspicious keep their label. {MARK_OR_CLEAN}"
        )
    return f"{turns} But {trigger.kept:.0%} of the most suspicious keep their label without it. {MARK_OR_CLEAN}"


def joined_reason(groups: Sequence[DecidedGroup]) -> str:
    """Why a change has members that were found by what they share: these `groups` carry it."""
    size, kinds = sum(group.size for group in groups), " and ".join(group.kind for group in groups)
    return (
        f"{size:,} of the members were found before, by a test of their own ({kinds}). The model treats them, too, far "
        "more often like changed samples than the rest of the class, so it is one attack."
    )


def home_reason(home: float) -> str:
    """Why a trigger that works is no proof: `home` is the fraction of its carriers that belong to the class."""
    return f"But a model that never saw them takes {home:.0%} of them for this class, too. {MARK_OR_CLEAN}"


def among_reason() -> str:
    """Why a trigger that works is no proof where nothing tells whether its carriers belong to the class."""
    return (
        "But they lie among the rest of the class, and a model that never saw them did not learn the class from what "
        f"was left of it. So what it takes them for says little. {MARK_OR_CLEAN}"
    )


def most_reason() -> str:
    """Why a trigger that works is no proof where its carriers are most of a class and look like few others."""
    return (
        "But they are most of the class, and a model that never saw them takes nearly all of them for one or two other "
        "classes. So they may be its true samples, which that model lacked: look at them and at the rest."
    )


def kind_reason(figures: KindFigures, in_doubt: int = 0, *, confirmed: bool) -> str:
    """How many of the suspects only their own kind taught the model, beside as hard samples, and how clear a kind.

    `in_doubt` says of how many more it is open whether they are of it.
    """
    which = "the samples of one of its clusters" if figures.a_cluster else "the most suspicious samples"
    which = "all parts of the class but one" if figures.most else which
    turns = (
        f"The run's model has learned {figures.turned:.0%} of {which}, and a model trained without "
        f"them takes them for other classes. Of samples that are equally hard to learn that is {figures.control:.0%}. "
        f"For every 100 members, {100 * figures.doubtful:.0f} more samples of the class are in doubt. The members are "
        f"taken for about {figures.sources:.1f} other classes. Half of them are among the most suspicious "
        f"{1 - figures.rank:.1%} of all samples."
    )
    if figures.clustered:
        turns = f"{turns} The same samples are a cluster that is separate from the class."
    if figures.home is not None:
        turns += f" Judged by all else in them, {figures.home:.0%} of them belong to the class."
    if figures.usual:
        return f"{turns} But bona fide samples of the class are of this kind as often: look at them."
    if confirmed:
        more = f" Whether {in_doubt:,} more are of it is in doubt: they are open." if in_doubt else ""
        return f"{turns} So the model learned them from one another alone: they are a kind of their own.{more}"
    if figures.inverse:
        return (
            f"{turns} But they look more like the class than the rest of it does. So they may be its true samples, and "
            "the others poison: look at both."
        )
    if figures.half:
        return (
            f"{turns} But they are more than a third of the class and taken for few others. So they may be one of two "
            "populations of the class, or a part of another class: look at them."
        )
    if figures.home is not None and figures.home > AT_HOME:
        return f"{turns} So they are more likely a kind of the class itself: look at them."
    return f"{turns} So they may be samples of the class that are just hard to learn: look at them."


def shared_reason(trigger: SharedTrigger) -> str:
    """What the members share does, where another test has found them."""
    of = "other classes" if trigger.source is None else "the one class that they look like"
    return (
        f"What they share was put on {trigger.probed:,} samples of {of}: the model then takes {trigger.flip_rate:.0%} "
        f"of them for this class."
        + ("" if trigger.control is None else f" With what others of the class share, it takes {trigger.control:.0%}.")
        + ("" if trigger.without is None else f" A model that never saw the members takes {trigger.without:.0%}.")
        + (f" The same turns samples of {trigger.classes} classes, each into another." if trigger.classes > 1 else "")
    )


def more_reason(more: int, in_doubt: int) -> str:
    """Why a backdoor has more members than its first test named; `in_doubt` says of how many more it is open."""
    reason = (
        "But without these members the class was still larger than others are. So one more model was trained, without "
        f"all that is like them: it tells of {more:,} more that they are of this kind."
    )
    return f"{reason} Whether {in_doubt:,} more are is in doubt: they are open." if in_doubt else reason


def too_many_reason(size: int, beyond: int, usual: int, *, confirmed: bool) -> str:
    """Why the foremost of a class are open that has more samples than is usual; `confirmed` beside a backdoor of it."""
    without = "Without its confirmed backdoor, this class" if confirmed else "This class"
    return (
        f"{without} has {beyond:,} samples more than the {usual:,} that are usual here; others vary by far less. So it "
        "may hold poison that no test tells: most attacks put all their samples into one class. These are the "
        f"{size:,} most suspicious of it: look at them."
    )


def wrong_reason(size: int, classes: int) -> str:
    """Why labels are wrong and no attack."""
    return (
        f"Neither the run's model nor one that never saw them believes the labels of {size:,} samples in {classes:,} "
        "classes. Both are sure of the same other class. No trigger is among them: these are label errors."
    )


def _level(p: float) -> str:
    return f"p = {p:.3f}" if p >= 0.001 else "p < 0.001"
