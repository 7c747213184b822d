"""Data sets of the Hugging Face Hub by name: looked up and fetched only when somebody asks, then read as files.

Only files of data are fetched: tables, images, texts, archives. A script that a data set brings is never asked for.
Where there is nothing else, the tables are taken that the Hub made of it (`refs/convert/parquet`).
"""

import re
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from core.data.paths import named
from core.data.published.hub_client import gated, library, server, token, told
from core.data.published.hub_layout import HubFile, kept_files
from core.data.splits import split_of
from core.errors import UserError
from core.files import write_json
from core.json_files import read_json

Listen = Callable[[float, str], None]
CONVERTED = "refs/convert/parquet"
MOST_BYTES = 64 * 2**30  # of one data set; more is fetched by its own tools
MOST_FILES = 100_000  # of one data set: each is a request of its own
_AT_ONCE = 8  # files
_SECONDS = 20.0  # that the Hub has to answer a question
_NOTE = ".hub.json"  # in the folder of what was fetched whole: which revision it is
_PLACE = re.compile(
    r"(?:hf:/{1,2}|https://huggingface\.co/)?(?:datasets/)?"
    r"(?P<repo>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(?P<folder>(?:/[\w-][\w.-]*)*)/?(?::(?P<split>[\w.-]+))?",
    re.ASCII,
)


@dataclass(frozen=True)
class HubPlace:
    """A data set of the Hub.

    Attributes:
        repo: owner and name.
        folder: of it, where it holds several; "" for all of it.
        split: that is wanted; "" for the training set, with the test set where there is one.
    """

    repo: str
    folder: str = ""
    split: str = ""

    def __str__(self) -> str:
        return f"hf://{self.repo}{self.folder and '/'}{self.folder}{self.split and ':'}{self.split}"


