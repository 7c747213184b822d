"""What a result leaves open, in words that stand wherever the result does."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core import runs
from core.analysis.decision import confirmed
from core.analysis.opened_run import CLUSTERING, OpenedRun
from core.analysis.overview import listed
from core.analysis.rule_words import counted_title
from core.analysis.samples import review_table, suspected
from core.detectors import DETECTORS
from core.errors import UserError
from core.runs import Run
from core.types import ClassFinding

NOT_JUDGED = "nothing is known"  # what is said of classes that were not judged: never that there is no sign
NEARLY = 0.1  # a class that keeps less than this fraction of its samples is called nearly emptied


@dataclass(frozen=True)
class Tally:
    """The suspects: what the decision confirmed, and what is flagged beyond it.

    Attributes:
        confirmed: samples that the decision confirmed, flagged or not; 0 before there is one.
        beyond: samples that are flagged and not confirmed.
        left_confirmed: of the confirmed, those that nobody decided on.
        left_beyond: of the others, those that nobody decided on.
    """

    confirmed: int
    beyond: int
    left_confirmed: int
    left_beyond: int

    @property
    def suspects(self) -> int:
        """All of them."""
        return self.confirmed + self.beyond

    @property
    def undecided(self) -> int:
        """Those that nobody decided on."""
        return self.left_confirmed + self.left_beyond

    @property
    def noun(self) -> str:
        """What they are called: flagged, as long as nothing is confirmed."""
        return "suspects" if self.confirmed else "flagged"


def tally(table: pd.DataFrame, by: str = "") -> Tally:
    """How many suspects a review table has, and how many of them are undecided; see `core.analysis.samples.suspected`.

    Args:
        table: see `core.analysis.samples.review_table`.
        by: the detector that is counted; "" for what the column `flagged` says.
    """
    confirmed, left = table["confirmed"].to_numpy(bool), (table["verdict"] == "").to_numpy()
    beyond = suspected(table, by) & ~confirmed
    counts = (confirmed, beyond, confirmed & left, beyond & left)
    return Tally(*(int(np.count_nonzero(count)) for count in counts))


def split_words(confirmed: int, beyond: int, by: str = "") -> str:
    """What makes up a number of suspects; "" where none is confirmed.

    >>> split_words(810, 67, "STRIP"), split_words(3, 0), split_words(0, 12)
    ('810 confirmed, 67 more flagged by STRIP', '3 confirmed, none beyond them flagged', '')
    """
    if not confirmed:
        return ""
    who = f" by {by}" if by else ""
    more = f"{beyond:,} more flagged{who}" if beyond else f"none beyond them flagged{who}"
    return f"{confirmed:,} confirmed, {more}"


def left_words(counts: Tally) -> str:
    """How many suspects would remain undecided if a person stopped now, in few words; "" where there are none.

    >>> left_words(Tally(810, 67, 800, 67)), left_words(Tally(0, 12, 0, 2))
    ('867 of 877 suspects left (800 confirmed, 67 more flagged)', '2 of 12 flagged remain undecided')
    """
    if not counts.undecided:
        return ""
    if not counts.confirmed:
        return f"{counts.undecided:,} of {counts.suspects:,} flagged remain undecided"
    of = f" of {counts.suspects:,}" if counts.undecided < counts.suspects else ""
    parts = (
        f"{counts.left_confirmed:,} confirmed" * bool(counts.left_confirmed),
        f"{counts.left_beyond:,} more flagged" * bool(counts.left_beyond),
    )
    return f"{counts.undecided:,}{of} suspects left ({', '.join(filter(None, parts))})"


def undecided_words(counts: Tally, by: str) -> str:
    """A sentence on the suspects that nobody decided on; "" where there is none.

    Args:
        counts: of the run.
        by: whose flags are counted, in words; see `core.analysis.rule_words.counted_title`.
    """
    if not counts.undecided:
        return ""
    made_of = split_words(counts.left_confirmed, counts.left_beyond, by) or f"flagged by {by}"
    what = "suspects" if counts.confirmed else "flagged samples"
    return (
        f"{counts.undecided:,} of {counts.suspects:,} {what} are undecided ({made_of}); "
        "undecided samples stay in the data."
    )


def since_words(count: int) -> str:
    """A sentence on the samples that people decided otherwise since the repair; "" where there is none.

    >>> since_words(1), since_words(0)
    ('1 sample was decided otherwise since the repair.', '')
    """
    were = "sample was" if count == 1 else "samples were"
    return f"{count:,} {were} decided otherwise since the repair." if count else ""


def undecided_of(opened: OpenedRun) -> tuple[int | None, str]:
    """How many suspects of a run are undecided, and the sentence about them; None where that is not known."""
    try:
        counts = tally(review_table(opened))
    except UserError:  # a damaged detection keeps nobody from the clean set, but nothing is counted without it
        return None, "How many flagged samples are undecided is not known: a detection cannot be read."
    return counts.undecided, undecided_words(counts, counted_title(opened))


def beyond_words(opened: OpenedRun, by: str = "") -> str:
    """A sentence on how the flags that are counted and the decision differ; "" where nothing is confirmed.

    Args:
        opened: the run.
        by: the detector that is counted; "" for the leading ones.
    """
    sure = confirmed(opened)
    if not sure.any() or not opened.detections:
        return ""
    flags = opened.detections[by].flagged if by else opened.flagged
    beyond, missed = int((flags & ~sure).sum()), int((sure & ~flags).sum())
    parts = (
        f"{beyond:,} of the flagged are not confirmed" * bool(beyond),
        f"{missed:,} of the confirmed are not flagged" * bool(missed),
    )
    return f"{' and '.join(filter(None, parts)) or 'They are the confirmed ones'}."


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


def judged_of(opened: OpenedRun, names: Sequence[str] = ()) -> str:
    """The same sentence of a run, by Activation Clustering: what a decision could not judge is said apart from it.

    Args:
        opened: the run.
        names: of its classes, where others than its own are to be said.
    """
    names, found = names or opened.data.class_names, opened.own_detections.get(CLUSTERING)
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
    if not opened.detections:
        return "No detector has been run on this model, so nothing is flagged: run one on Detect."
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


def bona_fide_words(rows: pd.DataFrame, names: Sequence[str] | None) -> str:
    """How many rows of a review table are bona fide, and of which classes, if these have names; "" where none is."""
    counts = rows.loc[rows["bona_fide"], "label"].value_counts()
    total = int(counts.sum())
    if not total:
        return ""
    said = f"{total:,} of them {'is' if total == 1 else 'are'} bona fide"
    if names is None:
        return said
    listed = ", ".join(f"{names[index]} {count:,}" for index, count in counts.head(3).items())
    more = f" and {len(counts) - 3} more classes" if len(counts) > 3 else ""
    return f"{said}: {listed}{more}"


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
