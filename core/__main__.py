"""The command line: the same pipeline as the app, for scripts and clusters."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from core import costs, jobs, pipeline, report, results, runs
from core import export as exports
from core.attacks import ATTACKS
from core.attacks.presets import PRESETS
from core.attacks.presets import preset as attacks_of
from core.attacks.specification import Specification, parse_spec
from core.config import TrainConfig
from core.datasets import SOURCES, store
from core.detectors import DETECTORS
from core.errors import UserError
from core.files import plain
from core.models import MODELS
from core.registry import Entry
from core.runs import Run

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Assay: find, review and remove poisoned training data."
)
Workspace = Annotated[
    Path, typer.Option("--workspace", envvar="ASSAY_WORKSPACE", help="Where runs and data sets are kept.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Seed = Annotated[int, typer.Option(min=0, help="Of everything random.")]
HERE = Path("workspace")
P = ParamSpec("P")


def command(function: Callable[P, Any]) -> Callable[P, None]:
    """A typer command that prints what `function` returns, and turns a UserError into one line and exit code 2."""

    @wraps(function)
    def run(*arguments: P.args, **options: P.kwargs) -> None:
        try:
            show(function(*arguments, **options), as_json=bool(options.get("as_json")))
        except UserError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(2) from None
        except (jobs.Cancelled, KeyboardInterrupt):
            typer.echo("cancelled: what was finished is kept; `resume` goes on with it.", err=True)
            raise typer.Exit(130) from None

    app.command(function.__name__.rstrip("_"))(run)
    return run


def show(content: Any, *, as_json: bool) -> None:
    """Print a result: JSON for programs, a table or a list of facts for people."""
    if as_json:
        typer.echo(json.dumps(plain(content), ensure_ascii=False))
    elif isinstance(content, list):
        table = Table(*(content[0] if content else ["nothing yet"]))
        for entry in content:
            table.add_row(*(_text(value) for value in entry.values()))
        Console().print(table)
    else:
        for key, value in content.items():
            typer.echo(f"{key}: {_text(value)}")


@command
def demo(workspace: Workspace = HERE, seed: Seed = 0, as_json: Json = False) -> Mapping[str, Any]:
    """The whole journey without a person: train on the poisoned demo, exclude what is flagged, retrain, compare."""
    with _bar() as listen:
        return pipeline.whole_demo(workspace, seed, listen)


@command
def import_(
    source: Annotated[Path, typer.Argument(help="; ".join(entry.title for entry in SOURCES.values()))],
    name: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    bona_fide: Annotated[
        Path | None, typer.Option(help="A text file with one id of a known-clean sample a line.")
    ] = None,
    job: Annotated[Path | None, typer.Option(hidden=True, help="The directory of the job that this is.")] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Copy a data set into the workspace."""
    with jobs.working_on(job) if job else nullcontext():
        info = pipeline.import_dataset(workspace, source, name, bona_fide)
    return {"dataset": info.id, "n": info.n, "classes": len(info.class_names), "shape": info.shape}


@command
def attack(
    dataset: str,
    specs: Annotated[
        list[str] | None, typer.Argument(metavar="[SPEC]...", help="For example patch:ratio=0.01,target=3")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help=f"Instead of SPEC, one of: {', '.join(PRESETS)}; ac-mnist:ratio=0.33")
    ] = None,
    spec: Annotated[Path | None, typer.Option(help="Instead of both, a specification as JSON.")] = None,
    name: Annotated[str | None, typer.Option(help="What to call the poisoned copy.")] = None,
    seed: Seed = 0,
    job: Annotated[Path | None, typer.Option(hidden=True, help="The directory of the job that this is.")] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Plant one or several attacks in a copy of a data set."""
    if sum(map(bool, (specs, preset, spec))) != 1:
        raise UserError("Name attacks, or a preset, or a specification.", "One of the three.", "See attack --help.")
    if spec:
        asked = pipeline.specification_in(spec)
    elif preset:
        asked = Specification(attacks_of(preset, len(store.describe(workspace, dataset).class_names)), seed)
    else:
        asked = Specification(tuple(map(parse_spec, specs or [])), seed)
    with _working(job) as listen:
        info = pipeline.attack(workspace, dataset, asked, name, listen)
    planted = {one["name"]: one["n_poisoned"] for one in info.attacks}
    return {"dataset": info.id, "poisoned": planted, "specification": info.specification}


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
    with _bar() as listen:
        run = pipeline.work(pipeline.new_run(workspace, dataset, config), listen)
    return {"run": run.id} | results.outcome_figures(run)


@command
def resume(run: str, workspace: Workspace = HERE, as_json: Json = False) -> Mapping[str, Any]:
    """Go on with a run that was cut short, from its last checkpoint."""
    with _bar() as listen:
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
        with _bar() as listen:
            found = pipeline.work(pipeline.use_layer(found, use), listen)
    head = found.layer or next((layer["name"] for layer in runs.layers(found) if layer["is_head"]), None)
    return [layer | {"used": layer["name"] == head} for layer in runs.layers(found)]


@command
def detect(
    run: str,
    detector: str,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the detector.")
    ] = None,
    estimate: Annotated[bool, typer.Option("--estimate", help="Say what it will cost, and do not run it.")] = False,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Run one detector on a trained run."""
    pairs = [pair.partition("=") for pair in settings or []]
    if wrong := next((key for key, equals, _ in pairs if not equals), None):
        raise UserError(
            f"--set {wrong} cannot be used.", "It has to be key=value.", "For example --set n_neighbors=50."
        )
    found, chosen = runs.open_run(workspace, run), {key: value for key, _, value in pairs}
    if estimate:
        return {"detector": detector} | asdict(costs.estimate(found, detector, chosen))
    return pipeline.detect(found, detector, chosen)


