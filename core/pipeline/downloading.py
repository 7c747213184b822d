"""The data sets of the field are fetched, on request only."""

from collections.abc import Callable
from pathlib import Path

from core import jobs
from core.datasets.downloading import download
from core.datasets.torchvision_datasets import present
from core.errors import UserError


def download_dataset(name: str, root: Path, listen: Callable[[float, str], None] = lambda share, words: None) -> Path:
    """Fetch the data set `name` into `root`, and return the folder to open; see `core.datasets.downloading`."""
    download(name, root, listen)
    if name not in present(root):
        raise UserError(f"{name} was fetched, but is not complete.", f"It should lie in {root}.", "Fetch it again.")
    return present(root)[name]


def start_download(workspace: Path, name: str, root: Path) -> Path:
    """Start fetching the data set `name` into `root` in a worker; returns the job's directory, to be polled."""
    job = jobs.new_job(workspace, "downloads")
    jobs.start(job, ["download", "--job", str(job.resolve()), f"--to={root.resolve()}", "--", name])
    return job
