"""One function per stage of the journey: what the pages, the command line, the benchmarks and the tests all call.

Nothing here computes over samples in the caller's process except the small steps that finish at once (import, planting,
verdicts); the rest is a run with a plan that a worker goes through.
"""

import math
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from core import families, jobs, review, runs
from core.attacks.planting import plant
from core.attacks.presets import preset
from core.attacks.specification import Specification, decoded
from core.config import TrainConfig
from core.datasets import open_source, store
from core.datasets.demo import demo as demo_data
from core.datasets.store import DatasetInfo
from core.detectors import DETECTORS
from core.errors import UserError
from core.files import write_json
from core.jobs import Progress
from core.registry import checked, find
from core.repair import apply, changes_of
from core.results import comparison, detector_figures
from core.review import Verdict
from core.roster import unmet
from core.runs import Run
from core.samples import CLUSTERING, detections, leading, review_table, training_data
from core.suspects import new_labels, suspect_clusters
from core.thresholds import Rule
from core.thresholds import apply as flags
from core.types import Changes, Dataset

DEMO_DETECTORS: Mapping[str, Mapping[str, Any]] = {
    "badloss": {"reject_fraction": 0.10},  # the paper's 40 % would throw away four samples for each poisoned one
    "consensus": {"false_discovery_rate": 0.20},  # a missed dozen keeps a backdoor alive; a few clean ones cost little
}
REPAIRS = ("retrain", "continue")
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
    job = _new_job(workspace, "imports")
    options = [*(["--name", name] if name else []), *(["--bona-fide", bona_fide] if bona_fide else [])]
    jobs.start(
        job, ["import", "--job", str(job.resolve()), "--workspace", str(workspace.resolve()), *options, "--", source]
    )
    return job


def store_demo(workspace: Path) -> DatasetInfo:
    """The built-in demo's images as a clean data set of the workspace, for attacks of one's own."""
    return store.save(workspace, replace(demo_data(), name="Fashion-MNIST"), source="built in")


def attack(
    workspace: Path,
    dataset_id: str,
    asked: Specification,
    name: str | None = None,
    listen: Callable[[float, str], None] = lambda share, message: None,
) -> DatasetInfo:
    """A poisoned copy of a stored data set; its truth and the specification are kept beside it."""
    clean = store.load(workspace, dataset_id)
    if store.describe(workspace, dataset_id).attacks:
        raise UserError(f"{dataset_id} is poisoned already.", "", "Plant all attacks at once, in the clean data set.")
    poisoned, truth = plant(clean, asked, listen=listen)
    poisoned = replace(poisoned, name=name or f"{clean.name} poisoned")
    return store.save(
        workspace, poisoned, source="planted", truth=truth, parent=dataset_id, specification=asked.as_dict()
    )


def start_attack(workspace: Path, dataset_id: str, asked: Specification, name: str = "") -> Path:
    """Start planting in a worker; returns the job's directory, to be polled. The newest data set is the result."""
    job = _new_job(workspace, "attacks")
    write_json(job / "specification.json", asked.as_dict())
    options = ["--spec", str((job / "specification.json").resolve()), *(["--name", name] if name else [])]
    jobs.start(
        job, ["attack", "--job", str(job.resolve()), "--workspace", str(workspace.resolve()), *options, dataset_id]
    )
    return job


def specification_in(path: Path) -> Specification:
    """The specification of attacks in a JSON file. Raises UserError when there is none."""
    try:
        return decoded(path.read_bytes(), str(path))
    except OSError as error:
        raise UserError(f"{path} cannot be read.", "It should hold a specification as JSON.") from error


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
    return ("train", "activations", *(f"detect:{name}" for name in usable), families.STAGE, "evaluate", *FULL_MAPS)


def new_demo(workspace: Path, seed: int = 0) -> Run:
    """A run on the built-in demo: three attacks at once in 6,000 Fashion-MNIST images."""
    clean = demo_data()
    asked = Specification(preset("demo", clean.n_classes), seed)
    poisoned, truth = plant(clean, asked)
    info = store.save(workspace, poisoned, source="built in", truth=truth, specification=asked.as_dict())
    config = TrainConfig(epochs=16, seed=seed)
    return new_run(workspace, info.id, config, plan=full_plan(info), detector_settings=DEMO_DETECTORS, name="Demo")


