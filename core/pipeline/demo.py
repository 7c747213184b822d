"""The built-in demo, and what a server does when it starts."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import runs
from core.analysis.opened_run import leading, opened
from core.attacks.plant import plant
from core.attacks.presets import preset
from core.attacks.specification import Specification
from core.data import store
from core.data.store.demo import demo as demo_data
from core.data.store.demo import text_demo
from core.errors import UserError
from core.evaluation.results import comparison, detector_figures
from core.files import allow_many_open_files, sweep
from core.models import models_for
from core.pipeline.loads import begin_all_loaded
from core.pipeline.repair import new_repair
from core.pipeline.review import decide_flagged
from core.pipeline.training import full_plan, new_run, work
from core.runs import Run, jobs, stopping
from core.runs.jobs import Progress
from core.training.config import TrainConfig
from core.types import Dataset

EPOCHS = 16  # of the demo's training: enough for the backdoors to be learned on 6,000 images
TEXT_EPOCHS = 8  # of the demo of texts
DEMO_DETECTORS: Mapping[str, Mapping[str, Any]] = {
    "badloss": {"reject_fraction": 0.10},  # the paper's 40 % would throw away four samples for each poisoned one
    "consensus": {"false_discovery_rate": 0.20},  # a missed dozen keeps a backdoor alive; a few clean ones cost little
}


@dataclass(frozen=True)
class Kind:
    """One of the built-in demos.

    Attributes:
        title: what its run is called.
        data: its clean data.
        preset: the attacks that are planted.
        detectors: settings of detectors.
        epochs, batch_size: of its training.
    """

    title: str
    data: Callable[[], Dataset]
    preset: str
    detectors: Mapping[str, Mapping[str, Any]]
    epochs: int
    batch_size: int = TrainConfig.batch_size


DEMOS = {
    "image": Kind("Demo", demo_data, "demo", DEMO_DETECTORS, EPOCHS),
    "text": Kind("Demo of texts", text_demo, "text-demo", DEMO_DETECTORS, TEXT_EPOCHS, 64),
}


def new_demo(
    workspace: Path, seed: int = 0, *, clean: Dataset | None = None, epochs: int | None = None, kind: str = "image"
) -> Run:
    """A run on a built-in demo: several attacks at once in 6,000 images or 3,500 texts, or in other `clean` data."""
    demo = DEMOS[kind]
    clean = clean or demo.data()
    specification = Specification(preset(demo.preset, clean.n_classes), seed)
    poisoned, truth = plant(clean, specification)
    info = store.save(workspace, poisoned, source="built in", truth=truth, specification=specification.as_dict())
    config = TrainConfig(models_for(info.shape)[0], epochs or demo.epochs, demo.batch_size, seed=seed)
    return new_run(workspace, info.id, config, plan=full_plan(info), detector_settings=demo.detectors, name=demo.title)


def whole_demo(
    workspace: Path,
    seed: int = 0,
    listen: Callable[[Progress], None] = lambda progress: None,
    *,
    clean: Dataset | None = None,
    epochs: int | None = None,
    follow: Sequence[str] = (),
    kind: str = "image",
) -> dict[str, Any]:
    """The demo's journey without a person: everything flagged is excluded, then the model is trained again.

    Args:
        workspace: to make the runs in.
        seed: of the attacks and of the training.
        listen: told how far it is.
        clean: other data than the built-in.
        epochs: of each training; default: those of the demo.
        follow: detectors whose flags are excluded; by default those that lead.
        kind: of `DEMOS`.
    """
    started = time.monotonic()
    run = work(new_demo(workspace, seed, clean=clean, epochs=epochs, kind=kind), listen)
    decide_flagged(run, "exclude", follow or leading(runs.detections(run)), reviewer="demo")
    child = work(new_repair(run), listen)
    figures = comparison(child)
    keys = ("auroc", "precision", "recall", "flagged")
    detectors = {
        name: {key: figures_of[key] for key in keys} for name, figures_of in detector_figures(opened(run)).items()
    }
    seconds = round(time.monotonic() - started, 1)
    return figures | {"run": run.id, "child": child.id, "detectors": detectors, "seconds": seconds}


def wake(workspace: Path, *, demo: bool) -> None:
    """What a server does when it starts: go on with interrupted runs, and start the demo in an empty workspace.

    Workers that were asked to stop and did not are ended, and what killed ones left half written is deleted.
    """
    allow_many_open_files()
    sweep(workspace, *(workspace / kind for kind in ("runs", "datasets")))
    stopping.end_the_deaf(workspace)
    runs.sweep_unfinished(workspace)
    try:
        resumed = jobs.resume_interrupted(workspace)
        begin_all_loaded(workspace)
        known = [runs.all_runs, runs.damaged_runs, store.describe_all, store.damaged_datasets]
        if demo and not resumed and not any(entries(workspace) for entries in known):
            jobs.start_run(new_demo(workspace))
    except UserError as error:  # a disk that is full or read-only: people can look all the same
        print(f"Nothing was started: {error}", file=sys.stderr)
