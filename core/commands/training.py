"""Commands about models: train, resume, layers, and what there is."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from core import jobs, pipeline, results, runs
from core.commands.frame import HERE, Json, Seed, Workspace, command, listed, progress_bar
from core.config import TrainConfig
from core.models import MODELS
from core.runs import Run


@command
def demo(workspace: Workspace = HERE, seed: Seed = 0, as_json: Json = False) -> Mapping[str, Any]:
    """The whole journey without a person: train on the poisoned demo, exclude what is flagged, retrain, compare."""
    with progress_bar() as listen:
        return pipeline.whole_demo(workspace, seed, listen)


@command
def train(
    dataset: str,
    model: Annotated[str, typer.Option(help=f"One of: {', '.join(MODELS)}.")] = "convnet",
    epochs: int = TrainConfig.epochs,
    batch_size: int = TrainConfig.batch_size,
    lr: float = TrainConfig.learning_rate,
    weight_decay: float = TrainConfig.weight_decay,
    augment: Annotated[str, typer.Option(help="none, flip, crop or crop_flip.")] = TrainConfig.augment,
    seed: Seed = 0,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Train a model, tracing the loss of every sample after every epoch."""
    config = TrainConfig(model, epochs, batch_size, lr, weight_decay, augment=augment, seed=seed)
    with progress_bar() as listen:
        run = pipeline.work(pipeline.new_run(workspace, dataset, config), listen)
    return {"run": run.id} | results.outcome_figures(run)


@command
def resume(run: str, workspace: Workspace = HERE, as_json: Json = False) -> Mapping[str, Any]:
    """Go on with a run that was cut short, from its last checkpoint."""
    with progress_bar() as listen:
        finished = pipeline.work(runs.open_run(workspace, run), listen)
    return {"run": finished.id, "stages": dict(finished.stages)}


@command
def layers(
    run: str,
    use: Annotated[str | None, typer.Option(help="Take the input of this layer as the activation from now on.")] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> list[dict[str, Any]]:
    """The layers of a run's model with the size of their inputs; with --use, activations are read anew from another."""
    found = runs.open_run(workspace, run)
    if use:
        with progress_bar() as listen:
            found = pipeline.work(pipeline.use_layer(found, use), listen)
    head = found.layer or next((layer["name"] for layer in runs.layers(found) if layer["is_head"]), None)
    return [layer | {"used": layer["name"] == head} for layer in runs.layers(found)]


@command
def runs_(workspace: Workspace = HERE, as_json: Json = False) -> list[dict[str, Any]]:
    """All runs, newest first."""
    return [_run_line(run) for run in runs.all_runs(workspace)]


@command
def models(workspace: Workspace = HERE, as_json: Json = False) -> list[dict[str, Any]]:
    """The models that can be trained."""
    return listed(MODELS)


def _run_line(run: Run) -> dict[str, Any]:
    figures = results.outcome_figures(run)
    about = {
        "run": run.id,
        "name": run.name,
        "dataset": run.dataset,
        "state": jobs.poll(run.path).state,
        "parent": run.parent,
    }
    return about | figures
