"""Data sets come into the workspace."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core import jobs
from core.datasets import open_source, store
from core.datasets.demo import demo as demo_data
from core.datasets.store import DatasetInfo
from core.errors import UserError
from core.types import Dataset


def import_dataset(
    workspace: Path, source: Path, name: str | None = None, bona_fide: Path | None = None
) -> DatasetInfo:
    """Copy the data at `source` into the workspace.

    Args:
        workspace: where to.
        source: a path that `core.datasets.open_source` reads.
        name: what to call it; default: the file's name.
        bona_fide: a text file with one sample id a line (row numbers of the training images, from 0).

    Raises:
        UserError: the source or the list of ids cannot be used.
    """
    dataset = open_source(source)
    if bona_fide:
        dataset = replace(dataset, bona_fide=_read_bona_fide(bona_fide, dataset))
    return store.save(workspace, replace(dataset, name=name or dataset.name), source=str(source))


def start_import(workspace: Path, source: str, name: str, bona_fide: str = "") -> Path:
    """Start importing in a worker; returns the job's directory, to be polled. The newest data set is the result."""
    job = jobs.new_job(workspace, "imports")
    options = [*(["--name", name] if name else []), *(["--bona-fide", bona_fide] if bona_fide else [])]
    jobs.start(
        job, ["import", "--job", str(job.resolve()), "--workspace", str(workspace.resolve()), *options, "--", source]
    )
    return job


def store_demo(workspace: Path) -> DatasetInfo:
    """The built-in demo's images as a clean data set of the workspace, for attacks of one's own."""
    return store.save(workspace, replace(demo_data(), name="Fashion-MNIST"), source="built in")


def _read_bona_fide(path: Path, dataset: Dataset) -> np.ndarray[Any, np.dtype[np.bool_]]:
    try:
        ids = [int(line) for line in path.read_text("utf-8").split()]
    except FileNotFoundError:
        raise UserError(
            f"There is no file {path}.", "It should hold one sample id a line.", "Check the path."
        ) from None
    except (ValueError, OSError) as error:
        raise UserError(f"{path} cannot be used.", "It has to hold one whole number, a sample id, a line.") from error
    unknown = sorted(set(ids) - set(dataset.ids.tolist()))
    if unknown or not ids:
        title = f"{path} names samples that do not exist: {unknown[:5]}." if unknown else f"{path} is empty."
        raise UserError(title, f"Ids run from {dataset.ids.min()} to {dataset.ids.max()}.", "Correct the file.")
    return np.isin(dataset.ids, ids)
