"""Commands about comments and tags."""

import os
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from core import runs
from core.analysis import families
from core.analysis.decision import find_group
from core.analysis.ids import found_ids
from core.analysis.opened_run import opened
from core.commands.common import HERE, Json, Workspace, command, say
from core.errors import UserError
from core.journal import review
from core.journal.review.notes import KINDS, About, Kind, listed

ME = os.environ.get("USER", "command line")


@command
def note(
    run: str,
    kind: Annotated[str, typer.Argument(help="comment, tag or untag.")],
    text: Annotated[str, typer.Argument(help="The comment, or the tag.")],
    samples: Annotated[str | None, typer.Option(help='Ids and ranges, such as "7, 10-20".')] = None,
    family: Annotated[int | None, typer.Option(min=1, help="A family instead of samples.")] = None,
    group: Annotated[int | None, typer.Option(min=1, help="A group of the decision instead of samples.")] = None,
    reviewer: Annotated[str, typer.Option(help="Who says so.")] = ME,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Comment on samples, a family or a group, tag them, or take a tag off."""
    subject = runs.open_run(workspace, run)
    if kind not in KINDS:
        raise UserError(f"There is no note of the kind {kind!r}.", f"Known: {', '.join(KINDS)}.", "Choose one.")
    if sum(one is not None for one in (samples, family, group)) != 1:
        raise UserError("What the note is about is not clear.", "", "Name --samples, --family or --group, one of them.")
    about: About = "sample" if samples is not None else "family" if family is not None else "group"
    unknown: list[str] = []
    if samples is not None:
        numbers, unknown = found_ids(samples, opened(subject).data.ids)
    elif family is not None:
        numbers = [families.find_family(subject, family).id]
    else:
        numbers = [find_group(opened(subject), group or 0).id]
    chosen: Kind = next(one for one in KINDS if one == kind)
    count = review.note(workspace, subject.id, numbers, chosen, text, reviewer=reviewer, about=about)
    if unknown:
        say(f"There is no sample {', '.join(unknown)}.")
    return {"run": subject.id, "kind": kind, "count": count} | ({"unknown": unknown} if unknown else {})


@command
def notes_(
    run: str,
    tag: Annotated[str | None, typer.Option(help="Only what has this tag.")] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> list[dict[str, Any]]:
    """All comments and tags on the samples, families and groups of a run."""
    return listed(workspace, runs.open_run(workspace, run).id, tag)
