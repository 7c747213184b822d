"""Samples that were drawn to be looked at, kept until anything is decided or said of one of them."""

import pandas as pd

from core.analysis.queue import candidates
from core.journal import review
from core.runs import Run
from pages.ui.cache import cached, stamps
from pages.ui.cache.of_run import of_run

AT_ONCE = 25  # candidates shown together: as many as one looks at in a minute


@of_run(stamps.with_verdicts, most=6)
def candidate_rows(run: Run) -> pd.DataFrame:
    """The rows of the review table of the samples that might be bona fide; see `core.analysis.queue.candidates`."""
    spoken_of = review.guarantees(run.workspace, run.dataset)
    table = cached.table(run)
    ids = candidates(table, spoken_of, count=AT_ONCE, seed=len(spoken_of))
    places = pd.Index(table["id"]).get_indexer(ids)
    return table.iloc[places]
