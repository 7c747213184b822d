"""Folders of images: the names of the folders are the labels."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from core.data.collection import MAX_FILES, Collection, Files, Problem, legible
from core.data.decoding import MAX_BYTES
from core.data.folders.layout import Layout, arranged
from core.data.paths import LINKS
from core.errors import UserError
from core.system import READING_SAFELY

MAX_DEPTH = 32  # folders in folders: deeper ones are mistakes, or made to exhaust the reader


def recognises(path: Path) -> bool:
    """Whether there is a folder in the folder."""
    try:
        with os.scandir(path) as entries:
            return any(entry.is_dir() and not entry.name.startswith(".") for entry in entries)
    except OSError:
        return False


def image_folder(path: Path, *, layout: Layout = "auto", links_within: str = "") -> Collection:
    """The images below `path`, labelled by the folder that they lie in; see `core.data.folders.layout`.

    Links to files inside `path` are read; links that lead out of it, and links to folders, are listed and skipped.

    Args:
        path: a folder.
        layout: what the folders are, where their names leave two readings.
        links_within: a folder that links may lead into, to files and to folders; empty for none.

    Raises:
        UserError: `path` is no folder or cannot be read; see `arranged`.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("train/cat/1.png", "train/dog/2.png", "test/cat/3.png"):
        ...         (Path(folder) / name).parent.mkdir(parents=True)
        ...         (Path(folder) / name).touch()
        ...     pets = image_folder(Path(folder))
        ...     print(pets.class_names, pets.train.names, pets.test.names)
        ('cat', 'dog') ('train/cat/1.png', 'train/dog/2.png') ('test/cat/3.png',)
    """
    return arranged(files_below(path, links_within), Path(os.path.realpath(path)).name, layout)


def files_below(path: Path, links_within: str = "") -> Files:
    """All files below a folder, links as `image_folder` takes them. Raises UserError where it cannot be read."""
    root = Path(os.path.realpath(path))
    if not root.is_dir():
        raise UserError(f"{path} is no folder.", "A folder of images is needed.", "Check the path.")
    paths: list[str] = []
    folders: list[str] = []
    problems: list[Problem] = []
    allowed = (root, Path(os.path.realpath(links_within))) if links_within else (root,)
    for entry, relative in _entries(str(root), problems, allowed[1:]):
        if entry.is_dir(follow_symlinks=False) or _leads_into(entry, allowed[1:], stat.S_IFDIR):
            folders.append(relative)
        elif entry.is_file(follow_symlinks=False) or _leads_into(entry, allowed, stat.S_IFREG):
            paths.append(relative)
        elif not entry.name.startswith("."):
            problems.append(Problem("link", legible(relative), _why(entry)))
        if len(paths) > MAX_FILES:
            raise UserError(f"There are more than {MAX_FILES:,} files.", "", "Open a part of the folder.")
    return Files(paths, folders, lambda index: _content(root, paths[index], allowed), tuple(problems))


def _entries(root: str, problems: list[Problem], linked: Sequence[Path]) -> Iterator[tuple[os.DirEntry[str], str]]:
    """Everything below `root` in sorted order with its relative path; links to folders are entered below `linked` only.

    A circle of links ends at the depth where all folders end.
    """
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(f"{root}/{folder}") as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError as error:
            if not folder:
                raise UserError(f"{root} cannot be read.", error.strerror or "", "Check who may read it.") from error
            problems.append(Problem("unreadable", legible(folder), f"The folder cannot be read: {error.strerror}."))
            continue
        below = []
        for entry in entries:
            relative = f"{folder}/{entry.name}" if folder else entry.name
            yield entry, relative
            enters = entry.is_dir(follow_symlinks=False) or _leads_into(entry, linked, stat.S_IFDIR)
            if enters and not entry.name.startswith("."):
                below.append(relative)
        if folder.count("/") + 1 < MAX_DEPTH:
            waiting += reversed(below)
        else:
            why = f"Folders are read {MAX_DEPTH} deep, and no deeper."
            problems += [Problem("too deep", legible(deeper), why) for deeper in below]


def _leads_into(entry: os.DirEntry[str], folders: Sequence[Path], kind: int) -> bool:
    """Whether this is a link to a regular file, or to a folder, below one of `folders`."""
    if not folders or not entry.is_symlink() or _kind(entry.path) != kind:
        return False
    target = Path(os.path.realpath(entry.path))
    return any(target.is_relative_to(folder) for folder in folders)


def _why(entry: os.DirEntry[str]) -> str:
    if not entry.is_symlink():
        return "It is no regular file."
    if _kind(entry.path) == stat.S_IFDIR:
        return "It is a link to a folder; only what lies in the folder itself is read."
    return "It is a link that leads nowhere, or out of the folder."


def _kind(path: str) -> int:
    """What lies at the end of all links; 0 where there is nothing, or a circle."""
    try:
        return stat.S_IFMT(os.stat(path).st_mode)  # noqa: PTH116
    except OSError:
        return 0


def _content(root: Path, relative: str, allowed: Sequence[Path]) -> bytes:
    """What the file holds; links are followed again only to what lies below `allowed` at this moment."""
    path = os.path.realpath(f"{root}/{relative}")
    if not any(Path(path).is_relative_to(folder) for folder in allowed):
        raise UserError("It is a link that leads out of the folder.", "Only files below the folder are opened.", LINKS)
    handle = os.open(path, READING_SAFELY)
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or about.st_size > MAX_BYTES:
            raise UserError(f"The file has {about.st_size:,} bytes.", f"At most {MAX_BYTES:,} are read of an image.")
        return os.read(handle, about.st_size)
    finally:
        os.close(handle)
