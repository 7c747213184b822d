"""Where the Data page may look for data: below the folders that ASSAY_DATA names, by default home and the current one.

This fences in those who reach the page; whoever can type a command on the machine may open anything.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from core.data import SOURCES
from core.errors import UserError
from core.settings import DATA

MOST_ENTRIES = 200  # of a folder that are listed: more buttons make the page slow


@dataclass(frozen=True)
class FolderEntry:
    """Something in a folder. Its name may hold anything, so escape it.

    Attributes:
        path: where it is.
        is_folder: whether it can be looked into.
        title: of the source that reads such files, "" for none and for folders.
    """

    path: Path
    is_folder: bool
    title: str


def roots() -> tuple[Path, ...]:
    """The folders that exist of those allowed, links resolved, each once."""
    named = [part for part in os.environ.get(DATA, "").split(os.pathsep) if part.strip()]
    folders = [Path(part).expanduser() for part in named] or [Path.home(), Path.cwd()]
    return tuple(dict.fromkeys(root.resolve() for root in folders if root.is_dir()))


def allowed(path: str | Path) -> Path:
    """The absolute path that `path` means, links resolved.

    Args:
        path: absolute, relative to the current folder, or beginning with ~.

    Raises:
        UserError: nothing is there, or it does not lie below an allowed folder. What lies outside is called by the
            same words whether it exists or not.
    """
    try:
        place = Path(str(path).strip()).expanduser().resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a NUL, a loop of links, an unknown ~user
        raise UserError("This is no path.", str(error), "Check the spelling.") from None
    if not any(place.is_relative_to(root) for root in roots()):
        raise UserError(
            f"{place} lies outside the folders that this page may read.",
            f"It may read: {_named()}.",
            f"Move the data there, or add its folder to {DATA} and start Assay again.",
        )
    if not _there(place):
        raise UserError(
            f"There is nothing at {place}.", "A path on the machine that runs Assay is needed.", "Check it."
        )
    return place


def entries(folder: Path) -> tuple[list[FolderEntry], int]:
    """What `folder` holds, folders first, and how much more there is; hidden entries are passed over.

    Raises:
        UserError: `folder` cannot be read, or is not allowed.
    """
    place = allowed(folder)
    try:
        with os.scandir(place) as scanned:
            listed = [_entry(entry) for entry in scanned if not entry.name.startswith(".")]
    except OSError as error:
        raise UserError(f"{place} cannot be read.", error.strerror or "", "Check who may read it.") from error
    listed.sort(key=lambda entry: (not entry.is_folder, not entry.title, entry.path.name.lower(), entry.path.name))
    return listed[:MOST_ENTRIES], max(0, len(listed) - MOST_ENTRIES)


def _entry(entry: "os.DirEntry[str]") -> FolderEntry:
    """By its name alone: a folder of a million entries is listed at once."""
    is_folder = entry.is_dir()
    name = entry.name.lower()
    fits = (source.title for source in SOURCES.values() if source.endings and name.endswith(source.endings))
    return FolderEntry(Path(entry.path), is_folder, "" if is_folder else next(fits, ""))


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that no system accepts
        return False


def _named() -> str:
    return ", ".join(map(str, roots())) or "nothing, for none of its folders exists"
