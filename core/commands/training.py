"""Commands about models: train, resume, layers, and what there is."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from core import pipeline, runs
from core.analysis.opened_run import opened
from core.commands.common import (
    HERE,
    Json,
    Seed,
    Workspace,
    command,
    listed,
    progress_bar,
    say_damaged,
    show,
    working,
)
from core.data import store
from core.errors import UserError
from core.evaluation import results
from core.evaluation.sanity import sanity
from core.json_files import Damaged
from core.models import FROM_FOLDER, MODELS, USUAL, title_of, usual_rate
from core.models.catalogue import outside_names
from core.runs import Run, jobs
from core.training.config import TrainConfig, channel_values

Mean = Annotated[str, typer.Option(help="What is taken off pixels from 0 to 1: one number, or 0.5,0.5,0.5.")]
Std = Annotated[str, typer.Option(help="What pixels are divided by after the mean was taken off, written alike.")]
InputSize = Annotated[
    int | None,
    typer.Option(help="Edge in pixels to resize to; by default as the model was published."),
]
ColourOrder = Annotated[str, typer.Option(help="rgb or bgr: in which order the model sees the channels, mean and std.")]


@command
def demo(
    text: Annotated[bool, typer.Option("--text", help="Poisoned texts instead of images.")] = False,
    workspace: Workspace = HERE,
    seed: Seed = 0,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """The whole journey without a person: train on the poisoned demo, exclude what is flagged, retrain, compare."""
    if not as_json:
        what = "3,400 short texts with two" if text else "6,000 small images with three"
        words = f"Trains twice on {what} planted attacks: about 2 minutes on one core. The runs"
        typer.echo(f"{words} go to {workspace}.", err=True)
    with progress_bar() as listen:
        return pipeline.whole_demo(workspace, seed, listen, kind="text" if text else "image")


@command
def train(
    dataset: str,
    model: Annotated[
        str,
        typer.Option(help=f"The model: {', '.join(MODELS)}, torchvision:NAME, timm:NAME, own:NAME. Default: {USUAL}."),
    ] = "",
    epochs: Annotated[int, typer.Option(help="How often every sample is seen.")] = TrainConfig.epochs,
    batch_size: Annotated[int, typer.Option(help="How many samples a step takes.")] = TrainConfig.batch_size,
    lr: Annotated[
        float | None,
        typer.Option(help="Learning rate at the start, 0.001, or 0.00005 of a transformer; it falls as a cosine."),
    ] = None,
    weight_decay: Annotated[float, typer.Option(help="Weight decay of AdamW.")] = TrainConfig.weight_decay,
    augment: Annotated[
        str,
        typer.Option(
            help="How samples are varied: none, flip, crop, crop_flip, resized_crop_flip, or word_dropout for texts."
        ),
    ] = TrainConfig.augment,
    compiled: Annotated[bool, typer.Option("--compile", help="Compile the network first; pays on a GPU.")] = False,
    sharpness: Annotated[
        float,
        typer.Option(metavar="RHO", help="Sharpness-aware, 0.1 is usual: backdoors show more; twice the time."),
    ] = TrainConfig.sharpness,
    detect: Annotated[bool, typer.Option(help="Run the detectors and draw the maps, too, as the page does.")] = True,
    weights: Annotated[Path | None, typer.Option(help="Weights to start from: .safetensors or a state_dict.")] = None,
    embeddings: Annotated[
        Path | None,
        typer.Option(help="Word vectors that a model of texts starts with: a text file, word2vec or GloVe."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(help="The folder of a transformer: config.json, model.safetensors and tokenizer.json. Texts."),
    ] = None,
    frozen: Annotated[bool, typer.Option("--frozen", help="The transformer stays as it is; its head learns.")] = False,
    mean: Mean = "",
    std: Std = "",
    input_size: InputSize = None,
    colour_order: ColourOrder = "rgb",
    seed: Seed = 0,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Train a model, tracing the loss of every sample after every epoch; then run the detectors."""
    feeding = _feeding(mean, std, input_size, colour_order)
    suited = None if model or folder else pipeline.usual_model(workspace, dataset)
    model = suited.name if suited else model or FROM_FOLDER
    if sum(map(bool, (weights, embeddings, folder))) > 1:
        raise UserError("A training begins with one thing.", "", "Give --weights, --embeddings or --folder.")
    if frozen and not folder:
        raise UserError("Only a transformer is frozen.", "The others begin from nothing.", "Give its --folder.")
    config = TrainConfig(
        model,
        epochs,
        batch_size,
        usual_rate(model, frozen=frozen) if lr is None else lr,
        weight_decay,
        model_settings=(("frozen", True),) if frozen else suited.settings if suited else (),
        **_beginnings(weights, embeddings, folder),
        augment=augment,
        seed=seed,
        compiled=compiled,
        sharpness=sharpness,
        **feeding,
    )
    if config.source:
        request = pipeline.LoadRequest(dataset, config, train=True, everything=detect)
        run = pipeline.load_model(workspace, request)
    else:
        plan = pipeline.full_plan(store.describe(workspace, dataset), workspace) if detect else pipeline.CORE_PLAN
        run = pipeline.new_run(workspace, dataset, config, plan=plan)
    with progress_bar() as listen:
        run = pipeline.work(run, listen)
    flagged = {name: int(found.flagged.sum()) for name, found in opened(run).detections.items()}
    return (
        {"run": run.id}
        | results.outcome_figures(run)
        | ({"flagged": flagged} if detect else {})
        | ({"notes": runs.loaded(run)["notes"]} if config.source else {})
    )


