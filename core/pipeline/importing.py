"""Data sets come into the workspace."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core import jobs
from core.datasets import open_source, store
from core.datasets.collection import Collection
from core.datasets.demo import demo as demo_data
from core.datasets.preview import read_preview, write_findings
from core.datasets.shapes import Shape, proposed_shape
from core.datasets.store import DatasetInfo
from core.datasets.writing import write
from core.files import write_json
from core.kept import read_json
from core.pipeline.listed_ids import listed_ids, text_of
from core.types import Bools

RESULT = "result.json"


def import_dataset(
    workspace: Path,
    path: Path,
    name: str | None = None,
    bona_fide: Path | None = None,
    *,
    source: str | None = None,
    settings: Mapping[str, Any] | None = None,
    size: tuple[int, int] | None = None,
    channels: int | None = None,
    listen: Callable[[float, str], None] = lambda share, words: None,
) -> DatasetInfo:
    """Copy the data at `path` into the workspace; images that cannot be read are left out and listed.

    Args:
        workspace: where to.
        path: what `core.datasets.open_source` reads.
        name: what to call it; default: what the source calls it.
        bona_fide: a text file with one sample id a line (row numbers of the source's training images, from 0).
        source: the data source, where the path alone does not tell.
        settings: of the data source, over its defaults (the column of labels of a table, say).
        size: height and width of every stored image; default: see `core.datasets.shapes`.
        channels: 1 for grey, 3 for colour; default: grey if all images are.
        listen: told the share that is done, in [0, 1], and what is being done.

    Raises:
        UserError: the source or the list of ids cannot be used.
    """
    collection = open_source(path, source, settings)
    try:
        guaranteed = _guaranteed(bona_fide, len(collection.train)) if bona_fide else None
        listen(0.0, "Looking at sizes")
        shape = _shape(collection, size, channels)
        return write(
            workspace, collection, shape=shape, source=str(path), name=name, bona_fide=guaranteed, listen=listen
        )
    finally:
        collection.close()


def start_import(
    workspace: Path,
    path: str,
    name: str = "",
    bona_fide: str = "",
    *,
    source: str | None = None,
    size: tuple[int, int] | None = None,
    channels: int | None = None,
    looked: Path | None = None,
) -> Path:
    """Start importing in a worker; returns the job's directory, to be polled, and asked for the `imported` data set.

    What was found wrong in the preview of which `looked` is the directory is kept with the data set.
    """
    job = jobs.new_job(workspace, "imports")
    listed = str(Path(bona_fide).absolute()) if bona_fide else None
    given = {"--name": name, "--bona-fide": listed, "--source": source, "--size": size and f"{size[0]}x{size[1]}"}
    given["--looked"] = str(looked.resolve()) if looked else None
    options = [f"{option}={value}" for option, value in given.items() if value]
    options += [] if channels is None else ["--grey" if channels == 1 else "--colour"]
    place = ["--job", str(job.resolve()), "--workspace", str(workspace.resolve())]
    jobs.start(job, ["import", *place, *options, "--", str(Path(path).absolute())])
    return job


def finish_import(workspace: Path, dataset_id: str, job: Path | None, looked: Path | None) -> None:
    """Keep what a preview found with the data set, and say in the job's directory which data set it became."""
    if looked:
        write_findings(workspace, dataset_id, read_preview(looked))
    if job:
        write_json(job / RESULT, {"dataset": dataset_id})


def imported(job: Path) -> str:
    """The id of the data set that a finished import made."""
    found = read_json(job / RESULT, dict[str, str], "What the import made", "Open the data again.")
    return found.get("dataset", "")


def store_demo(workspace: Path) -> DatasetInfo:
    """The built-in demo's images as a clean data set of the workspace, for attacks of one's own."""
    return store.save(workspace, replace(demo_data(), name="Fashion-MNIST"), source="built in")


def _shape(collection: Collection, size: tuple[int, int] | None, channels: int | None) -> Shape:
    """What was asked for, and what the images suggest for the rest."""
    if size and channels:
        return *size, channels
    height, width, own = proposed_shape(collection)
    return *(size or (height, width)), channels or own


def _guaranteed(path: Path, n: int) -> Bools:
    """(n,) True for the samples that the file names."""
    return np.isin(np.arange(n), listed_ids(text_of(path), str(path), range(n)))
