"""Commands about decisions: verdicts, new labels, repairs, reports, exports, and what is kept of them."""

import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from core import pipeline, runs
from core.analysis.caveats import emptied_words, judged_of, undecided_of
from core.analysis.decision import sample_states
from core.analysis.ids import found_ids
from core.analysis.opened_run import opened
from core.analysis.rule_words import rule_words
from core.commands.common import HERE, Json, Workspace, command, progress_bar, working
from core.data import store
from core.errors import UserError
from core.evaluation import results
from core.evaluation.own_errors import of_each
from core.evaluation.untold import sentence, untold
from core.journal import changes, revisions
from core.journal.review import DECISIONS
from core.output import report
from core.output.clean_copy import files_of, write_clean_copy
from core.output.export import EXPORTS, write_export
from core.output.hub_push import push_clean_copy
from core.runs import Run

ME = os.environ.get("USER", "command line")
Reviewer = Annotated[str, typer.Option(help="Who decides.")]


@command
def verdict(
    run: str,
    decision: Annotated[str, typer.Argument(help="exclude, keep or mark (unsure).")],
    flagged: Annotated[
        list[str] | None, typer.Option(help="Decide on what this detector flagged; may be repeated.")
    ] = None,
    decided: Annotated[
        list[str] | None,
        typer.Option(help="Decide on what `decide` calls backdoor, wrong label or open; may be repeated."),
    ] = None,
    tagged: Annotated[list[str] | None, typer.Option(help="Decide on what has this tag; may be repeated.")] = None,
    reviewer: Reviewer = ME,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Decide on all samples that a detector flagged, that the decision calls backdoor, or that have a tag."""
    subject = runs.open_run(workspace, run)
    if decision in ("relabel", "undecided"):
        raise UserError(
            f"All flagged samples cannot be made {decision} at once.",
            "This command takes exclude, keep or mark.",
            f"For new labels: relabel {subject.id}, after reclassify; or decide on the Review page.",
        )
    if sum(map(bool, (flagged, decided, tagged))) != 1:
        raise UserError(
            "It is not said which samples are meant.",
            "This command takes one of --flagged, --decided and --tagged.",
            "For example: --decided backdoor.",
        )
    rules: dict[str, str] = {}
    if flagged:
        count = pipeline.decide_flagged(subject, decision, flagged, reviewer=reviewer)
        now = opened(subject)
        hit = np.logical_or.reduce([now.detections[name].flagged for name in flagged])
        rules = {name: rule_words(now, name) for name in flagged}
    elif tagged:
        ids = pipeline.decide_tagged(subject, tagged, decision, reviewer=reviewer)
        now, count = opened(subject), len(ids)
        hit = np.isin(now.data.ids, ids)
    else:
        count = pipeline.decide_state(subject, decided or [], decision, reviewer=reviewer)
        now = opened(subject)
        hit = np.isin((sample_states(now) or ([], []))[0], decided or [])
    return {
        "run": subject.id,
        "decision": decision,
        "samples": count,
        "bona_fide": int((hit & now.bona_fide).sum()),
        "rules": rules,
    }


@command
def relabel(
    run: str,
    by: Annotated[
        str, typer.Option(help="source_class, as published; each_sample: what a model that never saw it says.")
    ] = "source_class",
    reviewer: Reviewer = ME,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Give the clusters that reclassification calls poison the labels that they should have had."""
    subject = runs.open_run(workspace, run)
    count = pipeline.relabel_suspects(subject, by, reviewer=reviewer)
    return {"run": subject.id, "by": by, "samples": count}


@command
def repair(
    run: str,
    how: Annotated[
        str, typer.Option(help="retrain: train afresh on what the verdicts leave; continue: go on from its weights.")
    ] = "retrain",
    epochs: Annotated[
        int | None, typer.Option(help="Epochs to continue for; by default a quarter of the first, at least six.")
    ] = None,
    lr: Annotated[
        float | None, typer.Option(help="Learning rate to continue with; by default three times the first.")
    ] = None,
    revision: Annotated[
        int | None, typer.Option(help="Train on this revision; by default what is pending is committed.")
    ] = None,
    reviewer: Annotated[str, typer.Option(help="Who commits that revision.")] = ME,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Carry out the verdicts in a child run, and compare before with after."""
    subject = runs.open_run(workspace, run)
    child = pipeline.new_repair(subject, how, epochs=epochs, learning_rate=lr, revision=revision, reviewer=reviewer)
    left = _left_open(subject)
    whole = store.load(subject.workspace, subject.dataset)
    emptied = emptied_words(changes.summary(whole, runs.read_changes(child)))
    if emptied:
        typer.echo(emptied, err=True)
    with progress_bar() as listen:
        done = pipeline.work(child, listen)
    unclear = sentence(untold(done, of_each(done)))
    if unclear:
        typer.echo(unclear, err=True)
    said = {"emptied": emptied, "not_told": unclear}
    return {**results.comparison(done), **left, **{name: words for name, words in said.items() if words}}


@command
def report_(
    run: str,
    out: Annotated[Path, typer.Option(help="The HTML file to write.")],
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Write a self-contained HTML report."""
    subject = runs.open_run(workspace, run)
    size = report.write_report(subject, out)
    return {"report": str(out), "bytes": size, **_left_open(subject)}


@command
def export(
    run: str,
    to: Annotated[Path, typer.Option(help="The file to write; see --what for its ending.")],
    what: Annotated[
        str,
        typer.Option(
            help="; ".join(f"{kind.name} ({', '.join(kind.endings)}): {kind.help}" for kind in EXPORTS.values())
        ),
    ] = "samples",
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Write what is known of the samples, for other tools."""
    subject = runs.open_run(workspace, run)
    return {"export": str(to), "rows": write_export(opened(subject), what, to), **_left_open(subject)}


@command
def copy_clean(
    run: str,
    to: Annotated[Path, typer.Option(help="A new folder, or a file ending in .npz.")],
    files: Annotated[
        str | None,
        typer.Option(
            help="What the folder gets: copy, hard-link or symlink for the original files; stored for what "
            "the workspace holds; datasets for Parquet files that datasets.load_dataset opens. By default the "
            "originals are copied where there are any."
        ),
    ] = None,
    job: Annotated[Path | None, typer.Option(hidden=True, help="The directory of the job that this is.")] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Copy the data without what was excluded, relabelled where so decided."""
    subject = runs.open_run(workspace, run)
    with working(job) as listen:
        chosen = None if files is None else files_of(files)
        return {**write_clean_copy(opened(subject), to, listen, files=chosen), **_left_open(subject)}


@command
def push_clean(
    run: str,
    name: Annotated[str, typer.Argument(help="OWNER/NAME of a new data set on the Hub.")],
    public: Annotated[bool, typer.Option("--public", help="Everybody may see it; else only its owner.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="It may hold something; its folder `data` is replaced.")
    ] = False,
    job: Annotated[Path | None, typer.Option(hidden=True, help="The directory of the job that this is.")] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Push the data without what was excluded to the Hugging Face Hub, private by default; HF_TOKEN names the owner."""
    subject = runs.open_run(workspace, run)
    with working(job) as listen:
        pushed = push_clean_copy(opened(subject), name, listen, public=public, replace=replace)
        return {**pushed, **_left_open(subject)}


@command
def commit(
    run: str,
    name: Annotated[str, typer.Option(help="What to call the revision; by default it gets its number.")] = "",
    why: Annotated[str, typer.Option(help="What a later reader should know.")] = "",
    reviewer: Annotated[str, typer.Option(help="Who commits.")] = ME,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Make what is pending on a run a numbered revision of its data set."""
    return asdict(revisions.commit(runs.open_run(workspace, run), name, why, reviewer=reviewer))


@command
def revisions_(run: str, workspace: Workspace = HERE, as_json: Json = False) -> list[dict[str, Any]]:
    """All revisions of a run's data set, newest first."""
    subject = runs.open_run(workspace, run)
    columns = ("number", "name", "excluded", "relabelled", "reviewer", "created", "why", "run")
    listed = map(asdict, revisions.revisions(workspace, subject.dataset))
    return [{key: revision[key] for key in columns} for revision in listed]


@command
def go_back(
    run: str,
    number: Annotated[int, typer.Argument(help="The number of the revision; 0 is the data as imported.")],
    reviewer: Reviewer = ME,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Append the verdicts that bring the data of a run to an earlier revision; nothing is deleted."""
    count = revisions.go_back(runs.open_run(workspace, run), number, reviewer=reviewer)
    return {"run": run, "revision": number, "samples": count}


@command
def journal(
    run: str,
    to: Annotated[Path | None, typer.Option(help="A file ending in .csv, .json or .parquet; else it is shown.")] = None,
    by: Annotated[str | None, typer.Option(help="Only what this reviewer decided.")] = None,
    decision: Annotated[str | None, typer.Option(help=f"Only {', '.join(DECISIONS)}.")] = None,
    sample: Annotated[int | None, typer.Option(help="Only the history of this sample.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Only what was decided from then on.")] = None,
    last: Annotated[int | None, typer.Option(min=1, help="Only so many of the newest entries.")] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Any:
    """Every verdict ever given on a run, oldest first."""
    subject = runs.open_run(workspace, run)
    if sample is not None:
        found_ids(str(sample), opened(subject).data.ids)  # refuses what is no sample: nothing was decided on it
    conditions = {"reviewer": by, "decision": decision, "sample": sample, "since": since, "last": last}
    if to is not None:
        return {"journal": str(to), "rows": pipeline.write_journal(subject, to, **conditions)}
    return pipeline.journal_rows(subject, **conditions)


@command
def bona_fide(
    run: str,
    ids: Annotated[Path, typer.Option(help="A text file with one known-clean sample a line, by row number or name.")],
    withdraw: Annotated[bool, typer.Option("--withdraw", help="They are no longer guaranteed to be clean.")] = False,
    reviewer: Annotated[str, typer.Option(help="Who guarantees.")] = ME,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Name samples that are clean for certain, for detectors that learn from them."""
    subject = runs.open_run(workspace, run)
    count = pipeline.import_bona_fide(subject, ids, reviewer=reviewer, accepted=not withdraw)
    return {"dataset": subject.dataset, "samples": count, "bona_fide": int(opened(subject).bona_fide.sum())}


def _left_open(run: Run) -> dict[str, int | str | None]:
    """What the result of the run, or of the one that it repairs, leaves open; of the undecided, stderr says it, too."""
    subject = opened(runs.open_run(run.workspace, run.parent) if run.parent else run)
    count, words = undecided_of(subject)
    if words:
        typer.echo(words, err=True)
    return {"undecided": count, "judged": judged_of(subject)}
