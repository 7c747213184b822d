"""Data sets are fetched from their own sites and from the Hub, on request only."""

from collections.abc import Callable
from pathlib import Path

from core.data.published.downloads import download
from core.data.published.hub import Listing, fetch, folder_name, is_on_hub, listing, place_of
from core.data.published.torchvision_datasets import present
from core.errors import UserError
from core.files import write_json
from core.json_files import read_json
from core.pipeline.started import result_of, start_worker

Listen = Callable[[float, str], None]
_FOUND = "hub.json"  # in a job's directory: what the Hub has
_HINT = "Ask the Hub again."


def download_dataset(name: str, root: Path, listen: Listen = lambda fraction, words: None) -> Path:
    """Fetch a data set into `root`, and return what to open.

    Args:
        name: of one of the field, see `core.data.published.downloads`, or `hf://owner/name` for one of the Hub.
        root: a folder; made if needed.
        listen: told the fraction that is done, and what is being fetched; what it raises ends the work.

    Raises:
        UserError: it cannot be fetched, or is not complete.
    """
    if is_on_hub(name):
        return fetch(listing(place_of(name)), root, listen)
    download(name, root, listen)
    if name not in present(root):
        raise UserError(f"{name} was fetched, but is not complete.", f"It should lie in {root}.", "Fetch it again.")
    return present(root)[name]


def start_download(workspace: Path, name: str, root: Path) -> Path:
    """Start fetching a data set into `root` in a worker; returns the job's directory, to be polled."""
    return start_worker(workspace, "downloads", "download", [name], {"--to": str(root.resolve())})


def downloaded(job: Path) -> Path:
    """What to open, of a finished download. Raises UserError where the job does not say it."""
    return Path(result_of(job, "path", "What the download made", "Fetch it again."))


def look_up(name: str) -> Listing:
    """What the Hub has of a data set, and what of it would be fetched. Raises UserError as `listing` does."""
    return listing(place_of(name))


def hub_folder(workspace: Path, name: str) -> Path:
    """Where a data set of the Hub is kept in a workspace, by its `folder_name`; the folder around it is made."""
    place = workspace / "downloads" / "hub"
    place.mkdir(parents=True, exist_ok=True)
    return place / name


def start_look_up(workspace: Path, name: str) -> Path:
    """Start asking the Hub in a worker; returns the job's directory, to be polled. `looked_up` says what was found."""
    place_of(name)
    return start_worker(workspace, "downloads", "hub", [name])


def keep_listing(job: Path, found: Listing) -> None:
    """Write what the Hub has into a job's directory."""
    write_json(job / _FOUND, {"place": str(found.place), "said": found.words, "folder": folder_name(found)})


def looked_up(job: Path) -> dict[str, str]:
    """What a finished look found: the `place`, how large it is (`said`), and the name of its `folder`."""
    return read_json(job / _FOUND, dict[str, str], "What the Hub said", _HINT)
