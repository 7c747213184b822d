"""Writing the sample table for other tools."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from core.errors import UserError
from core.files import write_file
from core.runs import Run
from core.samples import sample_table

WRITERS: dict[str, Callable[[pd.DataFrame, Any], object]] = {
    ".csv": lambda table, stream: table.to_csv(stream, index=False),
    ".parquet": lambda table, stream: table.to_parquet(stream, index=False),
    ".json": lambda table, stream: table.to_json(stream, orient="records", indent=1),
}


def write_samples(run: Run, path: Path) -> int:
    """Write one row per sample to a `.csv`, `.parquet` or `.json` file; returns the number of rows.

    Raises:
        UserError: another ending, or a folder that cannot be written to.
    """
    table = sample_table(run)
    writable(path, tuple(WRITERS))
    write_file(path, lambda stream: WRITERS[path.suffix.lower()](table, stream))
    return len(table)


def writable(path: Path, endings: tuple[str, ...]) -> None:
    """Raise UserError unless `path` has one of the endings and lies in an existing folder."""
    if path.suffix.lower() not in endings:
        raise UserError(
            f"{path} cannot be written.", f"The name has to end in {' or '.join(endings)}.", "Change the ending."
        )
    if not path.parent.is_dir():
        raise UserError(f"There is no folder {path.parent}.", "", "Make it first, or write elsewhere.")
    if not os.access(path.parent, os.W_OK):
        raise UserError(f"The folder {path.parent} cannot be written to.", "", "Change its rights, or write elsewhere.")
