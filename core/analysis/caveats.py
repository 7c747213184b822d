"""What a result leaves open, in words that stand wherever the result does."""

from collections.abc import Iterable

import pandas as pd

from core.analysis.opened_run import OpenedRun
from core.analysis.samples import review_table
from core.errors import UserError
from core.types import ClassFinding

NEARLY = 0.1  # a class that keeps less than this fraction of its samples is called nearly emptied


def undecided(table: pd.DataFrame) -> int:
    """How many flagged samples of a review table nobody decided on."""
    return int((table["flagged"] & (table["verdict"] == "")).sum())


def undecided_words(table: pd.DataFrame) -> str:
    """A sentence on the flagged samples that nobody decided on; "" where there is none."""
    count, flagged = undecided(table), int(table["flagged"].sum())
    if not count:
        return ""
    return f"{count:,} of {flagged:,} flagged samples are undecided; undecided samples stay in the data."


def undecided_of(opened: OpenedRun) -> tuple[int | None, str]:
    """How many flagged samples of a run are undecided, and the sentence about them; None where that is not known."""
    try:
        table = review_table(opened)
    except UserError:  # a damaged detection keeps nobody from the clean set, but nothing is counted without it
        return None, "How many flagged samples are undecided is not known: a detection cannot be read."
    return undecided(table), undecided_words(table)


def judged_words(findings: Iterable[ClassFinding], n_classes: int, listed: str = "") -> str:
    """How many classes look poisoned, with how many could not be judged, which is never the same as clean.

    >>> judged_words([ClassFinding(), ClassFinding(False), ClassFinding(True)], 3)
    '1 of 3 classes look poisoned; 1 was not judged'
    """
    listing = list(findings)
    poisoned = sum(finding.poisoned is True for finding in listing)
    unjudged = n_classes - sum(finding.poisoned is not None for finding in listing)
    words = f"{poisoned:,} of {n_classes:,} classes look poisoned{listed}"
    return f"{words}; {unjudged:,} {'was' if unjudged == 1 else 'were'} not judged" if unjudged else words


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
