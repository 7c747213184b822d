"""The line above every page of a run: the data, the run, and what would stay if a person stopped now."""

import streamlit as st

from core import runs
from core.analysis.advice import poisoned_left
from core.analysis.caveats import left_words
from core.analysis.opened_run import leading
from core.errors import UserError
from core.output.names import middle_cut
from core.runs import Run
from pages.ui.cache import cached, repaired
from pages.ui.cache.words import plain
from pages.ui.widgets import counted

LONGEST = 32  # letters of a data set's or a run's name: with three of them the line has room for what is left


def context(run: Run | None) -> None:
    """Data › run › what it repairs, and how many suspects nobody decided on; nothing before there is a run."""
    if run is None:
        return
    try:
        counted.say(run)
        words = [_where(run), _treated(run), _left(run)]
    except UserError:  # the page itself says what is wrong
        return
    with st.container(key="context"):
        st.caption(" · ".join(filter(None, words)))


def _where(run: Run) -> str:
    parts = [cached.info(run).name, run.name]
    if run.parent:
        parts.insert(1, runs.open_run(run.workspace, run.parent).name)
    return " › ".join(plain(middle_cut(part, LONGEST)) for part in parts)


def _treated(run: Run) -> str:
    """What a repair changed, for its maps no longer show it."""
    excluded, relabelled = repaired.treated(run) if run.parent else (0, 0)
    return ", ".join(
        f"{count:,} {words}" for count, words in ((excluded, "left out"), (relabelled, "relabelled")) if count
    )


def _left(run: Run) -> str:
    if not cached.detections(run):
        return ""
    counts = counted.tally(run)
    if words := left_words(counts):
        by = counted.counted(run) or next(iter(leading(cached.detections(run))))
        about = poisoned_left(cached.advice_on(run, by), cached.table(run))
        poisoned = f", about {about:,} poisoned or mislabelled" if about else ""
        left, *of_these = words.partition(" (")  # only the count is bold: all of it is one line at 1,280 pixels
        return f"If you stopped now: **{left}**{''.join(of_these)}{poisoned}"
    return f"all {counts.suspects:,} {counts.noun} decided" if counts.suspects else ""