@dataclass(frozen=True)
class Listing:
    """What the Hub has of a data set, and what of it would be fetched.

    Attributes:
        place: the data set.
        revision: the commit that is meant from now on.
        files: that would be fetched.
        splits: all that there are, as their files are named.
    """

    place: HubPlace
    revision: str
    files: tuple[HubFile, ...]
    splits: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of all files, as far as the Hub tells them."""
        return sum(file.size for file in self.files)

    @property
    def words(self) -> str:
        """How many files, and how large."""
        size = self.size
        told = f"{size / 1e9:,.1f} GB" if size > 1e9 else f"{size / 1e6:,.1f} MB" if size > 1e5 else f"{size:,} bytes"
        return f"{len(self.files):,} file{'s' * (len(self.files) != 1)}, {told}"


def is_on_hub(text: str | Path) -> bool:
    """Whether a path of the command line means a data set of the Hub; a `Path` has lost one of its slashes.

    >>> is_on_hub("hf://owner/name:train"), is_on_hub(Path("hf://owner/name")), is_on_hub("owner/name")
    (True, True, False)
    """
    return str(text).startswith("hf:/")


def place_of(text: str | Path) -> HubPlace:
    """The data set that is meant by `hf://owner/name`, perhaps with a folder and a split. Raises UserError.

    >>> place_of("hf://owner/name:train")
    HubPlace(repo='owner/name', folder='', split='train')
    >>> str(place_of("https://huggingface.co/datasets/owner/name/small"))
    'hf://owner/name/small'
    """
    match = _PLACE.fullmatch(str(text).strip())
    if not match:
        raise UserError(
            f"{str(text)[:100]!r} is no name on the Hub.",
            "It is written hf://owner/name, hf://owner/name:split or hf://owner/name/folder; parts of a split are not.",
            "Copy the name from the data set's page on the Hub.",
        )
    return HubPlace(match["repo"], match["folder"].strip("/"), match["split"] or "")


def listing(place: HubPlace, *, endpoint: str = "") -> Listing:
    """What the Hub has of a data set; nothing is fetched but this list.

    Args:
        place: the data set.
        endpoint: the server; default: what `HF_ENDPOINT` names, else the Hub itself.

    Raises:
        UserError: no connection, no such data set, no access, no such split, or no file that can be read.
    """
    hub = library()
    api = hub.HfApi(endpoint=server(endpoint), token=token())
    with told(place.repo):
        about = api.dataset_info(place.repo, files_metadata=True, timeout=_SECONDS)
        if about.gated and not token():
            raise gated(place.repo)
        sizes = _sizes(about)
        if kept_files(sizes, place.folder) or not any(name.lower().endswith(".py") for name in sizes):
            return _listed(place, about)
        try:
            tables = api.dataset_info(place.repo, revision=CONVERTED, files_metadata=True, timeout=_SECONDS)
            return _listed(place, tables)
        except hub.errors.RevisionNotFoundError:
            raise UserError(
                f"{place.repo} consists of a script.",
                "Scripts of others are not executed, and the Hub made no tables of it.",
                "Fetch it by the tools of its owner, then open the files.",
            ) from None


def fetch(found: Listing, folder: Path, listen: Listen = lambda fraction, words: None, *, endpoint: str = "") -> Path:
    """Fetch the files of a listing into `folder`, and return what to open: it, or the only file in it.

    What is there of the same revision is not fetched again, and what an interrupted attempt left is used.

    Args:
        found: what `listing` says.
        folder: new, empty, or of an earlier call.
        listen: told the fraction that is done, and what is being fetched; what it raises ends the work.
        endpoint: see `listing`.

    Raises:
        UserError: no connection, no access, no room, or the folder holds something else.
    """
    targets = {file.name: folder / named(file.target) for file in found.files}
    noted = {"place": str(found.place), "revision": found.revision, "files": sorted(targets)}
    opened = next(iter(targets.values())) if len(targets) == 1 and not found.files[0].tabular else folder
    if _is_whole(folder, noted):
        return opened
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} holds something already.", "Nothing is overwritten.", "Name a new folder.")
    _require_room(found, folder)
    part = folder.with_name(f".{folder.name}.part")
    part.mkdir(parents=True, exist_ok=True)
    with told(found.place.repo):
        _fetch_all(found, part, listen, endpoint)
    folder.mkdir(exist_ok=True)
    for name, target in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        (part / named(name)).replace(target)
    shutil.rmtree(part, ignore_errors=True)
    write_json(folder / _NOTE, noted)
    return opened


def folder_name(found: Listing) -> str:
    """A name for the folder of what is fetched, another one for each revision, folder and split."""
    place = found.place
    parts = [place.repo.replace("/", "--"), *filter(None, (place.folder.replace("/", "-"), place.split))]
    return "-".join([*parts, found.revision[:8]])


def _listed(place: HubPlace, about: Any) -> Listing:
    files = kept_files(_sizes(about), place.folder)
    splits = tuple(dict.fromkeys(file.split for file in files if file.split))
    if not files:
        raise UserError(
            f"{place} holds nothing that can be read.",
            "Tables (.parquet, .csv, .tsv, .jsonl), folders of images or texts and archives can be.",
            "Look at its files on the Hub; perhaps another folder of it is meant.",
        )
    several = sorted({file.folder for file in files})
    if len(several) > 1:
        raise UserError(
            f"{place.repo} holds several data sets.",
            f"They are: {', '.join(several[:20])}{', …' * (len(several) > 20)}.",
            f"Name one of them, such as hf://{place.repo}/{several[0]}.",
        )
    wanted = split_of(place.split) or place.split
    if wanted and wanted not in splits:
        known = f"There are: {', '.join(splits[:20])}." if splits else "Its files name no splits."
        raise UserError(f"{place.repo} has no split {place.split}.", known, "Choose one of these, or leave it out.")
    if wanted:
        files = [file.alone() for file in files if file.split == wanted]
    elif "train" in splits:  # without a training set, all of it is taken for one
        files = [file for file in files if split_of(file.split)]
    return Listing(place, str(about.sha), tuple(files), splits)


def _sizes(about: Any) -> Mapping[str, int]:
    """The paths of a data set's files, and their bytes."""
    return {str(entry.rfilename): int(entry.size or 0) for entry in islice(about.siblings or (), 10 * MOST_FILES)}


def _fetch_all(found: Listing, part: Path, listen: Listen, endpoint: str) -> None:
    hub, done = library(), 0

    def one(file: HubFile) -> int:
        hub.hf_hub_download(
            found.place.repo,
            file.name,
            repo_type="dataset",
            revision=found.revision,
            local_dir=part,
            endpoint=server(endpoint),
            token=token(),
        )
        return file.size

    words = f"Fetching {found.place}: {found.words}"
    listen(0.0, words)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            for size in pool.map(one, found.files):
                done += size
                listen(min(done / found.size, 1.0) if found.size else 0.0, words)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _is_whole(folder: Path, noted: Mapping[str, Any]) -> bool:
    path = folder / _NOTE
    return path.is_file() and read_json(path, dict[str, Any], str(folder), "Delete the folder.") == noted


def _require_room(found: Listing, folder: Path) -> None:
    there = next(place for place in folder.absolute().parents if place.exists())
    free = shutil.disk_usage(there).free
    if found.size > min(free, MOST_BYTES) or len(found.files) > MOST_FILES:
        raise UserError(
            f"{found.place} is too large: {found.words}.",
            f"At most {MOST_FILES:,} files of {MOST_BYTES / 1e9:,.0f} GB are fetched; {free / 1e9:,.1f} GB are free.",
            "Take one of its splits, or fetch it by its own tools.",
        )


def described(found: Listing) -> dict[str, Any]:
    """A listing as plain values, for JSON and for people."""
    return {
        "name": str(found.place),
        "revision": found.revision,
        "splits": list(found.splits),
        "files": len(found.files),
        "bytes": found.size,
        "said": found.words,
        "listed": [asdict(file) for file in found.files[:20]],
    }
