"""Comments and tags on samples, families and groups: rows that are only ever added, as verdicts are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd
from sqlalchemy import insert, inspect, select

from core.errors import UserError
from core.journal.database import exists, plain_text, reading, scope, writing
from core.journal.review.verdict import now
from core.journal.tables import Note
from core.runs import Run

About = Literal["sample", "family", "group"]  # a group is one of the decision
Kind = Literal["comment", "tag", "untag"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ABOUTS: tuple[About, ...] = get_args(About)
LONGEST_TAG = 40  # characters; it stands in lists and in the columns of exports
LONGEST_COMMENT = 2000  # characters
BETWEEN = ", "  # tags, where several stand in one cell; so none holds a comma


@dataclass(frozen=True)
class Said:
    """One comment.

    Attributes:
        text: in the reviewer's words.
        reviewer: who wrote it.
        created: when, in UTC.
    """

    text: str
    reviewer: str
    created: str


@dataclass(frozen=True)
class Notes:
    """All that stands on one sample, family or group: its tags, sorted, and every comment, oldest first."""

    tags: tuple[str, ...] = ()
    comments: tuple[Said, ...] = ()


def note(
    workspace: Path,
    run_id: str,
    numbers: Collection[int],
    kind: Kind,
    text: str,
    *,
    reviewer: str,
    about: About = "sample",
) -> int:
    """Add a comment, add a tag or take one off, in a single transaction; returns on how many.

    Args:
        workspace: whose journal.
        run_id: the run under review.
        numbers: ids of samples, or numbers of families or groups.
        kind: "comment", "tag" or "untag".
        text: of the comment, or the tag: one line without a comma.
        reviewer: who says so.
        about: what the numbers are of.

    Raises:
        UserError: nothing is named or said, the text is too long, or the journal cannot be written to.
    """
    words = " ".join(plain_text(text).split()) if kind != "comment" else plain_text(text).strip()
    most = LONGEST_COMMENT if kind == "comment" else LONGEST_TAG
    if not numbers:
        raise UserError("No sample is selected.", "", "Select at least one sample first.")
    if not words or len(words) > most:
        raise UserError(f"A {kind} cannot be {len(words):,} characters long.", "", f"Write 1 to {most:,} characters.")
    if kind != "comment" and "," in words:
        raise UserError(f"A tag cannot hold a comma: {words!r}.", "", "Add one tag after the other.")
    same = {"workspace": scope(workspace), "run": run_id, "about": about, "kind": kind, "text": words}
    same |= {"reviewer": plain_text(reviewer), "created": now()}
    with writing(workspace, "The note") as connection:
        connection.execute(insert(Note), [same | {"number": int(number)} for number in sorted(set(numbers))])
    return len(set(numbers))


def notes(workspace: Path, run_id: str, about: About = "sample") -> dict[int, Notes]:
    """What stands on each sample, family or group of a run that anything was said of, by its number."""
    if not exists(workspace):
        return {}
    query = select(Note.number, Note.kind, Note.text, Note.reviewer, Note.created)
    query = query.where(Note.workspace == scope(workspace), Note.run == run_id, Note.about == about)
    with reading(workspace) as connection:
        if not inspect(connection).has_table(Note.__tablename__):  # of before, on a disk that is read-only
            return {}
        rows = connection.execute(query.order_by(Note.id)).all()
    tags: dict[int, set[str]] = {}
    comments: dict[int, list[Said]] = {}
    for number, kind, text, reviewer, created in rows:
        if kind == "comment":
            comments.setdefault(number, []).append(Said(text, reviewer, created))
        elif kind == "tag":
            tags.setdefault(number, set()).add(text)
        else:
            tags.get(number, set()).discard(text)
    standing = {
        number: Notes(tuple(sorted(tags.get(number, ()))), tuple(comments.get(number, ())))
        for number in {*tags, *comments}
    }
    return {number: said for number, said in sorted(standing.items()) if said.tags or said.comments}


def listed(workspace: Path, run_id: str, tag: str | None = None) -> list[dict[str, str | int]]:
    """All that stands anywhere in a run, a dict each: about, number, tags and comments; with a tag, what has it."""
    return [
        {
            "about": about,
            "number": number,
            "tags": BETWEEN.join(said.tags),
            "comments": "\n".join(f"{one.reviewer}: {one.text}" for one in said.comments),
        }
        for about in ABOUTS
        for number, said in notes(workspace, run_id, about).items()
        if tag is None or tag in said.tags
    ]


def tagged(run: Run, table: pd.DataFrame) -> dict[str, frozenset[int]]:
    """Tag → ids of the samples that have it, or whose family or group has it; tags are sorted.

    Args:
        run: under review.
        table: of its samples; see `core.analysis.samples.review_table`.
    """
    found: dict[str, set[int]] = {}
    for about in ABOUTS:
        column = "id" if about == "sample" else about
        standing = notes(run.workspace, run.id, about) if column in table else {}
        own = {number: said.tags for number, said in standing.items() if said.tags}
        found |= {tag: found.get(tag, set()) for tags in own.values() for tag in tags}
        # The table, which may be large, is looked through once, not for each number.
        members = table.loc[table[column].isin(list(own)), ["id", column]].to_numpy(np.int64).tolist() if own else []
        for sample, number in members:
            for tag in own[number]:
                found[tag].add(sample)
    return {tag: frozenset(found[tag]) for tag in sorted(found)}


def tags_of(found: Mapping[str, frozenset[int]]) -> dict[int, list[str]]:
    """Id → the tags of the sample, sorted, of what `tagged` found.

    >>> tags_of({"odd": frozenset({3}), "sticker": frozenset({3})})
    {3: ['odd', 'sticker']}
    """
    own: dict[int, list[str]] = {}
    for tag, samples in found.items():
        for sample in samples:
            own.setdefault(sample, []).append(tag)
    return own
