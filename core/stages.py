"""The stages of a run, as a worker executes them one after another. Each reads and writes the run directory only."""

import shutil
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from torch import nn

from core import activations, families, jobs, metrics, projection, runs
from core.config import TrainConfig, restored
from core.datasets import store
from core.detectors import DETECTORS
from core.detectors.calibration import calibrated, compares
from core.evaluation import evaluate_model
from core.files import write_json
from core.grouping import group
from core.jobs import Progress
from core.loading import beginning, open_model, save_opened, save_weights, trained_model
from core.reclassification import exclusionary_reclassification
from core.registry import checked, find
from core.runs import Run
from core.samples import CLUSTERING, clustered_classes, detections, leading, training_data
from core.suspects import save_reclassifications, suspect_clusters
from core.thresholds import COUNTED_ON
from core.training import accelerator_for, train
from core.types import Dataset, Detection, Evidence, Images, Ints

SECONDS_BETWEEN_UPDATES = 0.5


@dataclass
class Reporter:
    """Publishes how far the run's plan is, in its progress file and to whoever listens.

    Attributes:
        run: the run at work.
        plan: the stages that this job goes through.
        listen: told every published Progress (a terminal bar).
    """

    run: Run
    plan: Sequence[str]
    listen: Callable[[Progress], None] = lambda progress: None
    _published: float = 0.0
    _stage: str = ""

    def begin(self, stage: str) -> None:
        """Announce a stage."""
        self._stage, self._published = stage, 0.0
        self.update(0.0, "")

    def update(self, share: float, message: str) -> None:
        """Publish the share of the current stage that is done, in [0, 1], at most twice a second."""
        now = time.time()
        if now - self._published < SECONDS_BETWEEN_UPDATES and 0 < share < 1:
            return
        self._published = now
        before = jobs.poll(self.run.path)
        whole = self._whole(share)
        eta = (now - before.started) * (1 - whole) / whole if whole > 0.05 else None
        progress = replace(before, state="running", title=title_of(self._stage), message=message, share=whole, eta=eta)
        jobs.write(self.run.path, progress)
        self.listen(progress)

    def _whole(self, share: float) -> float:
        """The share of the stages still to do when the work began, in [0, 1]."""
        weights = [STAGES[stage.partition(":")[0]].weight for stage in self.plan]
        place = self.plan.index(self._stage)
        return (sum(weights[:place]) + share * weights[place]) / sum(weights)


def work(run: Run, listen: Callable[[Progress], None] = lambda progress: None) -> Run:
    """Go through the stages of the run's plan that are not done yet, under the run's lock."""
    with jobs.working_on(run.path):
        plan = [stage for stage in run.plan if not run.done(stage)]
        reporter = Reporter(run, plan, listen)
        for stage in plan:
            reporter.begin(stage)
            started = time.monotonic()
            name, _, argument = stage.partition(":")
            STAGES[name].execute(run, argument, reporter)
            run = runs.finish_stage(run, stage, time.monotonic() - started)
    return run


def load_stage(run: Run, _: str, __: Reporter) -> None:
    """Read the model from its file once more, where that was cut short."""
    dataset = training_data(run)
    save_opened(run, open_model(restored(run.config), dataset.shape, dataset.n_classes, run.layer))


def train_stage(run: Run, _: str, reporter: Reporter) -> None:
    """Train the model; after every epoch the losses, the history and a checkpoint are on disk.

    A repair that continues starts from its parent's weights; everything else from weights that were loaded to be
    trained on, or drawn from the seed.
    """
    config, dataset = restored(run.config), training_data(run)
    checkpoint = run.path / "checkpoint" / "last.pt"
    checkpoint.parent.mkdir(exist_ok=True)
    history = runs.history(run)
    losses = _trace(run, (len(dataset), config.epochs), fresh=not checkpoint.exists())
    model = _untrained(run, config, dataset)
    runs.update(run, device=str(accelerator_for(config.precision).device))
    resume = checkpoint if checkpoint.exists() else None
    done, message = len(history) if resume else 0, "the first epoch takes longest"

    def on_batch(share: float) -> None:
        reporter.update((done + share) / config.epochs, message)

    for epoch in train(model, dataset, config, resume=resume, on_batch=on_batch):
        losses[:, epoch.index] = epoch.losses
        losses.flush()
        test_accuracy = metrics.clean_accuracy(epoch.test_predicted, dataset.test_labels)
        entry = {
            "epoch": epoch.index + 1,
            "train_loss": float(epoch.losses.mean()),
            "train_accuracy": float(np.mean(epoch.predicted == dataset.labels)),
            "test_loss": float(epoch.test_losses.mean()) if len(epoch.test_losses) else None,
            "test_accuracy": test_accuracy,
            "class_accuracy": metrics.class_accuracy(epoch.predicted, dataset.labels, dataset.n_classes),
            "seconds": epoch.seconds,
        }
        history = [*history[: epoch.index], entry]
        write_json(run.path / "history.json", history)
        epoch.checkpoint(checkpoint)
        done = epoch.index + 1
        message = f"epoch {done} of {config.epochs}, mean loss {entry['train_loss']:.3f}"
        reporter.update(done / config.epochs, message)
    save_weights(run, model)
    shutil.rmtree(checkpoint.parent)


