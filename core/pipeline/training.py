"""Runs: what is going to be done, and doing it.

Models that were trained elsewhere become runs: to be inspected as they are, or trained on.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from core import runs
from core.data import store
from core.data.store import DatasetInfo
from core.detectors import DETECTORS
from core.errors import UserError
from core.files import write_file
from core.journal import review
from core.models import Usual, models_for, usual
from core.models.weight_files import kind_of
from core.models.word_vectors import require_text
from core.pipeline.loads import begin_when_loaded
from core.pipeline.started import keep_request, keep_result, request_of, start_worker
from core.runs import Run, jobs, limits
from core.runs.jobs import Progress
from core.runs.plan import ACTIVATIONS, EVALUATE, FAMILIES, LOAD, TRAIN, decision, detection, maps, texts
from core.training.config import TrainConfig, completed
from core.types import GRAPH

LOADED_PLAN = texts([LOAD, ACTIVATIONS, EVALUATE, maps("pca")])
_UPLOAD = "weights"
_HINT = "Load the model again."
Listen = Callable[[float, str], None]


@dataclass(frozen=True)
class LoadRequest:
    """What somebody wants done with a model from a file.

    Attributes:
        dataset: id of the stored data set.
        config: its `weights` name the file; of an inspection, the rest is for later repairs.
        train: trained on with tracing, or inspected as it is.
        layer: whose input is taken as the activation; None takes the classifier head.
        everything: plan all that the pages show, not only what any detector needs.
    """

    dataset: str
    config: TrainConfig
    train: bool = False
    layer: str | None = None
    everything: bool = False


PLANNED_DETECTORS = ("activation_clustering", "badloss", "consensus")
CORE_PLAN = texts([TRAIN, ACTIVATIONS, EVALUATE])
FULL_MAPS = texts([maps(method) for method in ("pca", "ica", "umap")])
# Without another training, which people are asked about first: it takes as long as the run's own.
DECISION = decision(training=False)


def new_run(
    workspace: Path,
    dataset_id: str,
    config: TrainConfig,
    *,
    plan: Sequence[str] = CORE_PLAN,
    detector_settings: Mapping[str, Mapping[str, Any]] | None = None,
    name: str | None = None,
) -> Run:
    """A run that is ready to be worked on, here (`work`) or by a worker (`jobs.start`).

    Raises:
        UserError: there is no such data set, or nothing in it to train on.
    """
    info = store.describe(workspace, dataset_id)
    _require_trainable(info)
    return runs.create(workspace, info, asdict(completed(config)), plan, name=name, detector_settings=detector_settings)


def usual_model(workspace: Path, dataset_id: str) -> Usual:
    """The architecture that is trained on such data where nobody names one, and why.

    Raises:
        UserError: none can be.
    """
    info = store.describe(workspace, dataset_id)
    _require_trainable(info)
    return usual(info.shape, info.n)


def full_plan(dataset: DatasetInfo, workspace: Path | None = None) -> tuple[str, ...]:
    """Everything the pages show: what is flagged comes first, then what can be looked at; the slowest maps come last.

    Args:
        dataset: to train on.
        workspace: that it lies in; given, the bona fide samples that people named there count, too.
    """
    trusted = dataset.n_bona_fide or (workspace and any(review.guarantees(workspace, dataset.id).values()))
    *quick, slowest = FULL_MAPS
    usable = [name for name in PLANNED_DETECTORS if trusted or "bona_fide" not in DETECTORS[name].needs]
    return (*texts([TRAIN, ACTIVATIONS, *map(detection, usable), FAMILIES, EVALUATE]), *quick, str(DECISION), slowest)


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
    names = [layer["name"] for layer in runs.layers(run)]
    if layer is not None and layer not in names:
        raise UserError(
            f"The model has no layer {layer!r}.",
            f"It has: {', '.join(names) or 'none known yet'}.",
            "Choose one of these.",
        )
    kept = {stage: seconds for stage, seconds in run.stages.items() if stage in ("load", "train", "evaluate")}
    return runs.update(run, layer=layer, stages=kept, again=())


def refuse_while_active(run: Run) -> None:
    """Raise UserError while a worker is on the run: its plan must not change under it."""
    if jobs.poll(run.path).active:
        raise UserError(f"{run.name} is being worked on.", "", "Wait for it to finish, or cancel it.")


def _extended(run: Run, stages: Sequence[str]) -> Run:
    return replace(run, plan=(*run.plan, *(stage for stage in stages if stage not in run.plan)))


def load_model(
    workspace: Path, request: LoadRequest, listen: Listen = lambda fraction, message: None, *, job: Path | None = None
) -> Run:
    """A run whose model is loaded; its other stages are still to do. A file that is refused leaves no run behind.

    Args:
        workspace: where to.
        request: what for.
        listen: told how far the work is.
        job: the directory of the job that this process does, if it does nothing else.

    Raises:
        UserError: the file is refused, takes more than `core.runs.limits` let it, or does not fit the architecture;
            or such a model cannot take these images.
    """
    file = Path(request.config.source)
    _require_readable(request.config)  # what it refuses, it refuses at once
    from core.stages import load  # torch, which pages never need

    info, config = store.describe(workspace, request.dataset), completed(request.config)
    _require_trainable(info)
    if request.train and config.model == GRAPH:
        raise UserError("An ONNX graph cannot be trained.", "It can only be inspected as it is.", "Inspect it.")
    listen(0.1, "reading the file")
    with limits.confined(file, job):
        opened = (
            load.opened_from(config, store.load(workspace, info.id), request.layer)
            if config.embeddings or config.folder
            else load.open_model(config, info.shape, len(info.class_names), request.layer)
        )
    listen(0.9, "writing the model")
    plan, name = _plan(workspace, info, request), f"{info.name} {_word(request)}".rstrip()
    run = runs.create(workspace, info, asdict(opened.config), plan, name=name)
    load.save_opened(run, opened)
    return runs.finish_stage(runs.update(run, layer=request.layer), "load", 0.0)


def start_loading(workspace: Path, request: LoadRequest, upload: tuple[str, bytes] | None = None) -> Path:
    """Start loading in a worker, and then the work on the run; returns the job's directory, to be polled.

    Args:
        workspace: where to.
        request: what for.
        upload: name and content of an uploaded file, which takes the place of `config.weights`.
    """
    job = jobs.new_job(workspace, "loads")
    weights = request.config.weights
    if upload:
        name, content = upload
        path = job / f"{_UPLOAD}{Path(name).suffix.lower()[:16]}"
        write_file(path, lambda stream: stream.write(content))
        weights = str(path)
    request = replace(request, config=replace(request.config, weights=str(Path(weights).absolute()) if weights else ""))
    keep_request(job, asdict(request))
    start_worker(workspace, "loads", "load-model", [request.dataset], job=job)
    begin_when_loaded(workspace, job)
    return job


def carry_out(workspace: Path, job: Path, listen: Listen) -> Run:
    """Load what was asked for in a job's directory; an uploaded file is deleted once its weights are in the run."""
    run = load_model(workspace, request_of(job, LoadRequest, "What was asked for", _HINT), listen, job=job)
    for upload in job.glob(f"{_UPLOAD}*"):
        upload.unlink()
    keep_result(job, run=run.id)
    return run


def _require_readable(config: TrainConfig) -> None:
    """Raise UserError for what is refused by a first look at it."""
    if config.folder:
        from core.models.pretrained.transformer_folder import read_folder  # tokenizers, which few need

        read_folder(Path(config.folder))
    else:
        (require_text if config.embeddings else kind_of)(Path(config.source))


def _require_trainable(info: DatasetInfo) -> None:
    if not models_for(info.shape):
        raise UserError(
            f"{info.name} cannot be trained on here.",
            "Nothing is known of its samples but names and labels.",
            "Record your own training with core/recorder.py, and load it with load-run.",
        )


def _plan(workspace: Path, info: DatasetInfo, request: LoadRequest) -> tuple[str, ...]:
    if request.train:
        return ("load", *(full_plan(info, workspace) if request.everything else CORE_PLAN))
    if not request.everything:
        return LOADED_PLAN
    detections = map(detection, ("activation_clustering", "consensus"))
    return (*texts([LOAD, ACTIVATIONS, *detections, FAMILIES, EVALUATE]), *FULL_MAPS)


def _word(request: LoadRequest) -> str:
    return "" if request.config.embeddings or request.config.folder else "fine-tuned" if request.train else "inspected"
