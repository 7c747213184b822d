"""Run directories: the only channel between a worker and the screen.

`run.json` says what the run is and which stages are done; everything else in the directory can be made again. Files are
written under a temporary name and renamed, and a stage counts only once `run.json` says so.
"""

from core.runs.artifacts import (
    about_detection,
    detections,
    history,
    layers,
    loaded,
    outcome,
    rules,
    save_array,
    save_detection,
    save_rule,
    trials,
)
from core.runs.directory import (
    all_runs,
    children,
    create,
    damaged_runs,
    first_of,
    from_scratch,
    open_run,
    read_changes,
    revision_of,
)
from core.runs.run import Run, change, current, finish_stage, give_up, update

__all__ = [
    "Run",
    "about_detection",
    "all_runs",
    "change",
    "children",
    "create",
    "current",
    "damaged_runs",
    "detections",
    "finish_stage",
    "first_of",
    "from_scratch",
    "give_up",
    "history",
    "layers",
    "loaded",
    "open_run",
    "outcome",
    "read_changes",
    "revision_of",
    "rules",
    "save_array",
    "save_detection",
    "save_rule",
    "trials",
    "update",
]
