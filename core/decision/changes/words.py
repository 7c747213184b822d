"""Why a change of the whole sample is what members were taught, or not: the tests in words, with their numbers."""

from core.decision.changes.transformed import Transformed
from core.modalities.elsewhere import wilson


def transformed_reason(found: Transformed, in_doubt: int, *, usual: bool = False) -> str:
    """What a change of the whole sample does, beside what it does to a model that never saw its carriers.

    `in_doubt` says of how many more it is open whether they carry it; `usual`, that bona fide samples do as well.
    """
    low, high = wilson(found.flip_rate, len(found.tried))
    turns = (
        f"One change of the whole sample, {found.stamp.name}, was given to {len(found.tried):,} samples of other "
        f"classes: the model then takes {found.flip_rate:.0%} of them for this class (95 % interval {low:.0%} to "
        f"{high:.0%}). The members are the samples of the class that the model treats like changed ones."
    )
    if found.control is None:
        return f"{turns} No model was trained without them, so it is open whether they taught it this: look at them."
    turns = f"{turns} A model trained without them takes {found.control:.0%} for it"
    if found.with_them is not None:
        turns += f", one that saw them and nothing else of what was left out {found.with_them:.0%}"
    if usual:
        return f"{turns}. But bona fide samples of the class are treated like that as often: look at them."
    if found.hardly_known:
        of_few = f"{found.known:.0%} of the samples of this class that it learned from"
        if found.knows_none_again:
            of_few = f"{found.known_again:.0%} of those of this class that seem to carry nothing and that it never saw"
        return (
            f"{turns}. But it takes only {of_few} for it, and who carries the change is in doubt. That proves nothing: "
            "look at them."
        )
    if found.mostly_at_home:
        return f"{turns}. But it takes {found.home:.0%} of them for it, though it never saw them: look at them."
    if not found.proven:
        return f"{turns}. That does not prove that the members taught it this: look at them."
    more = f" Whether {in_doubt:,} more carry the change is in doubt: they are open." if in_doubt else ""
    nearest = " It is the nearest of a list: what was planted may differ, and work less or more often."
    return f"{turns}. So the members taught it this.{nearest if found.listed else ''}{more}"


def common_reason(more: int, in_doubt: int, classes: int) -> str:
    """Why a backdoor has more members than its first test named, where several classes were taught one change."""
    reason = (
        f"One change turns samples of {classes} classes, each into another. Once it is taken off, {more:,} more are "
        "taken for the class that the first members come from."
    )
    return f"{reason} Whether {in_doubt:,} more are is in doubt: they are open." if in_doubt else reason
