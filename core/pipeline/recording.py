"""What people decided, read from files and written to files."""

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

from core import review
from core.datasets import store
from core.export import TABLES, writable
from core.files import write_file
from core.pipeline.listed_ids import listed_ids, text_of
from core.runs import Run


def import_bona_fide(run: Run, path: Path, *, reviewer: str, accepted: bool = True) -> int:
    """Guarantee the samples listed in a file to be clean; returns how many.

    Args:
        run: on the data set that they belong to.
        path: a text file with one sample id a line.
        reviewer: who guarantees.
        accepted: False takes the word back.

    Raises:
        UserError: the file cannot be read, or `guarantee_listed` refuses what is in it.
    """
    return guarantee_listed(run, text_of(path), path.name, reviewer=reviewer, accepted=accepted)


def guarantee_listed(run: Run, text: str, name: str, *, reviewer: str, accepted: bool = True) -> int:
    """Guarantee the samples whose ids `text` lists, one a line, to be clean; returns how many.

    Args:
        run: on the data set that they belong to.
        text: the content of a file.
        name: of the file, which is kept with the guarantee.
        reviewer: who guarantees.
        accepted: False takes the word back.

    Raises:
        UserError: nothing is listed, or something that is no id of a sample.
    """
    ids = listed_ids(text, name, set(store.load(run.workspace, run.dataset).ids.tolist()))
    return review.guarantee(
        run.workspace, run.dataset, ids, reviewer=reviewer, accepted=accepted, reason=f"from {name}"
    )


def write_journal(run: Run, path: Path, **wanted: Any) -> int:
    """Write the journal of a run to a file, a table that is safe to open; returns the number of rows.

    Args:
        run: under review.
        path: ending in .csv, .parquet or .json, in an existing folder.
        wanted: which rows, as for `core.review.journal`.

    Raises:
        UserError: another ending, or a folder that cannot be written to.
    """
    writable(path, tuple(TABLES))
    content = _journal(run, wanted)
    write_file(path, lambda stream: _write(content, path.suffix.lower(), stream))
    return len(content)


def journal_file(run: Run, ending: str, **wanted: Any) -> bytes:
    """What `write_journal` would write, for a download; `ending` is .csv, .parquet or .json."""
    stream = BytesIO()
    _write(_journal(run, wanted), ending, stream)
    return stream.getvalue()


def journal_rows(run: Run, **wanted: Any) -> list[dict[str, Any]]:
    """The journal as plain data, one dict a row; which rows is said as for `core.review.journal`."""
    rows = _journal(run, wanted).astype(object).to_dict("records")
    return [{str(name): None if pd.isna(value) else value for name, value in row.items()} for row in rows]


def _journal(run: Run, wanted: Mapping[str, Any]) -> pd.DataFrame:
    return review.journal(run.workspace, run.id, **wanted)


def _write(table: pd.DataFrame, ending: str, stream: Any) -> None:
    write: Callable[[pd.DataFrame, Any], object] = TABLES[ending]
    write(table, stream)
