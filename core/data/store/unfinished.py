"""Where a data set lies until all of it is there."""

import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core import system
from core.files import LEFT_SECONDS, writing

PREFIX = ".unfinished-"  # of folders that no list of data sets shows
LOCK = ".lock"  # after the name of such a folder: the file that its maker holds, since folders have no lock everywhere


@contextmanager
def unfinished(parent: Path) -> Iterator[Path]:
    """A new folder in `parent` that is gone afterwards; so are earlier ones whose maker was killed.

    Raises UserError where the disk is full, whatever is written in it meanwhile.
    """
    with writing(parent / "the data set"):
        parent.mkdir(parents=True, exist_ok=True)
    for path in parent.glob(f"{PREFIX}*"):
        _clear(path.with_name(path.name.removesuffix(LOCK)))
    folder = parent / f"{PREFIX}{secrets.token_hex(4)}"
    try:
        with writing(parent / "the data set"), _lock_of(folder).open("xb") as stream:
            system.lock(stream)  # before there is a folder that others may find
            folder.mkdir()
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _lock_of(folder).unlink(missing_ok=True)


def _clear(folder: Path) -> None:
    """Remove a folder that nobody is at, and its lock."""
    lock = _lock_of(folder)
    with suppress(OSError):  # somebody is at it, or removes it just now
        if not folder.exists() and time.time() - lock.stat().st_mtime < LEFT_SECONDS:
            return  # its maker is about to begin
        with lock.open("ab") as stream:
            system.lock(stream, wait=False)
            shutil.rmtree(folder, ignore_errors=True)
        lock.unlink(missing_ok=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + LOCK)