def work(run: Run, listen: Callable[[Progress], None] = lambda progress: None) -> Run:
    """Go through what is left of the run's plan, in this process."""
    from core import stages  # torch, which pages never need

    return stages.work(run, listen)


def extend(run: Run, stages: Sequence[str]) -> Run:
    """The run with further stages in its plan; those already there are not repeated."""
    return runs.update(run, plan=(*run.plan, *(stage for stage in stages if stage not in run.plan)))


def measure_again(run: Run) -> Run:
    """The run with its outcome to be measured once more, for those of before every answer was recorded.

    Raises:
        UserError: the run is being worked on.
    """
    _refuse_while_active(run)
    return _again(run, "evaluate")


def use_layer(run: Run, layer: str | None) -> Run:
    """The run with all that follows from its activations to be made again, from the input of another layer.

    Raises:
        UserError: the run is being worked on or not trained yet, or its model has no such layer.
    """
    _refuse_while_active(run)
    names = [found["name"] for found in runs.layers(run)]
    if layer is not None and layer not in names:
        raise UserError(f"The model has no layer {layer!r}.", f"It has: {', '.join(names) or 'none known yet'}.")
    kept = {stage: seconds for stage, seconds in run.stages.items() if stage in ("train", "evaluate")}
    return runs.update(run, layer=layer, stages=kept)


def detect(
    run: Run, name: str, settings: Mapping[str, Any], listen: Callable[[Progress], None] = lambda progress: None
) -> dict[str, Any]:
    """Run one detector now, in this process; what it found, and how good that is where the truth is known."""
    from core import stages

    find(DETECTORS, name, "detector")
    stages.detect_alone(run, name, settings, listen)
    return {"detector": name} | detector_figures(run)[name]


def start_detection(run: Run, name: str, settings: Mapping[str, Any]) -> None:
    """Start a worker that runs one detector; what it said before stays until the new answer is there.

    Raises:
        UserError: an unknown detector or setting, something it needs is missing, or the run is being worked on.
    """
    entry = find(DETECTORS, name, "detector")
    values = checked(entry.load(), settings, name)
    if lacking := unmet(run, entry):
        raise UserError(f"{entry.title} cannot run yet.", f"It needs {' and '.join(lacking)}.", "Add that first.")
    _refuse_while_active(run)
    options = [part for key, value in values.items() for part in ("--set", f"{key}={value}")]
    jobs.start(run.path, ["detect", run.id, name, "--workspace", str(run.workspace.resolve()), *options])


def choose_rule(run: Run, name: str, rule: Rule) -> int:
    """Let `rule` decide from now on what a detector flags, on every page and in the report; returns how many samples.

    Raises:
        UserError: the detector has not been run, or a rate is asked for that nothing can promise.
    """
    found = runs.detections(run)
    if name not in found:
        raise UserError(f"{name} has not been run on {run.id}.", f"Run so far: {', '.join(found) or 'none'}.")
    count = int(flags(found[name], np.array(training_data(run).bona_fide), rule).sum())
    runs.save_rule(run, name, None if rule.kind == "own" else asdict(rule))
    return count


def group_again(run: Run) -> Run:
    """The run with its families to be made anew, from what is flagged now.

    Raises:
        UserError: the run is being worked on or has no activations yet.
    """
    _refuse_while_active(run)
    if not run.done("activations"):
        raise UserError("There is nothing to group yet.", "This run has no activations.", "Let its stages finish.")
    return _again(run, families.STAGE)


def decide_family(run: Run, number: int, decision: str, *, reviewer: str) -> int:
    """Record one decision on all members of a family that are flagged now; returns how many samples.

    Raises:
        UserError: there is no such family, or none of its members is flagged any more.
    """
    family = families.find_family(run, number)
    table = review_table(run)
    ids = table.loc[table["family"] == family.id, "id"].tolist()
    if not ids:
        raise UserError(f"Nothing of family {number} is flagged any more.", "", "Make the families again.")
    return decide(run, ids, decision, reviewer=reviewer, reason=f"family {number}")


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
    found = detections(run)
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


