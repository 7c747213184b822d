"""Commands about detectors: detect, reclassify, and what there is."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, cast, get_args

import typer

from core import pipeline, runs
from core.analysis import detector_table, suspect_clusters
from core.analysis.decision import as_dict, decided_words, decision_of
from core.analysis.opened_run import opened
from core.analysis.rule_words import rule_words
from core.analysis.rules import ALLOWED, Kind, Rule
from core.commands.common import HERE, Json, Workspace, command, key_values, listed, progress_bar
from core.detectors import DETECTORS
from core.errors import UserError

EXAMPLES = {"rate": "0.1", "budget": "100", "threshold": "2.5"}


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
    subject, chosen = runs.open_run(workspace, run), key_values(settings, "n_neighbors=50")
    if estimate:
        return {"detector": detector} | asdict(detector_table.estimate(subject, detector, chosen))
    return pipeline.detect(subject, detector, chosen)


@command
def threshold(
    run: str,
    detector: str,
    rule: Annotated[str, typer.Option(help=f"One of: {', '.join(get_args(Kind))}.")],
    value: Annotated[
        float | None,
        typer.Option(
            help="For rate, the fraction of wrong ones on average; for budget, how many samples; for threshold, the "
            "least suspicion. The other rules take none."
        ),
    ] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Choose how strict to be with a detector that ran: pages, report and exports follow."""
    if value is None and rule in EXAMPLES:
        raise UserError(f"The rule {rule} needs a value.", ALLOWED[rule][2], f"For example --value {EXAMPLES[rule]}.")
    chosen_rule = Rule(cast("Kind", rule), value or 0.0)
    subject = runs.open_run(workspace, run)
    flagged = pipeline.choose_rule(subject, detector, chosen_rule)
    return {"detector": detector, "rule": rule_words(opened(subject), detector), "flagged": flagged}


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
    subject = runs.open_run(workspace, run)
    checked = pipeline.plan_reclassification(subject, class_ or (), each=each)
    with progress_bar() as listen:
        return suspect_clusters.reclassified_clusters(opened(pipeline.work(checked, listen)))


@command
def decide(
    run: str,
    training: Annotated[
        bool,
        typer.Option(
            help="Train up to five more models without the suspects: they tell wrong labels, stickers and warps."
        ),
    ] = True,
    estimate: Annotated[bool, typer.Option("--estimate", help="Say what it will cost, and do not run it.")] = False,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Decide what is a backdoor, what a wrong label and what stays open; runs what it needs first."""
    subject = runs.open_run(workspace, run)
    if estimate:
        return {"seconds": pipeline.decision_seconds(subject, training=training), "trains": training and subject.traced}
    with progress_bar() as listen:
        now = opened(pipeline.work(pipeline.plan_decision(subject, training=training), listen))
    decision = decision_of(now)
    assert decision is not None  # it was just made
    return {"headline": decided_words(now), **as_dict(decision, now.data.ids)}


@command
def detectors(workspace: Workspace = HERE, as_json: Json = False) -> list[dict[str, Any]]:
    """The detectors that can be run."""
    return listed(DETECTORS)
