"""What is said, kept: the decision where room is short, groups in words, and the words that speak for a class."""

import numpy as np

from core.analysis import families, samples
from core.analysis.decision import decided_words
from core.analysis.opened_run import opened
from core.evaluation import trials
from core.modalities.saying import Part, Summary
from core.output.names import middle_cut
from core.runs import Run
from pages.ui.cache import stamps
from pages.ui.cache.of_run import of_run

SHORT = 12  # letters of a class's name: with three of them the sentence fits where a window has 1,000 pixels


@of_run(stamps.made, most=12)
def decided_briefly(run: Run, most: int = SHORT) -> str:
    """The verdict of the decision, long names of classes without their middle; "" before there is one."""
    names = tuple(middle_cut(name, most) for name in opened(run).data.class_names)
    return decided_words(opened(run), names=names)


@of_run(stamps.made, most=64, spinner="Reading …")
def summary(run: Run, places: tuple[int, ...]) -> Summary | None:
    """What the samples at these places of the run have that the rest of their classes lack; None for pictures."""
    return families.in_words(opened(run), np.array(places, np.int64))


@of_run(stamps.made, most=256)
def parts(run: Run, places: tuple[int, ...]) -> list[tuple[Part, ...]]:
    """Some samples in parts, what speaks for a class marked."""
    return samples.parts(opened(run), np.array(places, np.int64))


@of_run(stamps.made, most=64)
def triggered(run: Run, tried: trials.Tried, rows: tuple[int, ...]) -> list[tuple[Part, ...]]:
    """Some test samples with a trigger, its words marked; nothing to read where they are pictures."""
    return [trials.difference(run.workspace, run.dataset, tried, 1, row)[0].parts for row in rows]
