"""Detectors compared, and labels with predictions; kept until a detector runs again or another rule is chosen."""

import pandas as pd

from core.analysis import comparison, samples
from core.analysis.comparison import Border, Overlap
from core.analysis.opened_run import opened
from core.output import detector_figures
from core.runs import Run
from core.types import Bools
from pages.ui.cache import cached, stamps
from pages.ui.cache.of_run import of_run

SIDES = 12  # samples on either side of the border


@of_run(stamps.made, most=6)
def overlap(run: Run) -> Overlap:
    """How far the flags of all detectors that ran agree."""
    return comparison.overlap(cached.detections(run))


@of_run(stamps.made, most=6)
def runnable(run: Run) -> dict[str, float]:
    """The detectors that could run and did not, with about how many seconds each takes."""
    return comparison.runnable(opened(run))


@of_run(stamps.made, most=6)
def confused(run: Run, by: str) -> pd.DataFrame:
    """How the given classes are predicted; see `core.analysis.samples.confused`."""
    return samples.confused(cached.suspicions(run), by)


@of_run(stamps.made, most=24)
def border(run: Run, name: str) -> Border:
    """The samples just above and just below the border of what a detector flags."""
    return comparison.border(cached.detections(run)[name], cached.opened(run).bona_fide, SIDES)


@of_run(stamps.made, most=24)
def bars(run: Run, name: str) -> tuple[list[float], list[tuple[float, str]], dict[str, list[int]]]:
    """How the suspicion of a detector is spread: edges, ticks, and the counts of each group."""
    detection, trusted = cached.detections(run)[name], cached.opened(run).bona_fide
    groups: dict[str, Bools] = {
        "not flagged": ~detection.flagged & ~trusted,
        "flagged": detection.flagged & ~trusted,
        "bona fide": trusted,
    }
    return detector_figures.suspicion_bars(
        detection.suspicion, {name: rows for name, rows in groups.items() if rows.any()}
    )
