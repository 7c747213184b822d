"""What a result leaves open, in words that stand wherever the result does."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from core import runs
from core.analysis.opened_run import CLUSTERING, OpenedRun
from core.analysis.overview import listed
from core.analysis.rule_words import counted_title
from core.analysis.samples import review_table
from core.detectors import DETECTORS
from core.errors import UserError
from core.runs import Run
from core.types import ClassFinding

NOT_JUDGED = "nothing is known"  # what is said of classes that were not judged: never that there is no sign
NEARLY = 0.1  # a class that keeps less than this fraction of its samples is called nearly emptied


def undecided(table: pd.DataFrame) -> int:
    """How many flagged samples of a review table nobody decided on."""
    return int((table["flagged"] & (table["verdict"] == "")).sum())


def undecided_words(table: pd.DataFrame, by: str) -> str:
    """A sentence on the flagged samples that nobody decided on; "" where there is none.

    Args:
        table: see `core.analysis.samples.review_table`.
        by: whose flags are counted, in words; see `core.analysis.rule_words.counted_title`.
    """
    count, flagged = undecided(table), int(table["flagged"].sum())
    if not count:
        return ""
    return (
        f"{count:,} of {flagged:,} flagged samples are undecided (flagged by {by}); undecided samples stay in the data."
    )


def undecided_of(opened: OpenedRun) -> tuple[int | None, str]:
    """How many flagged samples of a run are undecided, and the sentence about them; None where that is not known."""
    try:
        table = review_table(opened)
    except UserError:  # a damaged detection keeps nobody from the clean set, but nothing is counted without it
        return None, "How many flagged samples are undecided is not known: a detection cannot be read."
    return undecided(table), undecided_words(table, counted_title(opened))


def judged_words(findings: Iterable[ClassFinding], n_classes: int, listed: str = "") -> str:
    """How many classes were judged and look poisoned; one that was not judged is never counted as clean.

    >>> judged_words([ClassFinding(), ClassFinding(False), ClassFinding(True)], 3)
    'Judged 2 of 3 classes: 1 looks poisoned; nothing is known of the other 1'
    """
    listing = list(findings)
    poisoned = sum(finding.poisoned is True for finding in listing)
    judged = sum(finding.poisoned is not None for finding in listing)
    if not judged:
        return f"Judged 0 of {n_classes:,} classes: {NOT_JUDGED} of any"
    words = f"Judged {judged:,} of {n_classes:,} classes: {poisoned:,} look{'s' * (poisoned == 1)} poisoned{listed}"
    return f"{words}; {NOT_JUDGED} of the other {n_classes - judged:,}" if judged < n_classes else words


def judged_of(opened: OpenedRun) -> str:
    """The same sentence of a run, by Activation Clustering: what a decision could not judge is said apart from it."""
    names, found = opened.data.class_names, opened.own_detections.get(CLUSTERING)
    if found is None:
        return f"Judged 0 of {len(names):,} classes: Activation Clustering has not run."
    words = judged_words(found.classes.values(), len(names), suspects_words(found.classes, names))
    return f"Activation Clustering {words[0].lower()}{words[1:]}."


def suspects_words(findings: Mapping[int, ClassFinding], names: Sequence[str]) -> str:
    """The names of the classes that look poisoned, the first few of them, after a colon; "" where none does."""
    suspects = [names[index] for index, finding in findings.items() if finding.poisoned]
    return f": {listed(suspects)}" if suspects else ""


def nothing_flagged(opened: OpenedRun, by: str = "") -> str:
    """What is said where those that are counted flag nothing: what the others flag, for that is no clean bill.

    Args:
        opened: the run.
        by: the detector that is counted; "" for the leading ones.
    """
    others = {DETECTORS[name].title: int(one.flagged.sum()) for name, one in opened.detections.items() if name != by}
    said = [f"{title} {count:,}" for title, count in others.items() if count]
    if not said:
        return "No detector flagged anything."
    return f"Nothing is flagged by {counted_title(opened, by)}. Others flag: {listed(said)}."


def fresh_head_words(run: Run) -> str:
    """A warning where a loaded model was never trained on these classes; "" for any other."""
    if run.model_stage != "load" or not runs.loaded(run).get("fresh_head"):
        return ""
    return (
        "This model's head is fresh and untrained: what it predicts, its losses, and all that rests on them mean "
        "nothing yet. Fine-tune it first."
    )


def bona_fide_words(rows: pd.DataFrame, names: Sequence[str]) -> str:
    """How many rows of a review table are bona fide, and of which classes; "" where none is."""
    counts = rows.loc[rows["bona_fide"], "label"].value_counts()
    listed = ", ".join(f"{names[index]} {count:,}" for index, count in counts.head(3).items())
    more = f" and {len(counts) - 3} more classes" if len(counts) > 3 else ""
    total = int(counts.sum())
    return f"{total:,} of them {'is' if total == 1 else 'are'} bona fide: {listed}{more}" if total else ""


def emptied_words(summary: pd.DataFrame) -> str:
    """A sentence on classes that lose all or nearly all their samples; "" where none does.

    Args:
        summary: per class, what verdicts change; see `core.journal.changes.summary`.
    """
    had, left = summary["samples"], summary["after"]
    hit = summary[(had > 0) & (left < had) & (left < NEARLY * had)]
    parts = [
        f"{name} keeps {after:,} of {before:,}" if after else f"{name} loses all {before:,}"
        for name, before, after in zip(hit["class"], hit["samples"], hit["after"], strict=True)
    ]
    return f"Classes emptied or nearly emptied: {'; '.join(parts)}." if parts else ""
