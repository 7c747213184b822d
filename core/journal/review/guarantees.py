"""Samples that a person guarantees to be clean, beside those that came so with the data."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, Connection, func, insert, select

from core.errors import UserError
from core.journal.database import exists, plain_text, reading, scope, writing
from core.journal.review.verdict import now
from core.journal.tables import Guarantee
from core.types import Bools, Dataset


def guarantee(
    workspace: Path,
    dataset_id: str,
    ids: Collection[int],
    *,
    reviewer: str,
    accepted: bool = True,
    reason: str = "",
) -> int:
    """Append a word about samples, for every run on the data set; returns about how many.

    Args:
        workspace: whose.
        dataset_id: the stored data set that the samples belong to.
        ids: of the samples.
        reviewer: who guarantees.
        accepted: True, they are clean for certain; False takes that back, of the data set's own ones, too.
        reason: how the reviewer knows, or the file that the ids come from.

    Raises:
        UserError: no samples, or the database cannot be written to.
    """
    if not ids:
        raise UserError("No sample is selected.", "", "Select at least one sample first.")
    same = {"dataset": dataset_id, "accepted": accepted, "reviewer": plain_text(reviewer), "created": now()}
    same |= {"workspace": scope(workspace), "reason": plain_text(reason)}
    with writing(workspace, "The bona fide set") as connection:
        connection.execute(insert(Guarantee), [same | {"sample": int(sample)} for sample in ids])
    return len(ids)


def guarantees(workspace: Path, dataset_id: str) -> dict[int, bool]:
    """What people said last of each sample: id → True for bona fide, False for no longer so."""
    if not exists(workspace):
        return {}
    latest = select(func.max(Guarantee.id)).where(*_of(workspace, dataset_id)).group_by(Guarantee.sample)
    query = select(Guarantee.sample, Guarantee.accepted).where(Guarantee.id.in_(latest))
    with reading(workspace) as connection:
        return dict(connection.execute(query).all())


def bona_fide(workspace: Path, dataset_id: str, dataset: Dataset) -> Bools:
    """(n,) True for samples of `dataset` guaranteed to be clean: its own, with what people said laid over them."""
    said = guarantees(workspace, dataset_id)
    known = np.array(dataset.bona_fide)
    known[np.isin(dataset.ids, [sample for sample, accepted in said.items() if accepted])] = True
    known[np.isin(dataset.ids, [sample for sample, accepted in said.items() if not accepted])] = False
    return known


def guarantee_journal(workspace: Path, dataset_id: str) -> pd.DataFrame:
    """Every such word, oldest first: id, sample, accepted, reviewer, reason, created."""
    columns = (Guarantee.id, Guarantee.sample, Guarantee.accepted, Guarantee.reviewer, Guarantee.reason)
    query = select(*columns, Guarantee.created).where(*_of(workspace, dataset_id)).order_by(Guarantee.id)
    with reading(workspace) as connection:
        return pd.read_sql(query, connection)


def guarantees_revision(workspace: Path) -> int:
    """A number that grows with every such word: a cache key for detections and whatever else rests on them."""
    if not exists(workspace):
        return 0
    with reading(workspace) as connection:
        return latest_guarantee(connection, scope(workspace))


def latest_guarantee(connection: Connection, own: str) -> int:
    """The number of the latest word in a workspace, 0 without any."""
    return connection.scalar(select(func.max(Guarantee.id)).where(Guarantee.workspace == own)) or 0


def _of(workspace: Path, dataset_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Guarantee.workspace == scope(workspace), Guarantee.dataset == dataset_id