def activations_stage(run: Run, _: str, reporter: Reporter) -> None:
    """Last-layer activations, predictions and final losses of every training sample."""
    dataset = training_data(run)
    model = trained_model(run, dataset)
    found = activations.layers(model, dataset.shape, dataset.n_classes)
    write_json(run.path / "layers.json", [asdict(layer) for layer in found])
    layer = activations.choose(found, run.layer)
    path = run.path / "activations.npy"
    _features, predicted, losses = activations.extract(
        model,
        dataset.images,
        dataset.labels,
        layer,
        path,
        on_batch=lambda share: reporter.update(share, f"{share * len(dataset):,.0f} of {len(dataset):,} images"),
    )
    runs.save_array(run, "predictions", predicted)
    runs.save_array(run, "final_losses", losses)


def evaluate_stage(run: Run, _: str, reporter: Reporter) -> None:
    """Clean accuracy and, where triggers are known, how far each still steers the model, image by image."""
    dataset, truth = training_data(run), store.load_truth(run.workspace, run.dataset)
    outcome, trials, classes, shares = evaluate_model(trained_model(run, dataset), dataset, truth, reporter.update)
    runs.save_array(run, "trial-classes", classes)
    runs.save_array(run, "trial-shares", shares)
    write_json(run.path / "outcome.json", {"outcome": asdict(outcome), "trials": trials})


def detect_stage(run: Run, name: str, _: Reporter) -> None:
    """Run one detector with the settings that the run's plan holds for it."""
    detect(run, name, run.detector_settings.get(name, {}))


def detect(run: Run, name: str, settings: Mapping[str, Any]) -> Detection:
    """Run one detector on the run's evidence; what it says is kept, with p-values where there are bona fide samples."""
    entry = find(DETECTORS, name, "detector")
    detector = entry.load()
    values = checked(detector, settings, name)
    started = time.monotonic()
    evidence = gather_evidence(run, entry.needs)
    detection = calibrated(partial(detector, **values), evidence, in_folds=compares(entry.needs))
    if detection.p_values is not None:
        detection = replace(detection, notes={**detection.notes, COUNTED_ON: int(evidence.bona_fide.sum())})
    runs.save_detection(run, name, detection, values, time.monotonic() - started)
    if detection.groups is not None:
        classes = clustered_classes(run) if name == CLUSTERING else None
        runs.save_array(run, f"averages-{name}", _averages(training_data(run), detection, classes))
    return detection


def detect_alone(run: Run, name: str, settings: Mapping[str, Any], listen: Callable[[Progress], None]) -> Detection:
    """Run one detector as a job of its own, under the run's lock, whether or not the plan holds it."""
    with jobs.working_on(run.path):
        stage = f"detect:{name}"
        Reporter(run, [stage], listen).begin(stage)
        started = time.monotonic()
        detection = detect(run, name, settings)
        if run.done(families.STAGE) and name in leading(runs.detections(run)):
            families_stage(run, "", Reporter(run, [stage]))
        runs.finish_stage(run, stage, time.monotonic() - started)
    return detection


def gather_evidence(run: Run, needs: Collection[str] = ()) -> Evidence:
    """All that detectors may see of a run: never the truth about planted poison.

    Args:
        run: as far as it is.
        needs: of the detector; the model, which takes time to load, is there only when it is among them.
    """
    dataset = training_data(run)
    return Evidence(
        labels=np.array(dataset.labels),
        n_classes=dataset.n_classes,
        bona_fide=np.array(dataset.bona_fide),
        seed=int(run.config["seed"]),
        predicted=np.array(run.array("predictions")) if run.done("activations") else None,
        features=run.array("activations") if run.done("activations") else None,
        trajectories=run.array("losses") if run.traced else None,
        images=dataset.images,
        model=trained_model(run, dataset).eval() if "model" in needs and run.has_model else None,
    )