def plan_reclassification(run: Run, classes: Collection[int] = (), *, each: bool = False) -> Run:
    """The run with exclusionary reclassification of suspect clusters to do, whether or not that was done before.

    Args:
        run: Activation Clustering has split it.
        classes: whose smaller clusters to check; by default those that look poisoned.
        each: train one model for each cluster instead of one without all of them.

    Raises:
        UserError: the run is being worked on, or there is no such cluster.
    """
    _refuse_while_active(run)
    words = [*(["each"] if each else []), *map(str, suspect_clusters(run, classes))]
    others = [stage for stage in run.plan if not stage.startswith("reclassify")]
    done = {stage: seconds for stage, seconds in run.stages.items() if stage in others}
    return runs.update(run, plan=(*others, f"reclassify:{','.join(words)}"), stages=done)


def relabel_suspects(run: Run, by: str = "source_class", *, reviewer: str) -> int:
    """Give new labels to the suspect clusters that reclassification calls poison, too; returns to how many samples.

    Args:
        run: reclassified.
        by: see `core.suspects.new_labels`.
        reviewer: who decides.

    Raises:
        UserError: no cluster is called poison, or an unknown way.
    """
    verdicts = {sample: Verdict("relabel", label) for sample, label in new_labels(run, by).items()}
    why = {"suggested_by": CLUSTERING, "reason": "exclusionary reclassification"}
    review.record(run.workspace, run.id, verdicts, reviewer=reviewer, **why)
    return len(verdicts)


def pending_changes(run: Run) -> Changes:
    """What the standing verdicts would change if the run were repaired now, on top of what its parent left out."""
    before, now = runs.read_changes(run), changes_of(review.verdicts(run.workspace, run.id))
    return Changes(before.excluded | now.excluded, {**before.relabelled, **now.relabelled})


def new_repair(run: Run, how: str = "retrain", *, epochs: int | None = None, learning_rate: float | None = None) -> Run:
    """A child run that trains on what the verdicts leave.

    Args:
        run: with verdicts.
        how: "retrain", afresh with the same configuration, or "continue", from the run's own weights: Chen et al.'s
            repair by new labels, which takes a fraction of the time.
        epochs, learning_rate: of continuing only; by default `continued_epochs(run)` and the run's own rate.

    Raises:
        UserError: an unknown way, nothing decided yet, or nothing left to train on.
    """
    if how not in REPAIRS:
        raise UserError(f"There is no way to repair named {how!r}.", f"Known: {', '.join(REPAIRS)}.")
    if how == "retrain" and (epochs, learning_rate) != (None, None):
        raise UserError("Retraining repeats the first training.", "Epochs and rate belong to continuing.", "Continue.")
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
    name, config = f"{run.name} repaired", dict(runs.from_scratch(run).config)
    if how == "continue":
        config |= {"epochs": continued_epochs(run) if epochs is None else epochs, "schedule_epochs": None}
        config |= {"learning_rate": config["learning_rate"] if learning_rate is None else learning_rate}
        TrainConfig(epochs=config["epochs"], learning_rate=config["learning_rate"])  # says what cannot be used
    return runs.create(run.workspace, info, config, CORE_PLAN, name=name, parent=run.id, how=how, changes=changes)


def continued_epochs(run: Run) -> int:
    """For how many epochs a repair goes on training by default: a quarter of a full training, at least three."""
    return max(3, math.ceil(int(runs.from_scratch(run).config["epochs"]) / 4))


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


def _refuse_while_active(run: Run) -> None:
    """Raise UserError while a worker is on the run: its plan must not change under it."""
    if jobs.poll(run.path).active:
        raise UserError(f"{run.name} is being worked on.", "", "Wait for it to finish, or cancel it.")


def _again(run: Run, stage: str) -> Run:
    """The run with one stage to be done once more."""
    kept = {name: seconds for name, seconds in run.stages.items() if name != stage}
    return extend(runs.update(run, stages=kept), (stage,))


def _new_job(workspace: Path, kind: str) -> Path:
    """A new, empty directory for a job that is no run's."""
    job = workspace / kind / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    job.mkdir(parents=True)
    return job


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
