"""Data sets come into the workspace.

A look at data before they come into the workspace, and the files that visitors bring.
"""

import re
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from core.analysis.ids import listed_ids, text_of
from core.data import SOURCES, open_source, recognised, store
from core.data.collection import Collection, Problem, legible
from core.data.levels import Values, with_levels
from core.data.preview import Preview, read_preview, write_findings, write_preview
from core.data.preview.scan import MOST_IMAGES, scan
from core.data.store import DatasetInfo
from core.data.store.demo import demo as demo_data
from core.data.store.demo import text_demo
from core.data.store.shapes import FIXED, Shape, proposed_shape
from core.data.store.versions import Earlier, latest_version
from core.data.store.write import write
from core.errors import UserError
from core.journal import review
from core.pipeline.started import REQUEST, keep_request, keep_result, request_of, result_of, start_worker
from core.registry import find
from core.runs import jobs

_JOB = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")
_ODD = re.compile(r"[^\w.-]+", re.ASCII)
LONGEST_NAME = 80  # characters of an uploaded file's name, its end, which says what it is
_KEPT_PREVIEWS = 20  # the newest; older ones are deleted when another begins
_KEPT_SECONDS = 24 * 3600  # that an upload stays which nobody imports


@dataclass(frozen=True)
class PreviewOf:
    """What a preview is of.

    Attributes:
        path: where the data are.
        source: the data source, None for the one that recognises the path.
        name: what the data are called where their path does not say it.
        uploaded: whether the path is a file that a visitor brought.
        settings: of the data source, as they were typed.
    """

    path: str
    source: str | None = None
    name: str = ""
    uploaded: bool = False
    settings: dict[str, str] = field(default_factory=dict)


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
    values: str = "auto",
    listen: Callable[[float, str], None] = lambda fraction, words: None,
) -> DatasetInfo:
    """Copy the data at `path` into the workspace; images that cannot be read are left out and listed.

    Args:
        workspace: where to.
        path: what `core.data.open_source` reads.
        name: what to call it; default: what the source calls it.
        bona_fide: a text file with one sample a line: its row among the source's training images, from 0, or its name.
            Rows count as the source lists them, whatever is left out. One that is named and left out is listed. Without
            a file, those of an earlier import of the same path, or under the same name, are carried over.
        source: the data source, where the path alone does not tell.
        settings: of the data source, over its defaults (the column of labels of a table, say).
        size: height and width of every stored image; default: see `core.data.store.shapes`.
        channels: 1 for grey, 3 for colour; default: grey if all images are.
        values: the range of the stored pixels, from black to white, as `core.data.levels.Values` has it.
        listen: told the fraction that is done, in [0, 1], and what is being done.

    Raises:
        UserError: the source or the list of ids cannot be used.
    """
    collection = _opened(path, source, settings, values)
    try:
        if bona_fide:
            collection = _guaranteed(collection, bona_fide)
        listen(0.0, "Looking at sizes")
        shape = _shape(collection, size, channels)
        return write(
            workspace,
            collection,
            shape=shape,
            source=str(path),
            name=name,
            earlier=_earlier(workspace, legible(name or collection.name), path),
            opening=_opening(path, source, settings),
            listen=listen,
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
    values: str = "auto",
    settings: Mapping[str, str] | None = None,
    looked: Path | None = None,
) -> Path:
    """Start importing in a worker; returns the job's directory, to be polled, and asked for the `imported` data set.

    What was found wrong in the preview of which `looked` is the directory is kept with the data set.
    """
    options = {
        "--name": name,
        "--bona-fide": str(Path(bona_fide).absolute()) if bona_fide else None,
        "--source": source,
        "--size": f"{size[0]}x{size[1]}" if size else None,
        "--looked": str(looked.resolve()) if looked else None,
        "--values": None if values == "auto" else values,
        "--set": _pairs(settings),
    }
    flags = [] if channels is None else ["--grey" if channels == 1 else "--colour"]
    return start_worker(workspace, "imports", "import", [str(Path(path).absolute())], options, flags=flags)


def finish_import(workspace: Path, dataset_id: str, job: Path | None, looked: Path | None) -> None:
    """Keep what a preview found with the data set, and say in the job's directory which data set it became."""
    if looked:
        write_findings(workspace, dataset_id, read_preview(looked))
    if job:
        keep_result(job, dataset=dataset_id)


def imported(job: Path) -> str:
    """The id of the data set that a finished import made."""
    return result_of(job, "dataset", "What the import made", "Open the data again.")


def store_demo(workspace: Path, kind: str = "image") -> DatasetInfo:
    """The images of a built-in demo, or the texts, as a clean data set of the workspace, for attacks of one's own."""
    data, name = {"image": (demo_data, "Fashion-MNIST"), "text": (text_demo, "SMS")}[kind]
    return store.save(workspace, replace(data(), name=name), source="built in")


def _opened(path: Path, source: str | None, settings: Mapping[str, Any] | None, values: str) -> Collection:
    """What is at `path`, with the white of its images. Raises UserError as `open_source` does."""
    if values not in get_args(Values):
        known = ", ".join(get_args(Values))
        raise UserError(f"There is no range of values named {values!r}.", f"Known: {known}.", "Choose one of these.")
    if values != "auto" and (find(SOURCES, source, "data source") if source else recognised(path)).name == "npz":
        return open_source(path, source, {**(settings or {}), "values": values})
    collection = open_source(path, source, settings)
    try:
        return with_levels(collection, values)
    except BaseException:
        collection.close()
        raise


