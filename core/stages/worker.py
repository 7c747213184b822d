"""A worker goes through the stages that are left of a run's plan."""

import time
from collections.abc import Callable, Collection

from core import runs
from core.analysis.opened_run import OpenedRun, opened
from core.errors import UserError
from core.runs import Run, jobs
from core.runs.jobs import Progress
from core.runs.plan import FAMILIES, parse_stage
from core.stages.activations import activations_stage
from core.stages.decide import decide_stage
from core.stages.detect import detect_stage
from core.stages.evaluate import evaluate_stage
from core.stages.families import families_stage
from core.stages.load import load_stage
from core.stages.maps import maps_stage
from core.stages.progress import SECONDS_BETWEEN_UPDATES, Reporter
from core.stages.reclassify import reclassify_stage
from core.stages.train import train_stage

STAGES: dict[str, Callable[[OpenedRun, str, Reporter], None]] = {
    "load": load_stage,
    "train": train_stage,
    "activations": activations_stage,
    "detect": detect_stage,
    FAMILIES.kind: families_stage,
    "reclassify": reclassify_stage,
    "decide": decide_stage,
    "evaluate": evaluate_stage,
    "maps": maps_stage,
}
# What may be refused while the rest of the plan goes on: nothing else rests on it.
REFUSED = ("detect", "decide")


def work(
    run: Run,
    listen: Callable[[Progress], None],
    only: Collection[str] | None,
    pause: float = SECONDS_BETWEEN_UPDATES,
) -> Run:
    """Go through what is left of the run's plan, or of it only some stages, under the run's lock.

    What is added to the plan meanwhile is done too. What is added in the last moment is done by a second round: whoever
    added it saw this worker at work and started none. Progress is told at most once in `pause` seconds.

    Raises:
        UserError: a detector or the decision was refused. What else was to be done is done, and the run is as finished
            as without it.
    """
    refused: list[UserError] = []
    left = True
    while left:
        with jobs.working_on(run.path, refused):
            run = _go_through(run, Reporter(run, [], listen, pause), only, refused)
        left = bool(_left(run, only))
    if refused:
        raise refused[0]
    return run


def _left(run: Run, only: Collection[str] | None) -> list[str]:
    return [stage for stage in runs.current(run).left if only is None or stage in only]


def _go_through(run: Run, reporter: Reporter, only: Collection[str] | None, refused: list[UserError]) -> Run:
    while left := _left(run, only):
        stage = left[0]
        reporter.begin(stage, left)
        started = time.monotonic()
        planned = parse_stage(stage)
        try:
            # A page may have given the stage other settings since the run was opened.
            STAGES[planned.kind](opened(runs.current(run)), planned.argument, reporter)
        except Exception as error:
            if planned.kind not in REFUSED:
                raise
            runs.give_up(run, stage)  # others may be able to do what this one cannot
            if not isinstance(error, UserError):
                raise
            refused.append(error)
            continue
        run = runs.finish_stage(run, stage, time.monotonic() - started)
    return runs.current(run)
