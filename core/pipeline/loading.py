"""Models that were trained elsewhere become runs: to be inspected as they are, or trained on."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from core import families, jobs, runs
from core.config import TrainConfig, completed
from core.datasets import store
from core.datasets.store import DatasetInfo
from core.errors import UserError
from core.files import write_file, write_json
from core.kept import read_json
from core.models import GRAPH
from core.models.kinds import kind_of
from core.pipeline.running import CORE_PLAN, FULL_MAPS, full_plan
from core.runs import Run

LOADED_PLAN = ("load", "activations", "evaluate", "maps:pca")
_ASKED, _RESULT, _UPLOAD = "asked.json", "result.json", "weights"
_HINT = "Load the model again."
Listen = Callable[[float, str], None]


@dataclass(frozen=True)
class Asked:
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


def load_model(workspace: Path, asked: Asked, listen: Listen = lambda share, message: None) -> Run:
    """A run whose model is loaded; its other stages are still to do. A file that is refused leaves no run behind.

    Raises:
        UserError: the file is refused, does not fit the architecture, or such a model cannot take these images.
    """
    kind_of(Path(asked.config.weights))  # what it refuses, it refuses at once
    from core import loading  # torch, which pages never need

    info, config = store.describe(workspace, asked.dataset), completed(asked.config)
    if asked.train and config.model == GRAPH:
        raise UserError("An ONNX graph cannot be trained.", "It can only be inspected as it is.", "Inspect it.")
    listen(0.1, "reading the file")
    opened = loading.open_model(config, info.shape, len(info.class_names), asked.layer)
    listen(0.9, "writing the model")
    plan, name = _plan(workspace, info, asked), f"{info.name} {_word(asked)}"
    run = runs.create(workspace, info, asdict(opened.config), plan, name=name)
    loading.save_opened(run, opened)
    return runs.finish_stage(runs.update(run, layer=asked.layer), "load", 0.0)


def start_loading(workspace: Path, asked: Asked, upload: tuple[str, bytes] | None = None) -> Path:
    """Start loading in a worker; returns the job's directory, to be polled. `loaded_run` says what came of it.

    Args:
        workspace: where to.
        asked: what for.
        upload: name and content of an uploaded file, which takes the place of `config.weights`.
    """
    job = jobs.new_job(workspace, "loads")
    weights = asked.config.weights
    if upload:
        name, content = upload
        path = job / f"{_UPLOAD}{Path(name).suffix.lower()[:16]}"
        write_file(path, lambda stream: stream.write(content))
        weights = str(path)
    asked = replace(asked, config=replace(asked.config, weights=str(Path(weights).absolute()) if weights else ""))
    write_json(job / _ASKED, asdict(asked))
    jobs.start(job, ["load-model", asked.dataset, "--job", str(job.resolve()), "--workspace", str(workspace.resolve())])
    return job


def carry_out(workspace: Path, job: Path, listen: Listen) -> Run:
    """Load what was asked for in a job's directory; an uploaded file is deleted once its weights are in the run."""
    run = load_model(workspace, read_json(job / _ASKED, Asked, "What was asked for", _HINT), listen)
    for upload in job.glob(f"{_UPLOAD}*"):
        upload.unlink()
    write_json(job / _RESULT, {"run": run.id})
    return run


def loaded_run(workspace: Path, job: Path) -> Run:
    """The run that a finished job made."""
    found = read_json(job / _RESULT, dict[str, str], "What the loading made", _HINT)
    return runs.open_run(workspace, found.get("run", ""))


def _plan(workspace: Path, info: DatasetInfo, asked: Asked) -> tuple[str, ...]:
    if asked.train:
        return ("load", *(full_plan(info, workspace) if asked.everything else CORE_PLAN))
    if not asked.everything:
        return LOADED_PLAN
    detecting = (f"detect:{name}" for name in ("activation_clustering", "consensus"))
    return ("load", "activations", *detecting, families.STAGE, "evaluate", *FULL_MAPS)


def _word(asked: Asked) -> str:
    return "fine-tuned" if asked.train else "inspected"