def _shape(collection: Collection, size: tuple[int, int] | None, channels: int | None) -> Shape:
    """What was asked for, and what the images suggest for the rest."""
    if collection.modality in FIXED:
        return FIXED[collection.modality]
    if size and channels:
        return *size, channels
    height, width, own = proposed_shape(collection)
    return *(size or (height, width)), channels or own


def _guaranteed(collection: Collection, path: Path) -> Collection:
    """The collection with what the file names as bona fide; what it names and the source left out is a problem."""
    train = collection.train
    n = len(train) + len(train.left_out)
    names = [*zip(train.rows.tolist(), train.names, strict=True), *train.left_out.items()]
    listed = listed_ids(text_of(path), str(path), range(n), names)
    why = "It was named as bona fide, but it is left out."
    lost = [Problem("bona fide", f"row {row}: {train.left_out[row]}", why) for row in listed if row in train.left_out]
    known = np.isin(train.rows, listed)
    return replace(collection, bona_fide=known, problems=(*collection.problems, *lost))


def _opening(path: Path, source: str | None, settings: Mapping[str, Any] | None) -> store.Opening:
    """How the source is opened again: what `_opened` was asked for, the source by its name."""
    named = source or recognised(path).name
    return store.Opening(
        legible(str(path.absolute())), named, {key: str(value) for key, value in (settings or {}).items()}
    )


def _earlier(workspace: Path, name: str, path: Path) -> Earlier | None:
    """The version before, with what people made bona fide since; None for the first import."""
    info = latest_version(workspace, name, path)
    if info is None:
        return None
    dataset = store.load(workspace, info.id)
    known = review.bona_fide(workspace, info.id, dataset)
    return Earlier(info.id, replace(dataset, bona_fide=known), store.names(workspace, info.id))


def preview_source(
    path: Path,
    source: str | None = None,
    job: Path | None = None,
    listen: Callable[[float, str], None] = lambda fraction, words: None,
    *,
    settings: Mapping[str, Any] | None = None,
    values: str = "auto",
    most: int = MOST_IMAGES,
) -> Preview:
    """What lies at `path`, without importing it; kept in the directory `job`, if there is one.

    Args:
        path: what `core.data.open_source` reads.
        source: the data source, where the path alone does not tell.
        job: where to keep it.
        listen: told the fraction that is done, in [0, 1], and what is being done.
        settings: of the data source, over its defaults.
        values: the range of the stored pixels, as `core.data.levels.Values` has it.
        most: how many images are decoded.

    Raises:
        UserError: the path cannot be opened, or none of its images can be read.
    """
    listen(0.0, "opening")
    collection = _opened(path, source, settings, values)
    try:
        preview = scan(collection, listen, most=most)
    finally:
        collection.close()
    if job:
        write_preview(job, preview)
    return preview


def start_preview(
    workspace: Path,
    path: str,
    source: str | None = None,
    *,
    name: str = "",
    uploaded: bool = False,
    settings: Mapping[str, str] | None = None,
) -> Path:
    """Start looking at `path` in a worker; returns the job's directory, to be polled, where the preview will be."""
    _forget_old(workspace)
    job = jobs.new_job(workspace, "previews")
    keep_request(job, asdict(PreviewOf(path, source, name, uploaded, dict(settings or {}))))
    options = {"--source": source, "--set": _pairs(settings)}
    return start_worker(workspace, "previews", "preview", [str(Path(path).absolute())], options, job=job)


def job_named(workspace: Path, kind: str, name: str) -> Path | None:
    """The directory of a job by its name, which may come from an address; None when there is none such."""
    job = workspace / kind / name
    return job if _JOB.fullmatch(name) and job.is_dir() else None


def preview_job(workspace: Path, name: str) -> tuple[Path, PreviewOf] | None:
    """The directory of a preview by its name, and what it is of; None when there is none such."""
    job = job_named(workspace, "previews", name)
    if job is None or not (job / REQUEST).exists():
        return None
    return job, request_of(job, PreviewOf, "The preview", "Look at the data again.")


def keep_upload(workspace: Path, name: str, content: bytes | memoryview) -> Path:
    """Where the content of a file that a visitor brought lies now: in a folder of its own, odd characters replaced."""
    folder = workspace / "uploads" / secrets.token_hex(8)
    folder.mkdir(parents=True)
    path = folder / (_ODD.sub("_", name)[-LONGEST_NAME:].lstrip(".") or "file")
    path.write_bytes(content)
    return path


def forget_upload(workspace: Path, request: PreviewOf) -> None:
    """Delete the file that a visitor brought, once it is imported or not wanted."""
    path = Path(request.path)
    if request.uploaded and path.parent.parent == workspace / "uploads":
        shutil.rmtree(path.parent, ignore_errors=True)


def _forget_old(workspace: Path) -> None:
    """Delete previews but the newest, and uploads that nobody came back for within a day."""
    finished = [job for job in (workspace / "previews").glob("*") if not jobs.poll(job).active]
    for job in sorted(finished)[:-_KEPT_PREVIEWS]:
        shutil.rmtree(job, ignore_errors=True)
    for path in (workspace / "uploads").glob("*"):
        if time.time() - path.stat().st_mtime > _KEPT_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _pairs(settings: Mapping[str, str] | None) -> list[str]:
    """The settings as the command line takes them."""
    return [f"{key}={value}" for key, value in (settings or {}).items()]
