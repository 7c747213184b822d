"""The command for trainings that took place elsewhere."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from core import pipeline, runs
from core.analysis.opened_run import opened
from core.commands.common import HERE, Json, Workspace, command, progress_bar, working
from core.evaluation.second_recording import side_by_side
from core.pipeline.recorded import RecordedRequest

ARRAY = "A .npy file, or a .pt file of tensors"


@command
def load_run(
    dataset: str,
    recording: Annotated[Path | None, typer.Option(help="The folder that core/recorder.py wrote.")] = None,
    losses: Annotated[
        Path | None,
        typer.Option(help="Losses (n, epochs): .npy, .pt, .jsonl, or a folder of dataset cartography."),
    ] = None,
    activations: Annotated[Path | None, typer.Option(help=f"{ARRAY}: (n, d).")] = None,
    predictions: Annotated[Path | None, typer.Option(help=f"{ARRAY}: (n,), class indices.")] = None,
    probabilities: Annotated[Path | None, typer.Option(help=f"{ARRAY}: (n, classes) or (n, epochs, classes).")] = None,
    name: Annotated[str, typer.Option(help="What to call the run.")] = "",
    detect: Annotated[bool, typer.Option(help="Run detectors and draw maps, as far as what was recorded goes.")] = True,
    job: Annotated[Path | None, typer.Option(hidden=True, help="The directory of the job that this is.")] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Look at a training that took place elsewhere, by the losses of every sample and what else was recorded."""
    if job:
        with working(job) as tell:
            return {"run": pipeline.carry_out_recorded(workspace, job, tell).id}
    paths = {
        "recording": recording,
        "losses": losses,
        "activations": activations,
        "predictions": predictions,
        "probabilities": probabilities,
    }
    named = {kind: str(path.absolute()) for kind, path in paths.items() if path}
    run = pipeline.load_recorded(workspace, RecordedRequest(dataset, name=name, **named))
    if detect:
        with progress_bar() as listen:
            run = pipeline.work(run, listen)
    return {
        "run": run.id,
        "epochs": run.config["epochs"],
        "flagged": {kind: int(found.flagged.sum()) for kind, found in runs.detections(run).items()},
        "notes": runs.recorded(run)["notes"],
    }


@command
def compare(
    run: str,
    second: Annotated[str, typer.Argument(help="The other recorded run: its id, the beginning of it, or its name.")],
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> list[dict[str, Any]]:
    """Compare two recorded trainings: what became of the samples that were decided on."""
    other = pipeline.whole_id("run", second, workspace)
    table = side_by_side(opened(runs.open_run(workspace, run)), opened(runs.open_run(workspace, other)))
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{str(key).replace(" ", "_"): value for key, value in row.items()} for row in rows]
