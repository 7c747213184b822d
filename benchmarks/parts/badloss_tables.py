"""The three tables of `badloss_cifar10`: the repairs, whose poison each removes, and the detectors."""

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.parts.cells import number, percent, table
from benchmarks.parts.repairs import WAYS, auroc_of, learned, poison_of
from core import runs
from core.data import store
from core.detectors import DETECTORS
from core.evaluation.metrics import precision, recall
from core.runs import Run
from core.types import Floats, GroundTruth

BARS = ["**bar**", "", "≤ 10 %", "≤ 12 %", "≥ 85 %", "≥ 0.980", "floor − 1.5 points", "≤ 5 %", "≤ 5 %", ""]
Figures = Sequence[Mapping[str, float]]


def repairs_table(trained: Sequence[Run], found: Mapping[str, Figures]) -> list[str]:
    """What each way removes and what it leaves of every backdoor."""
    names = _names(trained[0])
    head = ["repair", "removed", "of the data", "clean among them", "recall of learned poison", "AUROC"]
    head += [
        "clean accuracy",
        "mean ASR, learned",
        "without Narcissus",
        "at twice the strength",
        *(f"ASR: {name}" for name in names),
    ]
    left = ("accuracy", "success", "planted", "doubled", *(f"success: {name}" for name in names))
    rows = [
        [
            WAYS[way],
            number([one["removed"] for one in each], 0),
            *(percent([one[key] for one in each]) for key in ("removed_fraction", "clean", "recall")),
            number([one["auroc"] for one in each]),
            *(percent([one[key] for one in each]) for key in left),
        ]
        for way, each in found.items()
    ]
    return table(head, [*rows, BARS + [""] * len(names)])


def removed_table(trained: Sequence[Run], found: Mapping[str, Figures]) -> list[str]:
    """How much of each attack's poison each way removes, and what the consensus says of what is left and its model."""
    names = _names(trained[0])
    rows = [
        [
            WAYS[way],
            *(percent([one[f"recall: {name}"] for one in each]) for name in names),
            *(number([one[key] for one in each], 0) for key in ("left", "again", "again right")),
        ]
        for way, each in found.items()
        if any(one["removed"] for one in each)
    ]
    return table(["poison removed", *names, "poison left", "flagged in a second round", "of them poison"], rows)


def detectors_table(trained: Sequence[Run], detectors: Sequence[str]) -> list[str]:
    """AUROC of every detector, and of each sign of those that add up several, for each attack."""
    names = _names(trained[0])
    head = ["AUROC", *names, "all learned", "flagged", "clean among them", "recall of learned poison", "time, s"]
    rows = []
    for detector in detectors:
        answers = [runs.detections(run)[detector] for run in trained]
        title = DETECTORS[detector].title
        rows.append([title, *_aurocs(trained, [one.suspicion for one in answers]), *_flags(trained, detector)])
        for part in answers[0].scores:
            cells = _aurocs(trained, [one.scores[part] for one in answers])
            rows.append([f"– {title.lower()}: {part}", *cells, "", "", "", ""])
    return table(head, rows)


def _aurocs(trained: Sequence[Run], suspicions: Sequence[Floats]) -> list[str]:
    """For each attack, then for all learned ones together."""
    by_run = [
        [auroc_of(_truth(run), asked, values) for asked in (*([name] for name in _names(run)), learned(run))]
        for run, values in zip(trained, suspicions, strict=True)
    ]
    return [number(column) for column in zip(*by_run, strict=True)]


def _flags(trained: Sequence[Run], detector: str) -> list[str]:
    """What the detector flags by its own published rule: how much, how much of it is clean, the recall, the time."""
    pairs = [(_truth(run), runs.detections(run)[detector].flagged) for run in trained]
    poison = [poison_of(truth, learned(run)) for run, (truth, _) in zip(trained, pairs, strict=True)]
    return [
        percent([float(flagged.mean()) for _, flagged in pairs]),
        percent([1 - precision(flagged, np.asarray(truth.is_poison)) for truth, flagged in pairs]),
        percent([recall(flagged, mine) for mine, (_, flagged) in zip(poison, pairs, strict=True)]),
        number([runs.about_detection(run, detector)["seconds"] for run in trained], 0),
    ]


def _truth(run: Run) -> GroundTruth:
    """What was planted in the data of a run that a benchmark made."""
    truth = store.load_truth(run.workspace, run.dataset)
    assert truth is not None  # it was planted here
    return truth


def _names(run: Run) -> list[str]:
    """The planted attacks, in their order."""
    return [one.name for one in _truth(run).attacks]
