"""Commands about repairs as experiments: side by side, and repeated with other seeds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from core import pipeline, runs
from core.commands.common import HERE, Json, Workspace, command, progress_bar, working
from core.data import store
from core.evaluation import experiments
from core.evaluation.removed import fate_words, removed


@command
def repairs(
    run: str,
    classes: Annotated[bool, typer.Option("--classes", help="The accuracy of each class instead.")] = False,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> list[dict[str, Any]]:
    """All repairs of a run side by side: before and after, over seeds, and what is wrong with any of them."""
    subject = runs.open_run(workspace, run)
    subject = runs.open_run(workspace, subject.parent) if subject.parent else subject
    found = experiments.experiments(subject)
    names = store.describe(workspace, subject.dataset).class_names
    if classes:
        return experiments.class_rows(found, names)
    lines = experiments.rows(found)
    for line, one in zip(lines, found, strict=True):
        fate = removed(runs.open_run(workspace, one.runs[0])) if one.finished else None
        line["removed_since"] = fate_words(fate, names) if one.finished else ""
    return lines


@command
def repeat_repair(
    run: Annotated[str, typer.Argument(help="A repair.")],
    times: Annotated[int, typer.Option(help="How many further seeds.")] = 2,
    job: Annotated[Path | None, typer.Option(hidden=True, help="The directory of the job that this is.")] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Carry out a repair again with other seeds, one after the other, to see how far its figures spread."""
    children = pipeline.repeat_repair(runs.open_run(workspace, run), times)
    with working(job) as tell, progress_bar() as listen:
        for number, child in enumerate(children):
            tell(number / len(children), f"seed {number + 1} of {len(children)}")
            pipeline.work(child, listen)
    parent = runs.open_run(workspace, str(children[0].parent))
    [found] = [one for one in experiments.experiments(parent) if children[0].id in one.runs]
    return {"parent": parent.id, **experiments.rows([found])[0]}
