"""One function per stage of the journey: what the pages, the command line, the benchmarks and the tests all call.

Nothing here computes over samples in the caller's process except the small steps that finish at once (import, planting,
verdicts); the rest is a run with a plan that a worker goes through.
"""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from core import jobs, review, runs
from core.attacks.planting import parse_spec, plant
from core.config import TrainConfig
from core.datasets import open_source, store
from core.datasets.demo import demo as demo_data
from core.datasets.store import DatasetInfo
from core.detectors import DETECTORS
from core.errors import UserError
from core.jobs import Progress
from core.registry import find
from core.repair import apply, changes_of
from core.results import comparison, detector_figures
from core.review import Verdict
from core.runs import Run
from core.samples import leading, training_data
from core.types import Changes, Dataset

DEMO_ATTACKS = (
    "patch:ratio=0.03,target=2",
    "blended_pattern:ratio=0.03,target=7,alpha=0.1",
    "single_pixel:ratio=0.03,target=9",
)
DEMO_DETECTORS: Mapping[str, Mapping[str, Any]] = {
    "badloss": {"reject_fraction": 0.10},  # the paper's 40 % would throw away four samples for each poisoned one
    "consensus": {"false_discovery_rate": 0.20},  # a missed dozen keeps a backdoor alive; a few clean ones cost little
}
PLANNED_DETECTORS = ("activation_clustering", "badloss", "consensus")
CORE_PLAN = ("train", "activations", "evaluate")
FULL_MAPS = ("maps:pca", "maps:ica", "maps:umap")


def import_dataset(
    workspace: Path, source: Path, name: str | None = None, bona_fide: Path | None = None
) -> DatasetInfo:
    """Copy the data at `source` into the workspace.

    Args:
        workspace: where to.
        source: a path that `core.datasets.open_source` reads.
        name: what to call it; default: the file's name.
        bona_fide: a text file with one sample id a line (row numbers of the training images, from 0).

    Raises:
        UserError: the source or the list of ids cannot be used.
    """
    dataset = open_source(source)
    if bona_fide:
        dataset = replace(dataset, bona_fide=_read_bona_fide(bona_fide, dataset))
    return store.save(workspace, replace(dataset, name=name or dataset.name), source=str(source))


def start_import(workspace: Path, source: str, name: str, bona_fide: str = "") -> Path:
    """Start importing in a worker; returns the job's directory, to be polled. The newest data set is the result."""
    job = workspace / "imports" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    job.mkdir(parents=True)
    options = [*(["--name", name] if name else []), *(["--bona-fide", bona_fide] if bona_fide else [])]
    jobs.start(
        job, ["import", "--job", str(job.resolve()), "--workspace", str(workspace.resolve()), *options, "--", source]
    )
    return job


def attack(workspace: Path, dataset_id: str, specs: Sequence[str], seed: int = 0) -> DatasetInfo:
    """A poisoned copy of a stored data set, its truth kept beside it."""
    clean = store.load(workspace, dataset_id)
    if store.describe(workspace, dataset_id).attacks:
        raise UserError(f"{dataset_id} is poisoned already.", "", "Plant all attacks at once, in the clean data set.")
    poisoned, truth = plant(clean, [parse_spec(spec) for spec in specs], seed)
    poisoned = replace(poisoned, name=f"{clean.name} poisoned")
    return store.save(workspace, poisoned, source=" ".join(specs), truth=truth, parent=dataset_id)


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
    return runs.create(workspace, info, asdict(config), plan, name=name, detector_settings=detector_settings)


def full_plan(dataset: DatasetInfo) -> tuple[str, ...]:
    """Everything the pages show: what is flagged comes first, the slowest maps last."""
    usable = [name for name in PLANNED_DETECTORS if dataset.n_bona_fide or "bona_fide" not in DETECTORS[name].needs]
    return ("train", "activations", *(f"detect:{name}" for name in usable), "evaluate", *FULL_MAPS)


def new_demo(workspace: Path, seed: int = 0) -> Run:
    """A run on the built-in demo: three attacks at once in 6,000 Fashion-MNIST images."""
    poisoned, truth = plant(demo_data(), [parse_spec(spec) for spec in DEMO_ATTACKS], seed)
    info = store.save(workspace, poisoned, source="built in", truth=truth)
    config = TrainConfig(epochs=16, seed=seed)
    return new_run(workspace, info.id, config, plan=full_plan(info), detector_settings=DEMO_DETECTORS, name="Demo")


def work(run: Run, listen: Callable[[Progress], None] = lambda progress: None) -> Run:
    """Go through what is left of the run's plan, in this process."""
    from core import stages  # torch, which pages never need

    return stages.work(run, listen)


def extend(run: Run, stages: Sequence[str]) -> Run:
    """The run with further stages in its plan; those already there are not repeated."""
    return runs.update(run, plan=(*run.plan, *(stage for stage in stages if stage not in run.plan)))


def use_layer(run: Run, layer: str | None) -> Run:
    """The run with all that follows from its activations to be made again, from the input of another layer.

    Raises:
        UserError: the run is being worked on or not trained yet, or its model has no such layer.
    """
    if jobs.poll(run.path).active:
        raise UserError(f"{run.name} is being worked on.", "", "Wait for it to finish, or cancel it.")
    names = [found["name"] for found in runs.layers(run)]
    if layer is not None and layer not in names:
        raise UserError(f"The model has no layer {layer!r}.", f"It has: {', '.join(names) or 'none known yet'}.")
    kept = {stage: seconds for stage, seconds in run.stages.items() if stage in ("train", "evaluate")}
    return runs.update(run, layer=layer, stages=kept)


