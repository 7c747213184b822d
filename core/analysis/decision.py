"""The decision of a run as it is kept with it, for pages, reports and exports; they read it without torch."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import checksums, runs
from core.analysis.opened_run import OpenedRun
from core.decision.states import CONFIRMED, NO_GROUP, OPEN, STATES, DecidedGroup, Decision, State
from core.errors import UserError
from core.modalities.recovery import OF_A_LIST
from core.runs import Run
from core.types import Bools

FILE = "decision.json"
ARRAY = "decision"
PICTURES = "decision-pictures"
# What is measured of a group.
MOST_NAMED = 6  # classes in a headline; the others are counted
FLIPS = "Trigger works on"
CONTROL = "Control"
KEPT = "Keep the label without it"
HOME = "Belong here by all else"
TURNED = "Unknown to a model that never saw them"
TURNED_CONTROL = "As hard samples"
DOUBTFUL = "In doubt for each member"
SOURCES = "Taken for so many classes"
SENTENCES = {
    "backdoor": "Backdoor confirmed",
    "wrong label": "Wrong labels, no backdoor confirmed",
    "open": "Suspicious, no backdoor confirmed",
    "not judged": "Nothing was confirmed in the classes that were judged",
    "none": "No sign of a backdoor",
}


# The last words of a group's kind → what its picture shows, where that is no pattern that members share.
PICTURED = {
    "a warp": "a grid, warped by it",
    "a filter": "a grid, filtered by it",
    "an overlay": "what it adds, amplified",
    "a change of colours": "above as it was, below changed by it",
    "a change of light": "mid-grey, lit by it",
}


@dataclass(frozen=True)
class _Kept:
    """What lies beside the array of a decision."""

    groups: list[DecidedGroup] = field(default_factory=list)
    not_judged: dict[int, str] = field(default_factory=dict)
    left_out: str = ""
    least: int = 0
    n_classes: int = 0
    doubted: list[int] = field(default_factory=list)  # rows


def save_decision(run: Run, decision: Decision, pictures: NDArray[np.uint8] | None) -> None:
    """Write a decision; `pictures` (`Modality.kept`) show the recovered triggers, blank where there is none."""
    runs.save_array(run, ARRAY, np.stack([decision.states, decision.membership]).astype(np.int64))
    if pictures is not None and len(pictures):
        runs.save_array(run, PICTURES, pictures)
    else:  # those of an earlier decision would be shown beside groups that they do not belong to
        checksums.forget(run.path, f"{PICTURES}.npy")
        (run.path / f"{PICTURES}.npy").unlink(missing_ok=True)
    kept = _Kept(
        list(decision.groups),
        dict(decision.not_judged),
        decision.left_out,
        decision.least,
        decision.n_classes,
        np.flatnonzero(decision.doubted).tolist(),
    )
    runs.save_json(run, FILE, asdict(kept))


def decision_of(opened: OpenedRun) -> Decision | None:
    """The decision of a run; None before there is one. Raises UserError when it is damaged."""
    if not opened.run.has(FILE):
        return None
    kept, n_classes = opened.run.kept(FILE, _Kept), len(opened.data.class_names)
    sources = [group.source_class for group in kept.groups if group.source_class is not None]
    if any(not -1 <= index < n_classes for index in (*_classes(kept.groups), *sources, *kept.not_judged)):
        raise opened.run.damaged(FILE, "it names classes that the data set does not have")
    if [group.id for group in kept.groups] != list(range(1, len(kept.groups) + 1)):
        raise opened.run.damaged(FILE, "its groups are not counted from 1")
    states, membership = np.array(opened.run.array(ARRAY, (2, len(opened.data))))
    for values, most in ((states, len(STATES) - 1), (membership, len(kept.groups))):
        if values.min(initial=0) < 0 or values.max(initial=0) > most:
            raise opened.run.damaged(f"{ARRAY}.npy", "it names states or groups that there are not")
    if any(not 0 <= row < len(opened.data) for row in kept.doubted):
        raise opened.run.damaged(FILE, "it doubts samples that there are not")
    doubted = np.isin(np.arange(len(opened.data)), kept.doubted)
    return Decision(
        states, membership, tuple(kept.groups), kept.not_judged, kept.left_out, kept.least, kept.n_classes, doubted
    )


def confirmed(opened: OpenedRun) -> Bools:
    """(n,) True for members of confirmed backdoors and for wrong labels; nowhere before there is a decision."""
    decision = decision_of(opened)
    if decision is None:
        return np.zeros(len(opened.data), np.bool_)
    return np.isin(decision.states, CONFIRMED)


def sample_states(opened: OpenedRun) -> tuple[list[str], list[int]] | None:
    """For each sample its state in words and its group, 0 for none; None before there is a decision."""
    decision = decision_of(opened)
    if decision is None:
        return None
    return [STATES[state] for state in decision.states], decision.membership.tolist()


def find_group(opened: OpenedRun, number: int) -> DecidedGroup:
    """The group of that id in the decision. Raises UserError when there is none."""
    decision = decision_of(opened)
    by_id = {group.id: group for group in (decision.groups if decision else ())}
    if number not in by_id:
        raise UserError(
            f"There is no group {number}.",
            f"Known: {', '.join(map(str, by_id)) or 'none'}.",
            "Choose one of these." if by_id else f"Decide first: decide {opened.run.id}.",
        )
    return by_id[number]


def _some(classes: Sequence[str]) -> str:
    """Some names of classes; of many, the others are counted."""
    shown = ", ".join(classes[:MOST_NAMED])
    return f"{shown} and {len(classes) - MOST_NAMED:,} more classes" if len(classes) > MOST_NAMED else shown


def headline(decision: Decision, names: tuple[str, ...], *, flagged: bool = False, limits: bool = True) -> str:
    """The verdict in one sentence or two, with what was not judged.

    Args:
        decision: what was decided.
        names: of the classes.
        flagged: whether anything is flagged now: never "no sign" beside flags.
        limits: whether it says what could not be found; else that stands beside it.
    """
    verdict, judged = decision.verdict, decision.n_classes - len(decision.not_judged)
    said = "No backdoor confirmed" if verdict == "none" and flagged else SENTENCES[verdict]
    classes = list(dict.fromkeys(names[index] for index in _classes(_of_state(decision, verdict)) if index >= 0))
    if verdict == "not judged" and not judged:
        return "Nothing could be judged. That is no clean bill."
    classes = [] if verdict == "open" and open_alone(decision) else classes  # they are of any class
    if verdict in ("backdoor", "wrong label", "open"):
        said += f" in {_some(classes)}" * bool(classes) + f": {samples_words(size_of(decision, verdict))}"
        if verdict == "backdoor" and (wrong := size_of(decision, "wrong label")):
            said += f". Wrong labels: {samples_words(wrong)}"
    elif verdict == "none":
        said += f" among {judged:,} classes"
        said += f"; groups below {decision.least} samples cannot be confirmed" * limits
        said += f". Left out: {decision.left_out}" * (limits and bool(decision.left_out))
    if decision.not_judged:
        said += f". {len(decision.not_judged):,} of {decision.n_classes:,} classes could not be judged"
    return f"{said}."


def decided_words(opened: OpenedRun, *, limits: bool = True, names: tuple[str, ...] = ()) -> str:
    """The headline of a run's decision; "" before there is one.

    Args:
        opened: the run.
        limits: see `headline`.
        names: of the classes, as they are to be read; their own by default.
    """
    decision = decision_of(opened)
    if decision is None:
        return ""
    flagged = decision.verdict == "none" and bool(opened.flagged.any())
    return headline(decision, names or opened.data.class_names, flagged=flagged, limits=limits)


def size_of(decision: Decision, state: State) -> int:
    """How many samples have a state."""
    return int((decision.states == STATES.index(state)).sum())


def alone(decision: Decision) -> Bools:
    """Which samples are open in no group: they are suspected, and no test confirms or clears them."""
    rows: Bools = (decision.states == OPEN) & (decision.membership == NO_GROUP)
    return rows


def open_alone(decision: Decision) -> int:
    """How many samples are open in no group."""
    return int(alone(decision).sum())


def open_alone_words(decision: Decision) -> str:
    """A sentence on what is open in no group; "" where nothing is."""
    count = open_alone(decision)
    are = "is" if count == 1 else "are"
    return f"{samples_words(count)} {are} suspected, in no group, and no test confirms it." if count else ""


def doubted_words(decision: Decision) -> str:
    """A sentence on bona fide samples that a confirmed backdoor speaks against; "" where there are none."""
    count = int(decision.doubted.sum())
    are, them, none = ("is", "it", "is not one") if count == 1 else ("are", "them", "are none")
    return (
        f"{count:,} bona fide sample{'s' * (count != 1)} {are} like the members of a confirmed backdoor, but {none} "
        f"of these: look at {them} before you trust {them}."
        if count
        else ""
    )


def group_title(group: DecidedGroup, names: tuple[str, ...]) -> str:
    """A group in a few words; its class, or that it is of several.

    >>> group_title(DecidedGroup(2, -1, "wrong label", "label errors", 31, ""), ("cat", "dog"))
    'Group 2: several classes'
    """
    return f"Group {group.id}: {names[group.target_class] if group.target_class >= 0 else 'several classes'}"


def group_figures(group: DecidedGroup) -> dict[str, str]:
    """What was measured of a group → the figure in words; empty where nothing was put to a test."""
    found = {}
    if group.flip_rate is not None:
        low, high = group.interval or (group.flip_rate, group.flip_rate)
        found[FLIPS] = f"{group.flip_rate:.0%} ({low:.0%}–{high:.0%})"
    if group.control is not None:
        found[CONTROL] = f"{group.control:.0%}"
    if group.kept is not None:
        found[KEPT] = f"{group.kept:.0%}"
    if group.home is not None:
        found[HOME] = f"{group.home:.0%}"
    if group.turned is not None:
        found[TURNED] = f"{group.turned:.0%}"
    if group.turned_control is not None:
        found[TURNED_CONTROL] = f"{group.turned_control:.0%}"
    if group.doubtful is not None:
        found[DOUBTFUL] = f"{group.doubtful:.2f}"
    if group.sources is not None:
        found[SOURCES] = f"{group.sources:.1f}"
    return found


def has_picture(run: Run, group: DecidedGroup) -> bool:
    """Whether a trigger was recovered from the group, to be shown."""
    return group.flip_rate is not None and run.has(f"{PICTURES}.npy")


def picture_words(group: DecidedGroup) -> str:
    """What the picture of a group's trigger shows, in a few words; "" where it is a pattern that its members share.

    >>> picture_words(DecidedGroup(1, 0, "backdoor", "recovered trigger, a warp", 31, ""))
    'a grid, warped by it'
    >>> picture_words(DecidedGroup(1, 0, "backdoor", "recovered trigger, a half turn (known manipulation)", 31, ""))
    'a half turn, on a test card'
    """
    change = group.kind.rpartition(", ")[2]
    listed = change.removesuffix(OF_A_LIST)
    return f"{listed}, on a test card" if listed != change else PICTURED.get(change, "")


def samples_words(count: int) -> str:
    """A number of samples.

    >>> samples_words(1), samples_words(1200)
    ('1 sample', '1,200 samples')
    """
    return f"{count:,} sample{'s' * (count != 1)}"


def _of_state(decision: Decision, state: State) -> list[DecidedGroup]:
    return [group for group in decision.groups if group.state == state]


def _classes(groups: Sequence[DecidedGroup]) -> list[int]:
    return [group.target_class for group in groups]


def as_dict(decision: Decision, ids: Any) -> Mapping[str, Any]:
    """The decision for a program: verdict, groups and the ids of what is flagged; `ids` (n,) are the samples'."""
    flagged = np.isin(decision.states, CONFIRMED)
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
                "home": group.home,
                "turned": group.turned,
                "turned_control": group.turned_control,
                "doubtful": group.doubtful,
                "sources": group.sources,
                "source": group.source_class,
                "kind": group.kind,
                "reason": group.reason,
            }
            for group in decision.groups
        ],
        "flagged": [int(sample) for sample in ids[flagged]],
        "open": int((decision.states == STATES.index("open")).sum()),
        "doubted_bona_fide": [int(sample) for sample in ids[decision.doubted]] if decision.doubted.any() else [],
        "not_judged": {str(index): why for index, why in decision.not_judged.items()},
        "left_out": decision.left_out,
    }