@command
def load_model(
    dataset: str,
    arch: Annotated[str, typer.Option(help="The architecture: what --model of train takes, or onnx for a graph.")] = "",
    weights: Annotated[Path | None, typer.Option(help=".safetensors, a state_dict saved by torch, or .onnx.")] = None,
    mean: Mean = "",
    std: Std = "",
    input_size: InputSize = None,
    colour_order: ColourOrder = "rgb",
    layer: Annotated[str | None, typer.Option(help="Take the input of this layer as the activation.")] = None,
    seed: Seed = 0,
    job: Annotated[Path | None, typer.Option(hidden=True, help="The directory of the job that this is.")] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Look at data with a model from elsewhere, as it is: its predictions, losses and activations, for detectors."""
    if job:
        with working(job) as tell:
            return {"run": pipeline.carry_out(workspace, job, tell).id}
    if not arch or not weights:
        raise UserError("A model needs an architecture and weights.", "", "--arch timm:resnet18 --weights FILE")
    feeding = _feeding(mean, std, input_size, colour_order)
    config = TrainConfig(arch, seed=seed, weights=str(weights.resolve()), **feeding)
    run = pipeline.load_model(workspace, pipeline.LoadRequest(dataset, config, layer=layer))
    with progress_bar() as listen:
        run = pipeline.work(run, listen)
    accuracy = sanity(opened(run))
    figures = (
        {"accuracy": accuracy.train, "test_accuracy": accuracy.test, "chance": accuracy.chance} if accuracy else {}
    )
    return {
        "run": run.id,
        **figures,
        "warning": accuracy.warning if accuracy else "",
        "notes": runs.loaded(run)["notes"],
    }


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
    subject = runs.open_run(workspace, run)
    if use:
        with progress_bar() as listen:
            subject = pipeline.work(pipeline.use_layer(subject, use), listen)
    head = subject.layer or next((layer["name"] for layer in runs.layers(subject) if layer["is_head"]), None)
    return [layer | {"used": layer["name"] == head} for layer in runs.layers(subject)]


@command
def runs_(workspace: Workspace = HERE, as_json: Json = False) -> list[dict[str, Any]]:
    """All runs, newest first; damaged ones are named apart, with what to do."""
    say_damaged(runs.damaged_runs(workspace))
    lines = []
    for run in runs.all_runs(workspace):
        try:
            lines.append(_run_line(run))
        except UserError as error:
            say_damaged([Damaged(run.path, run.id, error)])
    return lines


@command
def verify(run: str, workspace: Workspace = HERE, as_json: Json = False) -> list[dict[str, Any]]:
    """Compare every file of a run and of its data set with its checksum; ends with 1 where something is damaged."""
    files = pipeline.verify(workspace, run)
    lines = [asdict(file) for file in files]
    if not as_json:  # a table cuts long names: the folder gets a column of its own
        parts = [line["file"].split("/", 2) for line in lines]
        lines = [line | {"file": names[-1], "of": names[0]} for names, line in zip(parts, lines, strict=True)]
    if not all(file.sound for file in files):
        show(lines, as_json=as_json)
        raise typer.Exit(1)
    return lines


@command
def models(
    like: Annotated[str, typer.Option(help="Those of torchvision, timm and your own whose names hold this.")] = "",
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> list[dict[str, Any]]:
    """The models that can be trained; with --like, those from elsewhere that can be trained or loaded."""
    if like:
        return [{"name": name, "title": title_of(name)} for name in outside_names() if like.lower() in name.lower()]
    return listed(MODELS)


def _beginnings(weights: Path | None, embeddings: Path | None, folder: Path | None) -> dict[str, Any]:
    """Field of a configuration → what a training begins with, if anything."""
    named = {"weights": weights, "embeddings": embeddings, "folder": folder}
    return {name: str(path.resolve()) for name, path in named.items() if path}


def _feeding(mean: str, std: str, input_size: int | None, colour_order: str) -> dict[str, Any]:
    """The fields of a configuration that say how images are fed to the network."""
    values = {name: channel_values(name, text) for name, text in (("mean", mean), ("std", std))}
    return {**values, "input_size": input_size, "colour_order": colour_order}


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