def detect(run: Run, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Run one detector now, in this process; what it found, and how good that is where the truth is known."""
    from core import stages

    find(DETECTORS, name, "detector")
    stages.detect(run, name, settings)
    return {"detector": name} | detector_figures(run)[name]


def decide(
    run: Run, ids: Sequence[int], decision: str, *, reviewer: str, new_label: int | None = None, **why: str
) -> int:
    """Record one decision on any number of samples; returns how many.

    Raises:
        UserError: no samples, an unknown decision, or a new label that is no class.
    """
    if decision not in review.DECISIONS:
        raise UserError(f"There is no decision named {decision!r}.", f"Known: {', '.join(review.DECISIONS)}.")
    n_classes = len(store.describe(run.workspace, run.dataset).class_names)
    if decision == "relabel" and (new_label is None or not 0 <= new_label < n_classes):
        raise UserError("A new label is needed.", f"Classes run from 0 to {n_classes - 1}.", "Choose one.")
    verdict = Verdict(decision, new_label if decision == "relabel" else None)
    review.record(run.workspace, run.id, {int(sample): verdict for sample in ids}, reviewer=reviewer, **why)
    return len(ids)


def decide_flagged(run: Run, decision: str, detectors: Sequence[str], *, reviewer: str) -> int:
    """Record one decision on everything that any of the detectors flagged; returns how many samples."""
    found = runs.detections(run)
    for name in detectors:
        if name not in found:
            raise UserError(
                f"{name} has not been run on {run.id}.", f"Run so far: {', '.join(found) or 'none'}.", "Run it first."
            )
    flagged = np.logical_or.reduce([found[name].flagged for name in detectors])
    ids = training_data(run).ids[flagged].tolist()
    if not ids:
        raise UserError("Nothing is flagged.", f"{', '.join(detectors)} found nothing to {decision}.")
    return decide(run, ids, decision, reviewer=reviewer, suggested_by=", ".join(detectors), reason="flagged")


def pending_changes(run: Run) -> Changes:
    """What the standing verdicts would change if the run were repaired now, on top of what its parent left out."""
    before, now = runs.read_changes(run), changes_of(review.verdicts(run.workspace, run.id))
    return Changes(before.excluded | now.excluded, {**before.relabelled, **now.relabelled})


def new_repair(run: Run, how: str = "retrain") -> Run:
    """A child run that trains afresh, with the same configuration, on what the verdicts leave.

    Raises:
        UserError: an unknown way, nothing decided yet, or nothing left to train on.
    """
    if how != "retrain":
        raise UserError(f"There is no way to repair named {how!r}.", "Known: retrain.")
    if not run.done("evaluate"):
        raise UserError(
            "This run is not finished.", "There is no 'before' to compare a repair with.", "Let it finish first."
        )
    changes = pending_changes(run)
    if changes == runs.read_changes(run):
        raise UserError(
            "Nothing would change.", "No sample is excluded or relabelled yet.", "Decide on some samples first."
        )
    apply(store.load(run.workspace, run.dataset), changes)
    info = store.describe(run.workspace, run.dataset)
    name = f"{run.name} repaired"
    return runs.create(run.workspace, info, run.config, CORE_PLAN, name=name, parent=run.id, changes=changes)


def whole_demo(
    workspace: Path, seed: int = 0, listen: Callable[[Progress], None] = lambda progress: None
) -> dict[str, Any]:
    """The demo's journey without a person: everything flagged is excluded, then the model is trained again."""
    started = time.monotonic()
    run = work(new_demo(workspace, seed), listen)
    decide_flagged(run, "exclude", leading(runs.detections(run)), reviewer="demo")
    child = work(new_repair(run), listen)
    figures = comparison(child)
    keys = ("auroc", "precision", "recall", "flagged")
    detectors = {name: {key: found[key] for key in keys} for name, found in detector_figures(run).items()}
    seconds = round(time.monotonic() - started, 1)
    return figures | {"run": run.id, "child": child.id, "detectors": detectors, "seconds": seconds}


def wake(workspace: Path, *, demo: bool) -> None:
    """What a server does when it starts: go on with interrupted runs, and start the demo in an empty workspace."""
    resumed = jobs.resume_interrupted(workspace)
    if demo and not resumed and not runs.all_runs(workspace) and not store.describe_all(workspace):
        jobs.start_run(new_demo(workspace))


def _read_bona_fide(path: Path, dataset: Dataset) -> np.ndarray[Any, np.dtype[np.bool_]]:
    try:
        ids = [int(line) for line in path.read_text("utf-8").split()]
    except FileNotFoundError:
        raise UserError(
            f"There is no file {path}.", "It should hold one sample id a line.", "Check the path."
        ) from None
    except (ValueError, OSError) as error:
        raise UserError(f"{path} cannot be used.", "It has to hold one whole number, a sample id, a line.") from error
    unknown = sorted(set(ids) - set(dataset.ids.tolist()))
    if unknown or not ids:
        title = f"{path} names samples that do not exist: {unknown[:5]}." if unknown else f"{path} is empty."
        raise UserError(title, f"Ids run from {dataset.ids.min()} to {dataset.ids.max()}.", "Correct the file.")
    return np.isin(dataset.ids, ids)
