"""The stages that look for poison: detectors, families of what they flag, suspect clusters checked by training."""

import time
from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core import runs
from core.analysis.opened_run import CLUSTERING, OpenedRun
from core.detectors import DETECTORS
from core.detectors.parts.calibration import calibrated, compares
from core.modalities import modality_of
from core.registry import checked, find
from core.stages.load import trained_model
from core.stages.progress import Reporter
from core.types import Dataset, Detection, Evidence, Ints


def detect_stage(opened: OpenedRun, name: str, reporter: Reporter) -> None:
    """Run one detector on the run's evidence; what it says is kept, with p-values where there are bona fide samples."""

    def listen(done: int, total: int) -> None:
        reporter.update(done / total, f"{done:,} of {total:,} samples")

    def configured(evidence: Evidence) -> Detection:
        return detector(evidence, **values)

    run, entry = opened.run, find(DETECTORS, name, "detector")
    detector = entry.load()
    values = checked(detector, run.detector_settings.get(name, {}), name)
    started = time.monotonic()
    evidence = replace(gather_evidence(opened, entry.needs), listen=listen)
    detection = calibrated(configured, evidence, in_folds=compares(entry.needs))
    if detection.p_values is not None:
        noted = replace(detection.notes, counted_on=int(evidence.bona_fide.sum()))
        detection = replace(detection, notes=noted)
    runs.save_detection(run, name, detection, values, time.monotonic() - started)
    if detection.groups is not None:
        classes = opened.clustered_classes if name == CLUSTERING else None
        runs.save_array(run, f"averages-{name}", _averages(opened.data, detection, classes))


def gather_evidence(opened: OpenedRun, needs: Collection[str] = ()) -> Evidence:
    """All that detectors may see of a run: never the truth about planted poison.

    Args:
        opened: the run, as far as it is.
        needs: of the detector; the model, which takes time to load, is there only when it is among them.
    """
    run, dataset = opened.run, opened.data
    return Evidence(
        labels=np.array(dataset.labels),
        n_classes=dataset.n_classes,
        bona_fide=np.array(dataset.bona_fide),
        seed=int(run.config["seed"]),
        predicted=np.array(run.array("predictions")) if run.has_predictions else None,
        features=run.array("activations") if run.has_activations else None,
        trajectories=run.array("losses") if run.traced else None,
        inputs=dataset.inputs if modality_of(dataset.inputs).offers else None,
        model=trained_model(run, dataset).eval() if "model" in needs and run.has_model else None,
    )


def _averages(dataset: Dataset, detection: Detection, classes: Ints | None = None) -> NDArray[np.uint8]:
    """For each class what stands for its larger and for its smaller cluster (`Modality.kept`); blank when empty."""
    assert detection.groups is not None
    classes, modality = dataset.labels if classes is None else classes, modality_of(dataset.inputs)
    members = (
        np.flatnonzero((classes == index) & (detection.groups == cluster))
        for index in range(dataset.n_classes)
        for cluster in range(2)
    )
    averages = [modality.average(dataset.inputs.take(rows)) if len(rows) else None for rows in members]
    return modality.kept(averages, dataset.shape)
