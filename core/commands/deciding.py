"""Commands about decisions: verdicts, new labels, repairs, reports, exports."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from core import pipeline, report, results, runs
from core.clean_copy import write_clean_copy
from core.commands.frame import HERE, Json, Workspace, command, progress_bar, working
from core.export import EXPORTS, write_export


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
    with progress_bar() as listen:
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
    to: Annotated[Path, typer.Option(help="The file to write; see --what for its ending.")],
    what: Annotated[
        str,
        typer.Option(help="; ".join(f"{one.name} ({', '.join(one.endings)}): {one.help}" for one in EXPORTS.values())),
    ] = "samples",
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Write what is known of the samples, for other tools."""
    return {"export": str(to), "rows": write_export(runs.open_run(workspace, run), what, to)}


@command
def copy_clean(
    run: str,
    to: Annotated[Path, typer.Option(help="A new folder, or a file ending in .npz.")],
    job: Annotated[Path | None, typer.Option(hidden=True, help="The directory of the job that this is.")] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Copy the data without what was excluded, relabelled where so decided."""
    with working(job) as listen:
        return write_clean_copy(runs.open_run(workspace, run), to, listen)
