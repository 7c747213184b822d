"""Runs: what is going to be done, and doing it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from core import families, jobs, review, runs
from core.config import TrainConfig, completed
from core.datasets import store
from core.datasets.store import DatasetInfo
from core.detectors import DETECTORS
from core.errors import UserError
from core.jobs import Progress
from core.runs import Run

PLANNED_DETECTORS = ("activation_clustering", "badloss", "consensus")
CORE_PLAN = ("train", "activations", "evaluate")
FULL_MAPS = ("maps:pca", "maps:ica", "maps:umap")


def new_run(
    workspace: Path,
    dataset_id: str,
    config: TrainConfig,
    *,
    plan: Sequence[str] = CORE_PLAN,
    detector_settings: Mapping[str, Mapping[str, Any]] | None = None,
    name: str | None = None,
) -> Run:
    """A run that is ready to be worked on, here (`work`) or by a worker (`jobs.start`)."""
    info = store.describe(workspace, dataset_id)
    return runs.create(workspace, info, asdict(completed(config)), plan, name=name, detector_settings=detector_settings)


def full_plan(dataset: DatasetInfo, workspace: Path | None = None) -> tuple[str, ...]:
    """Everything the pages show: what is flagged comes first, the slowest maps last.

    Args:
        dataset: to train on.
        workspace: that it lies in; given, the bona fide samples that people named there count, too.
    """
    trusted = dataset.n_bona_fide or (workspace and any(review.guarantees(workspace, dataset.id).values()))
    usable = [name for name in PLANNED_DETECTORS if trusted or "bona_fide" not in DETECTORS[name].needs]
    return ("train", "activations", *(f"detect:{name}" for name in usable), families.STAGE, "evaluate", *FULL_MAPS)


def work(
    run: Run, listen: Callable[[Progress], None] = lambda progress: None, only: Collection[str] | None = None
) -> Run:
    """Go through what is left of the run's plan, in this process; of it only these stages, where some are named."""
    from core import stages  # torch, which pages never need

    return stages.work(run, listen, only)


def extend(run: Run, stages: Sequence[str]) -> Run:
    """The run with further stages in its plan; those already there are not repeated."""
    return runs.change(run, lambda now: _extended(now, stages))


def repeat(run: Run, stages: Sequence[str]) -> Run:
    """The run with some stages to be done, once more where they are done; what they gave before stays until then."""
    return runs.change(
        run, lambda now: replace(_extended(now, stages), again=tuple({*now.again, *(set(stages) & set(now.stages))}))
    )


def measure_again(run: Run) -> Run:
    """The run with its outcome to be measured once more, for those of before every answer was recorded.

    Raises:
        UserError: the run is being worked on.
    """
    refuse_while_active(run)
    stages = {stage: seconds for stage, seconds in run.stages.items() if stage != "evaluate"}  # pages wait for it then
    return extend(runs.update(run, stages=stages), ("evaluate",))


def use_layer(run: Run, layer: str | None) -> Run:
    """The run with all that follows from its activations to be made again, from the input of another layer.

    Raises:
        UserError: the run is being worked on or not trained yet, or its model has no such layer.
    """
    refuse_while_active(run)
    names = [found["name"] for found in runs.layers(run)]
    if layer is not None and layer not in names:
        raise UserError(f"The model has no layer {layer!r}.", f"It has: {', '.join(names) or 'none known yet'}.")
    kept = {stage: seconds for stage, seconds in run.stages.items() if stage in ("load", "train", "evaluate")}
    return runs.update(run, layer=layer, stages=kept, again=())


def refuse_while_active(run: Run) -> None:
    """Raise UserError while a worker is on the run: its plan must not change under it."""
    if jobs.poll(run.path).active:
        raise UserError(f"{run.name} is being worked on.", "", "Wait for it to finish, or cancel it.")


def _extended(run: Run, stages: Sequence[str]) -> Run:
    return replace(run, plan=(*run.plan, *(stage for stage in stages if stage not in run.plan)))
