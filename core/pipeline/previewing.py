"""A look at data before they come into the workspace, and the files that visitors bring."""

import re
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from core import jobs
from core.datasets import open_source
from core.datasets.preview import Preview, write_preview
from core.datasets.scanning import MOST_IMAGES, scan
from core.files import write_json
from core.kept import read_json

_JOB = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")
_ODD, LONGEST_NAME = re.compile(r"[^\w.-]+", re.ASCII), 80
_KEPT_PREVIEWS = 20
_KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class PreviewOf:
    """What a preview is of.

    Attributes:
        path: where the data are.
        source: the data source, None for the one that recognises the path.
        name: what the data are called where their path does not say it.
        uploaded: whether the path is a file that a visitor brought.
    """

    path: str
    source: str | None = None
    name: str = ""
    uploaded: bool = False


def preview_source(
    path: Path,
    source: str | None = None,
    job: Path | None = None,
    listen: Callable[[float, str], None] = lambda share, words: None,
    *,
    most: int = MOST_IMAGES,
) -> Preview:
    """What lies at `path`, without importing it; kept in the directory `job`, if there is one.

    Args:
        path: what `core.datasets.open_source` reads.
        source: the data source, where the path alone does not tell.
        job: where to keep it.
        listen: told the share that is done, in [0, 1], and what is being done.
        most: how many images are decoded.

    Raises:
        UserError: the path cannot be opened, or none of its images can be read.
    """
    listen(0.0, "opening")
    collection = open_source(path, source)
    try:
        preview = scan(collection, listen, most=most)
    finally:
        collection.close()
    if job:
        write_preview(job, preview)
    return preview


def start_preview(
    workspace: Path, path: str, source: str | None = None, *, name: str = "", uploaded: bool = False
) -> Path:
    """Start looking at `path` in a worker; returns the job's directory, to be polled, where the preview will be."""
    _forget_old(workspace)
    job = jobs.new_job(workspace, "previews")
    write_json(job / "asked.json", asdict(PreviewOf(path, source, name, uploaded)))
    options = [] if source is None else [f"--source={source}"]
    jobs.start(job, ["preview", "--job", str(job.resolve()), *options, "--", str(Path(path).absolute())])
    return job


def job_named(workspace: Path, kind: str, name: str) -> Path | None:
    """The directory of a job by its name, which may come from an address; None when there is none such."""
    job = workspace / kind / name
    return job if _JOB.fullmatch(name) and job.is_dir() else None


def preview_job(workspace: Path, name: str) -> tuple[Path, PreviewOf] | None:
    """The directory of a preview by its name, and what it is of; None when there is none such."""
    job = job_named(workspace, "previews", name)
    if job is None or not (job / "asked.json").exists():
        return None
    return job, read_json(job / "asked.json", PreviewOf, "The preview", "Look at the data again.")


def keep_upload(workspace: Path, name: str, content: bytes | memoryview) -> Path:
    """Where the content of a file that a visitor brought lies now: in a folder of its own, odd characters replaced."""
    folder = workspace / "uploads" / secrets.token_hex(8)
    folder.mkdir(parents=True)
    path = folder / (_ODD.sub("_", name)[-LONGEST_NAME:].lstrip(".") or "file")
    path.write_bytes(content)
    return path


def forget_upload(workspace: Path, asked: PreviewOf) -> None:
    """Delete the file that a visitor brought, once it is imported or not wanted."""
    path = Path(asked.path)
    if asked.uploaded and path.parent.parent == workspace / "uploads":
        shutil.rmtree(path.parent, ignore_errors=True)


def _forget_old(workspace: Path) -> None:
    """Delete previews but the newest, and uploads that nobody came back for within a day."""
    finished = [job for job in (workspace / "previews").glob("*") if not jobs.poll(job).active]
    for job in sorted(finished)[:-_KEPT_PREVIEWS]:
        shutil.rmtree(job, ignore_errors=True)
    for path in (workspace / "uploads").glob("*"):
        if time.time() - path.stat().st_mtime > _KEPT_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
