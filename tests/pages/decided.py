"""Made-up decisions of every verdict, for tests of what is said of them."""

import numpy as np

from core import runs
from core.analysis.decision import save_decision
from core.decision.states import BACKDOOR, NONE, NOT_JUDGED, OPEN, WRONG_LABEL, DecidedGroup, Decision, State
from core.runs import Run
from core.runs.plan import decision as decide_stage
from tests.pages.drawn import FEW, SAMPLES

VERDICTS: tuple[State, ...] = ("backdoor", "wrong label", "open", "not judged", "none")
OF_GROUP = 10  # samples of a made-up group: the first of all, which the detectors flag
REASON = "The test in words."
TRIGGER = DecidedGroup(
    1, 3, "backdoor", "recovered trigger, pasted", OF_GROUP, REASON, 0.93, (0.89, 0.96), 0.02, 0.005, 0.1
)
LABELS = DecidedGroup(1, -1, "wrong label", "label errors", OF_GROUP, REASON)
MARK = DecidedGroup(1, 3, "open", "shared mark, added", OF_GROUP, REASON, 0.4, (0.3, 0.5), 0.02, 0.01, 0.9)


def made_decision(verdict: State, *, left_out: str = "") -> Decision:
    """A decision with that verdict about the made-up run: its first samples are a group where there is one."""
    first = np.arange(SAMPLES) < OF_GROUP
    group, state = {
        "backdoor": (TRIGGER, BACKDOOR),
        "wrong label": (LABELS, WRONG_LABEL),
        "open": (MARK, OPEN),
    }.get(verdict, (None, NONE))
    states = np.where(first, state, NONE)
    small = {7: "only 8 samples; 20 are needed"} if verdict == "not judged" else {}
    if small:
        states = np.where(np.arange(SAMPLES) >= SAMPLES - 8, NOT_JUDGED, NONE)
    groups = () if group is None else (group,)
    return Decision(states, first.astype(np.int64) * len(groups), groups, small, left_out, 10, 10)


def shifted() -> Decision:
    """A decision that confirms seven of the twelve samples that the detectors flag, and three that they do not."""
    first = (np.arange(SAMPLES) >= FEW - 7) & (np.arange(SAMPLES) < FEW + 3)
    states = np.where(first, BACKDOOR, np.where(np.arange(SAMPLES) < FEW, OPEN, NONE))
    return Decision(states, first.astype(np.int64), (TRIGGER,), {}, "", 10, 10)


def flags_open() -> Decision:
    """A decision without a group, in which what a detector flags stays open."""
    states = np.where(np.arange(SAMPLES) < FEW, OPEN, NONE)
    return Decision(states, np.zeros(SAMPLES, np.int64), (), {}, "", 10, 10)


def decided(run: Run, decision: Decision) -> Run:
    """The run, with that decision, and a picture for each group of it."""
    save_decision(run, decision, np.full((len(decision.groups), 8, 8, 1), 127, np.uint8))
    stage = str(decide_stage())
    return runs.update(run, plan=(*run.plan, stage), stages={**run.stages, stage: 1.0})
