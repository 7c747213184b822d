"""Trainings that took place elsewhere become runs, from what was recorded of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import runs
from core.data import store
from core.data.recorded import Recorded, aligned, files, joined
from core.data.recorded.recording import is_recording, read_recording
from core.data.store.sample_names import sample_names
from core.detectors import DETECTORS
from core.errors import UserError
from core.journal import review
from core.pipeline.loads import begin_when_loaded
from core.pipeline.started import keep_request, keep_result, request_of, start_worker
from core.pipeline.training import FULL_MAPS, PLANNED_DETECTORS
from core.runs import Run, jobs, limits
from core.runs.plan import ACTIVATIONS, FAMILIES, RECORD, detection, texts
from core.types import RECORDED, Dataset, Ints

Listen = Callable[[float, str], None]
_HINT = "Load the recording again."


@dataclass(frozen=True)
class RecordedRequest:
    """What somebody wants loaded; each is a path, "" for none.

    Attributes:
        dataset: id of the stored data set that the training saw.
        recording: a folder that `core/recorder.py` wrote.
        losses, activations, predictions, probabilities: see `core.data.recorded.files`.
        name: what to call the run.
    """

    dataset: str
    recording: str = ""
    losses: str = ""
    activations: str = ""
    predictions: str = ""
    probabilities: str = ""
    name: str = ""


def load_recorded(
    workspace: Path,
    request: RecordedRequest,
    listen: Listen = lambda fraction, message: None,
    *,
    job: Path | None = None,
) -> Run:
    """A run of a training that took place elsewhere; its detectors and maps are still to do.

    Args:
        workspace: where to.
        request: what was recorded, and on which data set.
        listen: told how far the work is.
        job: the directory of the job that this process does, if it does nothing else.

    Raises:
        UserError: a file is refused, or is not of this data set.
    """
    info = store.describe(workspace, request.dataset)
    dataset, names = store.load(workspace, info.id), sample_names(workspace, info.id)
    listen(0.1, "reading what was recorded")
    path = Path(request.recording or request.losses or request.probabilities or request.activations or ".")
    with limits.confined(path, job):
        recorded = aligned(joined(_parts(request, dataset)), dataset, names, info.n_skipped)
    if recorded.losses is None:
        raise UserError("No losses were recorded.", "Trajectories need them.", "Name --losses or --probabilities.")
    listen(0.8, "writing the run")
    epochs = recorded.losses.shape[1]
    trusted = bool(dataset.bona_fide.any()) or any(review.guarantees(workspace, info.id).values())
    plan = _plan(recorded, trusted=trusted)
    run = runs.create(
        workspace, info, {"model": RECORDED, "epochs": epochs, "seed": 0}, plan, name=_name(request, info)
    )
    _write(run, recorded, dataset, request)
    for stage in texts([RECORD, ACTIVATIONS]):
        run = runs.finish_stage(run, stage, 0.0)
    return run


def start_recorded(workspace: Path, request: RecordedRequest) -> Path:
    """Start loading in a worker, and then the work on the run; returns the job's directory, to be polled."""
    job = jobs.new_job(workspace, "loads")
    keep_request(job, vars(request))
    start_worker(workspace, "loads", "load-run", [request.dataset], job=job)
    begin_when_loaded(workspace, job)
    return job


def carry_out_recorded(workspace: Path, job: Path, listen: Listen) -> Run:
    """Load what was asked for in a job's directory."""
    request = request_of(job, RecordedRequest, "What was asked for", _HINT)
    run = load_recorded(workspace, request, listen, job=job)
    keep_result(job, run=run.id)
    return run


def _parts(request: RecordedRequest, dataset: Dataset) -> list[Recorded]:
    known = _known_labels(dataset)
    parts = []
    if request.recording:
        folder = Path(request.recording)
        parts.append(read_recording(folder) if is_recording(folder) else files.losses_in(folder, known))
    if request.losses:
        parts.append(files.losses_in(Path(request.losses), known))
    if request.activations:
        parts.append(files.activations_in(Path(request.activations)))
    if request.probabilities:
        parts.insert(0, files.probabilities_in(Path(request.probabilities), known, dataset.n_classes))
    if request.predictions:
        parts.append(files.predictions_in(Path(request.predictions)))
    return parts


def _known_labels(dataset: Dataset) -> Mapping[int, Ints]:
    """n → labels: of the data set, and of the rows of its source, where what was left out counts as class 0."""
    ids, labels = np.asarray(dataset.ids), np.asarray(dataset.labels)
    by_row = np.zeros(int(ids.max(initial=-1)) + 1, np.int64)
    by_row[ids] = labels
    return {len(labels): labels, len(by_row): by_row}


def _plan(recorded: Recorded, *, trusted: bool) -> tuple[str, ...]:
    """All that the pages show of what is there."""
    there = {"trajectories"} | ({"activations"} if recorded.activations is not None else set())
    there |= {"bona_fide"} if trusted else set()
    usable = [name for name in PLANNED_DETECTORS if set(DETECTORS[name].needs) <= there]
    if recorded.activations is None:
        usable += [name for name in ("abl_isolation",) if not usable]
    families = [FAMILIES] if recorded.activations is not None else []
    return (*texts([RECORD, ACTIVATIONS, *map(detection, usable), *families]), *FULL_MAPS)


def _write(run: Run, recorded: Recorded, dataset: Dataset, request: RecordedRequest) -> None:
    losses = recorded.losses
    assert losses is not None  # `load_recorded` refuses a recording without
    several = losses.shape[1] > 1
    if several:
        runs.save_array(run, "losses", losses)
        runs.save_json(run, "history.json", [_entry(epoch, losses[:, epoch]) for epoch in range(losses.shape[1])])
    runs.save_array(run, "final_losses", losses[:, -1])
    if recorded.predictions is not None:
        runs.save_array(run, "predictions", recorded.predictions)
    if recorded.activations is not None:
        runs.save_array(run, "activations", np.asarray(recorded.activations, np.float32))
    sources = {key: value for key, value in vars(request).items() if value and key not in ("dataset", "name")}
    notes = list(recorded.notes)
    if not several:
        notes.append("One epoch was recorded, so there are no trajectories: only the loss at the end is known.")
    if recorded.predictions is None:
        notes.append("No predictions were recorded.")
    if recorded.activations is None:
        notes.append("No activations were recorded, so detectors and maps that need them cannot be run.")
    runs.save_json(run, "recorded.json", {"sources": sources, "samples": len(dataset), "notes": notes})


def _entry(epoch: int, losses: Any) -> dict[str, Any]:
    """What `history.json` says of a recorded epoch: the mean loss alone is known."""
    unknown = dict.fromkeys(("train_accuracy", "test_loss", "test_accuracy"))
    return {"epoch": epoch + 1, "train_loss": float(losses.mean()), **unknown, "class_accuracy": [], "seconds": 0.0}


def _name(request: RecordedRequest, info: store.DatasetInfo) -> str:
    return request.name or f"{info.name} recorded"
