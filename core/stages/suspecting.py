"""The stages that look for poison: detectors, families of what they flag, suspect clusters checked by training."""

import time
from collections.abc import Collection
from dataclasses import replace
from functools import partial

import numpy as np

from core import families, runs
from core.config import restored
from core.detectors import DETECTORS
from core.detectors.calibration import calibrated, compares
from core.grouping import group
from core.loading import beginning, trained_model
from core.reclassification import exclusionary_reclassification
from core.registry import checked, find
from core.runs import Run
from core.samples import CLUSTERING, clustered_classes, detections, leading, training_data
from core.stages.reporting import Reporter
from core.suspects import save_reclassifications, suspect_clusters
from core.thresholds import COUNTED_ON
from core.types import Dataset, Detection, Evidence, Images, Ints


def detect_stage(run: Run, name: str, reporter: Reporter) -> None:
    """Run one detector on the run's evidence; what it says is kept, with p-values where there are bona fide samples."""

    def listen(done: int, total: int) -> None:
        reporter.update(done / total, f"{done:,} of {total:,} images")

    entry = find(DETECTORS, name, "detector")
    detector = entry.load()
    values = checked(detector, run.detector_settings.get(name, {}), name)
    started = time.monotonic()
    evidence = replace(gather_evidence(run, entry.needs), listen=listen)
    detection = calibrated(partial(detector, **values), evidence, in_folds=compares(entry.needs))
    if detection.p_values is not None:
        detection = replace(detection, notes={**detection.notes, COUNTED_ON: int(evidence.bona_fide.sum())})
    runs.save_detection(run, name, detection, values, time.monotonic() - started)
    if detection.groups is not None:
        classes = clustered_classes(run) if name == CLUSTERING else None
        runs.save_array(run, f"averages-{name}", _averages(training_data(run), detection, classes))


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
