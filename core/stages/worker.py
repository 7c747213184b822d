"""A worker goes through the stages that are left of a run's plan."""

import time
import traceback
from collections.abc import Callable, Collection, Mapping

from core import runs
from core.analysis.opened_run import OpenedRun, opened
from core.analysis.overview import listed
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
from core.stages.progress import SECONDS_BETWEEN_UPDATES, Reporter, title_of
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
# What may fail while the rest of the plan goes on: it stays in the plan, so that it can be resumed.
LEFT_OVER = ("maps",)


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
            as without it. Or maps could not be drawn: what else was to be done is done, and they are left to do.
    """
    refused: list[UserError] = []
    left = True
    while left:
        with jobs.working_on(run.path, refused):
            failed: dict[str, Exception] = {}
            run = _go_through(run, Reporter(run, [], listen, pause), only, refused, failed)
            if failed:
                raise _left_over(failed)
        left = bool(_left(run, only))
    if refused:
        raise refused[0]
    return run


def _left(run: Run, only: Collection[str] | None) -> list[str]:
    return [stage for stage in runs.current(run).left if only is None or stage in only]


def _left_over(failed: Mapping[str, Exception]) -> UserError:
    """What is said of stages that failed while all others were done."""
    titles = [title_of(stage) for stage in failed]
    first = next(iter(failed.values()))
    why = str(first) if isinstance(first, UserError) else f"{type(first).__name__}: {first}"
    title = f"{listed(titles)} failed; all else that was to be done is done."
    return UserError(title, why, "Resume the run to try again, or go on without.")


def _go_through(
    run: Run,
    reporter: Reporter,
    only: Collection[str] | None,
    refused: list[UserError],
    failed: dict[str, Exception],
) -> Run:
    while left := [stage for stage in _left(run, only) if stage not in failed]:
        stage = left[0]
        reporter.begin(stage, left)
        started = time.monotonic()
        planned = parse_stage(stage)
        try:
            # A page may have given the stage other settings since the run was opened.
            STAGES[planned.kind](opened(runs.current(run)), planned.argument, reporter)
        except Exception as error:
            if planned.kind in LEFT_OVER:
                failed[stage] = error
                if not isinstance(error, UserError):
                    traceback.print_exc()  # into the worker's log
                continue
            if planned.kind not in REFUSED:
                raise
            runs.give_up(run, stage)  # others may be able to do what this one cannot
            if not isinstance(error, UserError):
                raise
            refused.append(error)
            continue
        run = runs.finish_stage(run, stage, time.monotonic() - started)
    return runs.current(run)
