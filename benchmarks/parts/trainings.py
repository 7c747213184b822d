"""Trainings as runs of a workspace: each is done once, and read from then on."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core import pipeline, runs
from core.analysis.opened_run import opened
from core.attacks.specification import AttackSpec, Specification
from core.data import store
from core.data.store import DatasetInfo
from core.evaluation.measure import evaluate_model
from core.runs import Run
from core.stages.load import trained_model
from core.training.config import TrainConfig
from core.types import Changes, Dataset, Outcome


@contextmanager
def workspace_in(cache: Path | None) -> Iterator[Path]:
    """The workspace that is kept, or one that is gone afterwards."""
    if cache:
        yield cache
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)


def training(workspace: Path, dataset: Dataset, attacks: Sequence[AttackSpec], config: TrainConfig) -> Run:
    """A finished run on `dataset` with `attacks` planted, all at once; none leaves it clean.

    What the workspace holds of it already, the planted data or the run, is taken up where it stopped; fields that the
    configuration got since that run was made are taken to be at their defaults.
    """
    info = store.save(workspace, dataset, source="benchmark")
    if attacks:
        info = _planted(workspace, info, Specification(tuple(attacks), config.seed))
    found = (run for run in runs.all_runs(workspace) if run.dataset == info.id and not run.parent)
    found = (run for run in found if _plain(TrainConfig()) | dict(run.config) == _plain(config))
    return pipeline.work(next(found, None) or pipeline.new_run(workspace, info.id, config))


def training_without(run: Run, excluded: Sequence[int], name: str) -> Run:
    """A finished repair of `run`: the same training afresh, without the samples of these ids; `run` itself without any.

    A repair that the workspace holds already is taken up if it leaves out exactly these, whatever its name.
    """
    if not excluded:
        return run
    changes = Changes(frozenset(excluded))
    known = (child for child in runs.children(run) if child.how == "retrain" and runs.read_changes(child) == changes)
    info = store.describe(run.workspace, run.dataset)
    about: dict[str, Any] = {"name": name, "parent": run.id, "how": "retrain", "changes": changes}
    return pipeline.work(next(known, None) or runs.create(run.workspace, info, run.config, pipeline.CORE_PLAN, **about))


def tried(clean: Run, run: Run) -> Outcome:
    """The outcome of the model of `clean`, trained without poison, with the triggers of `run`."""
    dataset = opened(clean).data
    return evaluate_model(trained_model(clean, dataset), dataset, store.load_truth(run.workspace, run.dataset))[0]


def _planted(workspace: Path, clean: DatasetInfo, asked: Specification) -> DatasetInfo:
    """The data set with the attacks planted; some are optimised on the data for minutes, so it is read where it is."""
    same = (info for info in store.describe_all(workspace) if info.parent == clean.id)
    same = (info for info in same if info.specification == asked.as_dict())
    return next(same, None) or pipeline.attack(workspace, clean.id, asked)


def _plain(config: TrainConfig) -> dict[str, Any]:
    """The configuration as `run.json` holds it, where tuples are lists."""
    fields: dict[str, Any] = json.loads(json.dumps(asdict(config)))
    return fields
