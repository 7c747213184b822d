"""Fetching the data sets of the field from their own sites: only when somebody asks, and checked on arrival."""

import hashlib
import tarfile
import urllib.error
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from core.errors import UserError

Listen = Callable[[float, str], None]
DOWNLOADS = ("cifar10", "cifar100", "mnist", "fashion_mnist", "gtsrb", "svhn", "stl10", "imagenette")
_BLOCK = 2**20  # bytes between two looks at whether the work was cancelled
_SECONDS = 60  # without a byte: then the next mirror is asked
_MAX_BYTES = 16 * 2**30  # the largest of these files has 3 GB
_MAX_UNPACKED = 64 * 2**30  # the largest of these unpacks to 3 GB


@dataclass(frozen=True)
class Download:
    """One file of a data set.

    Attributes:
        urls: where it is, to be tried in order.
        md5: of the whole file, as torchvision knows it.
        folder: where it goes below the root, "" for the root itself.
        unpack: whether it is an archive whose content is needed; `.gz` files are read as they are.
    """

    urls: tuple[str, ...]
    md5: str
    folder: str = ""
    unpack: bool = True

    @property
    def name(self) -> str:
        """The file's name."""
        return self.urls[0].rpartition("/")[2]


def download(
    name: str,
    root: Path,
    listen: Listen = lambda fraction, words: None,
    *,
    files: Sequence[Download] | None = None,
) -> Path:
    """Fetch a data set into `root`, so that `torchvision_datasets` opens it there, and return `root`.

    Files that are there and whole are not fetched again.

    Args:
        name: cifar10, cifar100, mnist, fashion_mnist, gtsrb, svhn, stl10 or imagenette.
        root: a folder; made if needed.
        listen: told the fraction that is done, and what is being fetched; what it raises ends the work.
        files: where they are; default: see `sources`.

    Raises:
        UserError: an unknown name, no connection, or a file that is not what it should be; it is deleted then.
    """
    files = sources(name) if files is None else files
    for place, file in enumerate(files):
        folder = root / file.folder
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / file.name

        def progress(fraction: float, done: int = place, words: str = file.name) -> None:
            listen((done + fraction) / len(files), f"Fetching {words}")

        progress(0.0)
        if not path.is_file() or _md5(path) != file.md5:
            _fetch(file, path, progress)
        if file.unpack:
            listen((place + 1) / len(files), f"Unpacking {file.name}")
            _unpack(path, folder)
    return root


def sources(name: str) -> Sequence[Download]:
    """Where the files of a data set are and what their checksums are, as torchvision says. Raises UserError."""
    from torchvision import datasets

    if name in ("cifar10", "cifar100", "stl10"):
        kind = {"cifar10": datasets.CIFAR10, "cifar100": datasets.CIFAR100, "stl10": datasets.STL10}[name]
        return [Download((kind.url,), kind.tgz_md5)]
    if name in ("mnist", "fashion_mnist"):
        kind = {"mnist": datasets.MNIST, "fashion_mnist": datasets.FashionMNIST}[name]
        return [
            Download(tuple(f"{mirror}{file}" for mirror in kind.mirrors), md5, f"{kind.__name__}/raw", unpack=False)
            for file, md5 in kind.resources
        ]
    if name == "svhn":
        return [
            Download((url,), md5, unpack=False)
            for url, _, md5 in (datasets.SVHN.split_list[split] for split in ("train", "test"))
        ]
    if name == "imagenette":
        url, md5 = datasets.Imagenette._ARCHIVES["160px"]
        return [Download((url,), md5)]
    if name == "gtsrb":
        return [Download((_GTSRB + file,), md5, "gtsrb") for file, md5 in _GTSRB_FILES]
    raise UserError(
        f"{name} cannot be downloaded.",
        f"What can be: {', '.join(DOWNLOADS)}.",
        "Fetch it from its own site; ImageNet asks for an account.",
    )


# torchvision keeps these inside a function.
_GTSRB = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/"
_GTSRB_FILES = (
    ("GTSRB-Training_fixed.zip", "513f3c79a4c5141765e10e952eaa2478"),
    ("GTSRB_Final_Test_Images.zip", "c7e4e6327067d32654124b0fe9e82185"),
    ("GTSRB_Final_Test_GT.zip", "fe31e9c9270bbcd7b84b7f21a9d9d9e5"),
)


def _md5(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _fetch(file: Download, path: Path, progress: Callable[[float], None]) -> None:
    """Fetch one file under a temporary name; it gets its own when its checksum is right."""
    part, reason = path.with_name(f".{path.name}.part"), ""
    try:
        for url in file.urls:
            try:
                _copy(url, part, progress)
            except (urllib.error.URLError, OSError, ValueError) as error:
                reason = str(error)
                continue
            if _md5(part) == file.md5:
                part.replace(path)
                return
            reason = f"{url} holds another file than it should (its checksum differs)."
    finally:
        part.unlink(missing_ok=True)
    raise UserError(f"{file.name} could not be fetched.", reason, "Check the connection, or bring the file yourself.")


def _copy(url: str, part: Path, progress: Callable[[float], None]) -> None:
    request = Request(url, headers={"User-Agent": "assay"})
    with urlopen(request, timeout=_SECONDS) as answer, part.open("wb") as stream:
        size, done = int(answer.headers.get("Content-Length") or 0), 0
        while block := answer.read(_BLOCK):
            stream.write(block)
            done += len(block)
            if done > _MAX_BYTES:
                raise OSError("It is larger than any of these data sets.")
            progress(min(done / size, 1.0) if size else 0.0)


def _unpack(path: Path, folder: Path) -> None:
    """Unpack an archive; its checksum is known, and still nothing may land outside `folder`."""
    try:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as zipped:
                _require_room(sum(info.file_size for info in zipped.infolist()), path)
                zipped.extractall(folder)  # drops absolute paths and ".." itself
        else:
            with tarfile.open(path) as archive:
                _require_room(sum(member.size for member in archive.getmembers()), path)
                archive.extractall(folder, filter="data")
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError) as error:
        raise UserError(f"{path.name} cannot be unpacked.", f"{error}", "Delete it and fetch it again.") from error


def _require_room(size: int, path: Path) -> None:
    if size > _MAX_UNPACKED:
        raise UserError(
            f"{path.name} unpacks to {size:,} bytes.",
            f"At most {_MAX_UNPACKED:,} are unpacked.",
            "Delete it and fetch it again.",
        )