def families_stage(run: Run, _: str, __: Reporter) -> None:
    """What the leading detectors flag, in families that seem to come from one attack each."""
    found = detections(run)
    chosen = [found[name].flagged for name in leading(found)]
    evidence = gather_evidence(run)
    flagged = np.logical_or.reduce(chosen) if chosen else np.zeros(len(evidence.labels), np.bool_)
    families.save(run, flagged, *group(evidence, flagged))


def reclassify_stage(run: Run, argument: str, reporter: Reporter) -> None:
    """Train again without suspect clusters and classify them.

    Args:
        run: with clusters.
        argument: classes, separated by commas, by default those that look poisoned; "each" among them trains one model
            for each. It starts anew when it was cut short.
        reporter: told the epochs.
    """
    words = argument.split(",") if argument else []
    suspects = suspect_clusters(run, [int(word) for word in words if word != "each"])
    config = restored(runs.from_scratch(run).config)
    found, predicted = exclusionary_reclassification(
        training_data(run),
        suspects,
        config,
        begin=partial(beginning, run, config),
        each="each" in words,
        listen=reporter.update,
    )
    save_reclassifications(run, found, predicted)


def maps_stage(run: Run, method: str, reporter: Reporter) -> None:
    """The maps of one method: all activations, each class by itself, and the loss trajectories where there are any."""
    features, seed = np.asarray(run.array("activations")), int(run.config["seed"])
    dataset = training_data(run)
    runs.save_array(run, f"map-all-{method}", projection.project(features, method, seed))
    reporter.update(0.4, "all classes together")
    by_class = projection.project_classes(features, dataset.labels, dataset.n_classes, method, seed)
    runs.save_array(run, f"map-class-{method}", by_class)
    reporter.update(0.8, "each class by itself")
    if run.traced:
        trajectories = projection.logit_trajectories(np.asarray(run.array("losses")))
        runs.save_array(run, f"map-trajectories-{method}", projection.project(trajectories, method, seed))


def title_of(stage: str) -> str:
    """A stage in words."""
    name, _, argument = stage.partition(":")
    return STAGES[name].title.format(DETECTORS[argument].title if argument in DETECTORS else argument.upper())


@dataclass(frozen=True)
class Stage:
    """One kind of stage: its title, what it takes beside the others, and what it does."""

    title: str
    weight: float
    execute: Callable[[Run, str, Reporter], None]


STAGES = {
    "load": Stage("Loading the model", 2, load_stage),
    "train": Stage("Training", 60, train_stage),
    "activations": Stage("Reading activations", 2, activations_stage),
    "detect": Stage("Detecting with {}", 4, detect_stage),
    families.STAGE: Stage("Grouping what is flagged into families", 2, families_stage),
    "reclassify": Stage("Exclusionary reclassification", 60, reclassify_stage),
    "evaluate": Stage("Measuring accuracy and attack success", 2, evaluate_stage),
    "maps": Stage("Drawing maps with {}", 6, maps_stage),
}


def _trace(run: Run, shape: tuple[int, int], fresh: bool) -> np.memmap[Any, np.dtype[np.float32]]:
    """`losses.npy`, memory-mapped for writing; NaN marks epochs that are still to come."""
    path = run.path / "losses.npy"
    if fresh or not path.exists():
        losses = np.lib.format.open_memmap(path, "w+", np.float32, shape)
        losses[:] = np.nan
        return losses
    return np.lib.format.open_memmap(path, "r+")


def _untrained(run: Run, config: TrainConfig, dataset: Dataset) -> nn.Module:
    """What training begins with; of a continued repair the weights of its parent."""
    if run.how == "continue" and run.parent:
        return trained_model(runs.open_run(run.workspace, run.parent), dataset)
    return beginning(run, config, dataset)


def _averages(dataset: Dataset, detection: Detection, classes: Ints | None = None) -> Images:
    """(2k, h, w, c): for each class the average image of its larger and of its smaller cluster; black when empty."""
    assert detection.groups is not None
    classes = dataset.labels if classes is None else classes
    averages = np.zeros((2 * dataset.n_classes, *dataset.shape), np.uint8)
    for index in range(dataset.n_classes):
        for cluster in range(2):
            members = (classes == index) & (detection.groups == cluster)
            if members.any():
                averages[2 * index + cluster] = np.rint(dataset.images[members].mean(0)).astype(np.uint8)
    return averages
