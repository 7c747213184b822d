"""The groups and the states of the decision by name, as the address and the filters of the review call them."""

from core.analysis.decision import group_title, size_of
from core.decision.states import State
from core.runs import Run
from pages.ui.cache import cached

STATES: dict[State, str] = {
    "backdoor": "All confirmed backdoors",
    "wrong label": "All wrong labels",
    "open": "All that is open",
    "not judged": "All that was not judged",
}


def names(run: Run) -> dict[int | str, str]:
    """Group or state → its name, for those that hold samples; empty before there is a decision."""
    decision, classes = cached.decision(run), cached.info(run).class_names
    if decision is None:
        return {}
    groups: dict[int | str, str] = {group.id: group_title(group, classes) for group in decision.groups}
    return groups | {state: words for state, words in STATES.items() if size_of(decision, state)}