@command
def reclassify(
    run: str,
    class_: Annotated[
        list[int] | None, typer.Option("--class", help="A class to check; by default all that look poisoned.")
    ] = None,
    each: Annotated[bool, typer.Option("--each", help="Train one model for each cluster, not one for all.")] = False,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> list[dict[str, Any]]:
    """Check suspect clusters by training without them (exclusionary reclassification)."""
    found = runs.open_run(workspace, run)
    checked = pipeline.plan_reclassification(found, class_ or (), each=each)
    with _bar() as listen:
        return results.reclassified_clusters(pipeline.work(checked, listen))


@command
def relabel(
    run: str,
    by: Annotated[
        str, typer.Option(help="source_class, as published; each_sample: what a model that never saw it says.")
    ] = "source_class",
    reviewer: Annotated[str, typer.Option(help="Who decides.")] = os.environ.get("USER", "command line"),
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Give the clusters that reclassification calls poison the labels that they should have had."""
    found = runs.open_run(workspace, run)
    count = pipeline.relabel_suspects(found, by, reviewer=reviewer)
    return {"run": found.id, "by": by, "samples": count}


@command
def verdict(
    run: str,
    decision: Annotated[str, typer.Argument(help="exclude, keep or mark.")],
    flagged: Annotated[list[str], typer.Option(help="Decide on what this detector flagged; may be repeated.")],
    reviewer: Annotated[str, typer.Option(help="Who decides.")] = os.environ.get("USER", "command line"),
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Decide on all samples that a detector flagged."""
    found = runs.open_run(workspace, run)
    count = pipeline.decide_flagged(found, decision, flagged, reviewer=reviewer)
    return {"run": found.id, "decision": decision, "samples": count}


@command
def repair(
    run: str,
    how: Annotated[
        str, typer.Option(help="retrain: train afresh on what the verdicts leave; continue: go on from its weights.")
    ] = "retrain",
    epochs: Annotated[int | None, typer.Option(help="Of continuing; by default a quarter of a training.")] = None,
    lr: Annotated[float | None, typer.Option(help="Of continuing; by default that of the training.")] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Carry out the verdicts in a child run, and compare before with after."""
    child = pipeline.new_repair(runs.open_run(workspace, run), how, epochs=epochs, learning_rate=lr)
    with _bar() as listen:
        return results.comparison(pipeline.work(child, listen))


@command
def report_(
    run: str,
    out: Annotated[Path, typer.Option(help="The HTML file to write.")],
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Write a self-contained HTML report."""
    size = report.write_report(runs.open_run(workspace, run), out)
    return {"report": str(out), "bytes": size}


@command
def export(
    run: str,
    to: Annotated[Path, typer.Option(help="A file ending in .csv, .parquet or .json.")],
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Write one row per sample: labels, predictions, losses, suspicions, flags and verdicts."""
    return {"export": str(to), "rows": exports.write_samples(runs.open_run(workspace, run), to)}


@command
def runs_(workspace: Workspace = HERE, as_json: Json = False) -> list[dict[str, Any]]:
    """All runs, newest first."""
    return [_run_line(run) for run in runs.all_runs(workspace)]


@command
def datasets(workspace: Workspace = HERE, as_json: Json = False) -> list[dict[str, Any]]:
    """All data sets, newest first."""
    wanted = ("id", "name", "n", "n_test", "n_bona_fide", "shape", "attacks", "created")
    found = [asdict(info) for info in store.describe_all(workspace)]
    return [
        {key: info[key] for key in wanted} | {"attacks": [one["name"] for one in info["attacks"]]} for info in found
    ]


@command
def detectors(workspace: Workspace = HERE, as_json: Json = False) -> list[dict[str, Any]]:
    """The detectors that can be run."""
    return _family(DETECTORS)


@command
def attacks(workspace: Workspace = HERE, as_json: Json = False) -> list[dict[str, Any]]:
    """The attacks that can be planted."""
    return _family(ATTACKS)


@command
def models(workspace: Workspace = HERE, as_json: Json = False) -> list[dict[str, Any]]:
    """The models that can be trained."""
    return _family(MODELS)


@contextmanager
def _working(job: Path | None) -> Iterator[Callable[[float, str], None]]:
    """A job directory that is locked and told how far the work is; without one, nobody is told."""
    if job is None:
        yield lambda share, message: None
        return
    with jobs.working_on(job):
        yield lambda share, message: jobs.write(job, replace(jobs.poll(job), share=share, message=message))


class _bar:
    """A progress bar on a terminal, silence elsewhere."""

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:3.0f} %"),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
        self._task = self._progress.add_task("Starting", total=1.0)

    def __enter__(self) -> Callable[[jobs.Progress], None]:
        self._progress.start()
        return self._listen

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def _listen(self, progress: jobs.Progress) -> None:
        words = f"{progress.title}: {progress.message}" if progress.message else progress.title
        self._progress.update(self._task, completed=progress.share, description=words)


def _family(family: Mapping[str, Entry]) -> list[dict[str, Any]]:
    return [entry.as_dict() for entry in family.values()]


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


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_text(item)}" for key, item in value.items()) or "–"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value)) or "–"
    return "–" if value is None else str(value)


if __name__ == "__main__":
    app(prog_name="python -m core")
