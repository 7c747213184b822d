"""What a map of many points says of each sample, in the form in which the browser fetches it."""

from typing import Any

import numpy as np

from core.runs import Run
from pages.ui.cache import cached, stamps
from pages.ui.cache.of_run import of_run

NO_CLASS = 2**16 - 1  # of a sample that was not predicted


@of_run(stamps.made, most=3)
def map_columns(run: Run) -> tuple[Any, Any, Any, Any]:
    """Of each sample: ids, rows, given and predicted classes (2, n), losses."""
    table = cached.suspicions(run)
    classes = [table[name].to_numpy(np.int64, na_value=NO_CLASS) for name in ("label", "predicted")]
    whole = (table[name].to_numpy(kind) for name, kind in (("id", np.int64), ("row", np.int64), ("loss", np.float32)))
    ids, rows, losses = map(np.array, whole)
    return ids, rows, np.array(classes, np.uint16), losses
