"""The triggers that the Trigger demo can put on test samples: planted ones, and those that a decision recovered."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.analysis.decision import group_title, picture_words
from core.decision.states import DecidedGroup
from core.evaluation import trials
from core.evaluation.recovered_trials import RecoveredTrigger
from core.runs import Run
from pages.ui.cache import cached
from pages.ui.cache.names import names_in_text
from pages.ui.lab.attack_words import aim, title
from pages.ui.widgets import pictures


@dataclass(frozen=True)
class KnownTrigger:
    """One trigger to choose.

    Attributes:
        tried: what the recorded answers know it by.
        title: what people read on its button.
        aim: what it turns into what.
        caution: what a recovered trigger is not; "" for a planted one.
    """

    tried: trials.Tried
    title: str
    aim: str
    caution: str = ""

    def picture(self, dataset: str, strength: int, row: int) -> str:
        """The address of a test sample with the trigger."""
        if isinstance(self.tried, RecoveredTrigger):
            return pictures.of_recovered(self.tried.run, self.tried.group, row)
        return pictures.of_triggered(dataset, self.tried, strength, row)


def known_triggers(run: Run) -> dict[str, KnownTrigger]:
    """What stands for a trigger in addresses → the trigger: planted ones first."""
    info, names = cached.info(run), names_in_text(run)
    planted = {one.name: KnownTrigger(one.name, title(one, names), aim(one, names)) for one in trials.attacks(info)}
    found = {_key(group.id): _recovered(run, group, names) for group in cached.groups_with_trigger(run)}
    return planted | {key: trigger for key, trigger in found.items() if key not in planted}


def see_trigger(run: Run, group: int) -> None:
    """The way to Trigger demo with what was recovered from a group of the decision, where there are test samples."""
    shown = cached.groups_with_trigger(run) if cached.info(run).n_test and not run.parent else []
    if any(one.id == group for one in shown):
        query = {"attack": _key(group)}
        st.page_link("pages/trigger.py", label="See its trigger", icon=":material/bolt:", query_params=query)


def _key(group: int) -> str:
    return f"recovered-{group}"


def _recovered(run: Run, group: DecidedGroup, names: Sequence[str]) -> KnownTrigger:
    source = "every other class" if group.source_class is None else names[group.source_class]
    change = group.kind.rpartition(", ")[2]
    proof = "of a confirmed backdoor" if group.state == "backdoor" else "of a group that is open"
    return KnownTrigger(
        RecoveredTrigger(run.id, group.id),
        f"Recovered {group.id}{f': {change}' if picture_words(group) else ''}",
        f"{source} → {names[group.target_class]}",
        f"Recovered from {group_title(group, tuple(names))}, {proof}, without knowing the attack. "
        "It is an estimate of what the attacker puts on a sample, not the thing itself.",
    )
