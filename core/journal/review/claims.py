"""Who looks at what just now, so that two reviewers do not work on the same samples.

Claims are soft: nobody is kept from deciding, "next undecided" only passes over them. They are no part of the journal.
"""

import time
from collections.abc import Collection
from pathlib import Path

from sqlalchemy import ColumnElement, delete, insert, select

from core.journal.database import reading, scope, writing
from core.journal.tables import Claim

CLAIM_SECONDS = 120.0  # that a claim lasts, unless it is made again


def claim(workspace: Path, run_id: str, ids: Collection[int], *, reviewer: str, now: float | None = None) -> list[int]:
    """Take samples for the next two minutes; returns those of `ids` that nobody else holds, in their order.

    Samples that the reviewer holds already are held for two minutes from `now`, in seconds since 1970; by default that
    is this moment.
    """
    samples, moment = [int(sample) for sample in ids], time.time() if now is None else now
    with writing(workspace, "Who looks at these samples") as connection:
        here = _here(scope(workspace), run_id)
        connection.execute(delete(Claim).where(*here, Claim.until <= moment))
        held = dict(connection.execute(select(Claim.sample, Claim.reviewer).where(*here)).all())
        got = [sample for sample in samples if held.get(sample, reviewer) == reviewer]
        connection.execute(delete(Claim).where(*here, Claim.reviewer == reviewer, Claim.sample.in_(got)))
        same = {"workspace": scope(workspace), "run": run_id, "reviewer": reviewer, "until": moment + CLAIM_SECONDS}
        if got:
            connection.execute(insert(Claim), [same | {"sample": sample} for sample in dict.fromkeys(got)])
    return got


def taken(workspace: Path, run_id: str, *, reviewer: str, now: float | None = None) -> set[int]:
    """Ids of the samples that others hold at this moment, or at another one, in seconds since 1970."""
    moment = time.time() if now is None else now
    query = select(Claim.sample).where(*_here(scope(workspace), run_id), Claim.until > moment)
    with reading(workspace) as connection:
        return set(connection.scalars(query.where(Claim.reviewer != reviewer)))


def release(workspace: Path, run_id: str, *, reviewer: str) -> None:
    """Let go of all that the reviewer holds in the run."""
    with writing(workspace, "Who looks at these samples") as connection:
        connection.execute(delete(Claim).where(*_here(scope(workspace), run_id), Claim.reviewer == reviewer))


def _here(own: str, run_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Claim.workspace == own, Claim.run == run_id
