"""Files that a data set names: only regular files of its own folder are ever opened."""

import os
import stat
from pathlib import Path, PurePosixPath, PureWindowsPath

from core.errors import UserError
from core.system import READING_SAFELY

MAX_FILE_BYTES = 64 * 2**20  # of one image or description: cameras make no larger ones, attackers do


LINKS = "Links into another folder are followed on the command line: --set links_within=FOLDER."


def named(name: str, folder: Path | None = None) -> PurePosixPath:
    """The relative path that `name` means; nothing is looked up, so that a million names take a second.

    Args:
        name: relative; or absolute, below `folder`.
        folder: that it is relative to.

    Raises:
        UserError: it is empty, absolute, or leads out of its folder.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if not name.strip() or "\0" in name:
        raise UserError("The path of the image is empty or holds a NUL character.")
    if folder and path.is_absolute() and path.is_relative_to(folder):
        path = path.relative_to(folder)
    elif path.is_absolute() or PureWindowsPath(name).drive or name.startswith("~"):
        raise UserError("The path is absolute.", "Only paths below the data set's own folder are opened.")
    if ".." in path.parts:
        raise UserError("The path leads out of the folder.", "Only files below the data set's own folder are opened.")
    return path


def inside(folder: Path, name: str, links_within: str | Path = "") -> Path:
    """The regular file `name` below `folder`, symbolic links followed.

    Args:
        folder: of the data set.
        name: relative, or absolute and below it.
        links_within: a folder that links may lead into, too; "" for none.

    Raises:
        UserError: see `named`; or it is a link that leads out of the folder, or no regular file.
    """
    try:
        path = (folder / named(name, folder)).resolve(strict=True)
    except FileNotFoundError:
        raise UserError("There is no such file.") from None
    except (OSError, ValueError, RuntimeError) as error:  # too long, a loop of links, not permitted
        raise UserError("The file cannot be opened.", str(error)) from error
    if not path.is_relative_to(folder.resolve()) and not (
        links_within and path.is_relative_to(Path(links_within).resolve())
    ):
        raise UserError("It is a link that leads out of the folder.", "Only files below the folder are opened.", LINKS)
    if not path.is_file():
        raise UserError("It is no regular file.")
    return path


def own(path: Path) -> Path:
    """The regular file at `path`; a link may only lead to its own folder or below. Raises UserError: see `inside`."""
    try:
        return inside(path.parent, path.name)
    except UserError as error:
        raise UserError(f"{path.name} cannot be opened.", f"{error}", "Copy it there.") from error


def content(folder: Path, name: str, most: int = MAX_FILE_BYTES, links_within: str | Path = "") -> bytes:
    """What the regular file `name` below `folder` holds; see `inside`.

    Raises:
        UserError: see `inside`; or it has more than `most` bytes.
    """
    try:
        handle = os.open(inside(folder, name, links_within), READING_SAFELY)
        with os.fdopen(handle, "rb") as stream:
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode) or about.st_size > most:
                raise UserError(f"The file has {about.st_size:,} bytes.", f"At most {most:,} are read.")
            return stream.read(most)
    except OSError as error:
        raise UserError("The file cannot be read.", error.strerror or "") from error
