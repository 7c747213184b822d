"""The decision of a run as it is kept with it, for pages, reports and exports; they read it without torch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from core import checksums, runs
from core.analysis.opened_run import OpenedRun
from core.decision.states import STATES, DecidedGroup, Decision
from core.runs import Run
from core.types import Samples

FILE = "decision.json"
ARRAY = "decision"
PICTURES = "decision-pictures"
SENTENCES = {
    "backdoor": "Backdoor confirmed",
    "wrong label": "Wrong labels, no backdoor confirmed",
    "open": "Suspicious, open: look at them",
    "not judged": "Not judged",
    "none": "No sign of a backdoor",
}


@dataclass(frozen=True)
class _Kept:
    """What lies beside the array of a decision."""

    groups: list[DecidedGroup] = field(default_factory=list)
    not_judged: dict[int, str] = field(default_factory=dict)
    left_out: str = ""
    least: int = 0
    n_classes: int = 0


def save_decision(run: Run, decision: Decision, pictures: Samples | None) -> None:
    """Write a decision; `pictures` (groups, …) show the recovered triggers, mid-grey where there is none."""
    runs.save_array(run, ARRAY, np.stack([decision.states, decision.membership]).astype(np.int64))
    if pictures is not None and len(pictures):
        runs.save_array(run, PICTURES, pictures)
    else:  # those of an earlier decision would be shown beside groups that they do not belong to
        checksums.forget(run.path, f"{PICTURES}.npy")
        (run.path / f"{PICTURES}.npy").unlink(missing_ok=True)
    kept = _Kept(
        list(decision.groups), dict(decision.not_judged), decision.left_out, decision.least, decision.n_classes
    )
    runs.save_json(run, FILE, asdict(kept))


def decision_of(opened: OpenedRun) -> Decision | None:
    """The decision of a run; None before there is one. Raises UserError when it is damaged."""
    if not opened.run.has(FILE):
        return None
    kept = opened.run.kept(FILE, _Kept)
    states, membership = np.array(opened.run.array(ARRAY, (2, len(opened.data))))
    return Decision(states, membership, tuple(kept.groups), kept.not_judged, kept.left_out, kept.least, kept.n_classes)


def sample_states(opened: OpenedRun) -> tuple[list[str], list[int]] | None:
    """For each sample its state in words and its group, 0 for none; None before there is a decision."""
    decision = decision_of(opened)
    if decision is None:
        return None
    return [STATES[state] for state in decision.states], decision.membership.tolist()


def headline(decision: Decision, names: tuple[str, ...]) -> str:
    """The verdict in one sentence, with what was not judged."""
    found = [group for group in decision.groups if group.state == decision.verdict]
    classes = list(dict.fromkeys(names[group.target_class] for group in found if group.target_class >= 0))
    size = int((decision.states == STATES.index(decision.verdict)).sum())
    said = SENTENCES[decision.verdict]
    if classes and sum(group.size for group in found) == size:
        said += f" in {', '.join(classes)}: {size:,} samples"
    elif decision.verdict in ("backdoor", "wrong label", "open"):  # open are also those of no group
        said += f": {size:,} samples"
    elif decision.verdict == "none":
        said += f" among {decision.n_classes:,} classes; groups below {decision.least} samples cannot be confirmed"
    if decision.not_judged:
        said += f". {len(decision.not_judged):,} of {decision.n_classes:,} classes could not be judged"
    return f"{said}."


def as_dict(decision: Decision, ids: Any) -> Mapping[str, Any]:
    """The decision for a program: verdict, groups and the ids of what is flagged; `ids` (n,) are the samples'."""
    flagged = np.isin(decision.states, [STATES.index("backdoor"), STATES.index("wrong label")])
    return {
        "verdict": decision.verdict,
        "groups": [
            {
                "id": group.id,
                "class": group.target_class if group.target_class >= 0 else None,
                "state": group.state,
                "size": group.size,
                "flip_rate": group.flip_rate,
                "interval": group.interval,
                "control": group.control,
                "p": group.p,
                "kept": group.kept,
                "turned": group.turned,
                "turned_control": group.turned_control,
                "kind": group.kind,
                "reason": group.reason,
            }
            for group in decision.groups
        ],
        "flagged": [int(sample) for sample in ids[flagged]],
        "open": int((decision.states == STATES.index("open")).sum()),
        "not_judged": {str(index): why for index, why in decision.not_judged.items()},
        "left_out": decision.left_out,
    }
