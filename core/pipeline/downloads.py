"""The data sets of the field are fetched, on request only."""

from collections.abc import Callable
from pathlib import Path

from core.data.published.downloads import download
from core.data.published.torchvision_datasets import present
from core.errors import UserError
from core.pipeline.started import start_worker


def download_dataset(
    name: str, root: Path, listen: Callable[[float, str], None] = lambda fraction, words: None
) -> Path:
    """Fetch the data set `name` into `root`, and return the folder to open; see `core.data.published.downloads`."""
    download(name, root, listen)
    if name not in present(root):
        raise UserError(f"{name} was fetched, but is not complete.", f"It should lie in {root}.", "Fetch it again.")
    return present(root)[name]


def start_download(workspace: Path, name: str, root: Path) -> Path:
    """Start fetching the data set `name` into `root` in a worker; returns the job's directory, to be polled."""
    return start_worker(workspace, "downloads", "download", [name], {"--to": str(root.resolve())})
