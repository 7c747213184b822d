"""What a model answers to test samples that carry a recovered trigger: the Trigger demo where no attack is known."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import runs
from core.analysis.decision import decision_of
from core.analysis.opened_run import opened as opened_run
from core.analysis.recovered_triggers import groups_of, triggers_of
from core.data import store
from core.decision.states import DecidedGroup
from core.modalities.recovery import Stamp
from core.runs import Run
from core.types import Ints

# The files of the answers to a run's own triggers, and of a repair to those of the run that it repairs.
OWN = "recovered-trials"
OF_PARENT = "recovered-trials-of-parent"


@dataclass(frozen=True)
class RecoveredTrigger:
    """A trigger that the decision of a run recovered.

    Attributes:
        run: the id of that run.
        group: of its decision.
    """

    run: str
    group: int


@dataclass(frozen=True)
class _Tried:
    """One recovered trigger that a model was tried on; `digest` says which, as a decision may be made again."""

    group: int
    digest: str


def groups_with_trigger(run: Run) -> list[DecidedGroup]:
    """The groups of a run's decision from which a trigger was recovered, with or without proof.

    Raises:
        UserError: the decision or its triggers are damaged.
    """
    opened = opened_run(run)
    decision = decision_of(opened)
    there = groups_of(run) if decision else frozenset()
    return [group for group in decision.groups if group.id in there] if decision else []


def intended(group: DecidedGroup, labels: Ints) -> Ints:
    """(m,) the class that the group's trigger is to make of each test sample; −1 for those that it is not put on."""
    asked = labels != group.target_class if group.source_class is None else labels == group.source_class
    return np.where(asked, group.target_class, -1)


def save_answers(
    run: Run, decided: str, tried: Mapping[int, Stamp], classes: NDArray[np.int16], likely: NDArray[np.float16]
) -> None:
    """Keep a model's answers to recovered triggers.

    Args:
        run: whose model it is.
        decided: the id of the run that recovered them: the same, or the one that it repairs.
        tried: group → its trigger, g in all.
        classes: (g, m, 3) the likeliest classes of each test sample; −1 for those that the trigger is not put on.
        likely: their probabilities, of the same shape.
    """
    file = _file(run, decided)
    runs.save_array(run, f"{file}-classes", classes)
    runs.save_array(run, f"{file}-likely", likely)
    runs.save_json(run, f"{file}.json", [asdict(_Tried(group, _digest(stamp))) for group, stamp in tried.items()])


def recovered_answers(run: Run, trigger: RecoveredTrigger) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """The likeliest classes of each test sample with the trigger, (m, 3), and their probabilities.

    None where the run's model was not tried on it, or on what the trigger was before it was decided again.
    """
    file, decided = _file(run, trigger.run), runs.open_run(run.workspace, trigger.run)
    tried = run.kept(f"{file}.json", list[_Tried], [])
    place = next((place for place, one in enumerate(tried) if one.group == trigger.group), None)
    now = _stamps(decided).get(trigger.group)
    if place is None or now is None or tried[place].digest != _digest(now):
        return None
    info = store.describe(run.workspace, run.dataset)
    shape = len(tried), info.n_test, None
    classes = run.array(f"{file}-classes", shape, len(info.class_names))
    return classes[place], run.array(f"{file}-likely", shape)[place]


def stamp_of(decided: Run, trigger: RecoveredTrigger) -> Stamp:
    """The trigger itself, of the run that recovered it.

    Raises:
        LookupError: there is no such group, or no trigger was recovered from it.
        UserError: the triggers are damaged.
    """
    found = _stamps(decided).get(trigger.group)
    if found is None:
        raise LookupError(f"{trigger.run} recovered no trigger from a group {trigger.group}.")
    return found


def _file(run: Run, decided: str) -> str:
    return OWN if run.id == decided else OF_PARENT


def _stamps(decided: Run) -> Mapping[int, Stamp]:
    return triggers_of(decided, store.load(decided.workspace, decided.dataset).test_inputs)


def _digest(stamp: Stamp) -> str:
    """The same for the same trigger, whenever it is read."""
    found = hashlib.sha256()
    for name, part in sorted(stamp.parts.items()):
        array = np.ascontiguousarray(part)
        found.update(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes())
    return found.hexdigest()[:16]
