"""Writing files so that a reader never sees half of one: a temporary name first, then a rename."""

import errno
import glob
import json
import os
import re
import secrets
import shutil
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray

from core import system
from core.errors import UserError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_CLOSED = {errno.EROFS, errno.EACCES, errno.EPERM}
LEFT_SECONDS = 120.0  # a temporary file this old that nobody holds has lost its writer, who held it from the start
SMALL = 2**16  # bytes of the largest files that say how far a job is, and more
_TEMPORARY = re.compile(r"\..+\.\d+-[0-9a-f]{12}\.tmp")


def write_file(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then move it into place."""
    # Two threads of one process may write it at once, so the process alone makes no name.
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(6)}.tmp")
    with writing(path):
        _delete_left(path.parent.glob(f".{glob.escape(path.name)}.*.tmp"), LEFT_SECONDS)
        try:
            with temporary.open("xb") as stream:
                system.lock(stream)
                write(stream)
                stream.flush()
                os.fsync(stream.fileno())
            system.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    """`content` as JSON; NaN is written as null so that every reader understands it."""
    write_file(path, lambda stream: stream.write(encoded(content)))


def encoded(content: Any) -> bytes:
    """What `write_json` writes."""
    return json.dumps(plain(content), indent=1, ensure_ascii=False, allow_nan=False).encode()


def write_array(path: Path, array: NDArray[Any]) -> None:
    """`array` as `.npy`, without pickles."""
    write_file(path, lambda stream: np.save(_Passed(stream), array, allow_pickle=False))


def mapped_array(path: Path, kind: DTypeLike, shape: tuple[int, ...]) -> "np.memmap[Any, Any]":
    """A new `.npy` of zeros, mapped to be written into; its place on the disk is taken already.

    Otherwise the place is taken piece by piece, and where none is left the system ends the process without a word.

    Args:
        path: of the file; what was there is written over.
        kind: of its values.
        shape: of the array.

    Raises:
        UserError: the disk is full; no file stays.
    """
    with writing(path):
        array = np.lib.format.open_memmap(path, "w+", kind, shape)
        try:
            with path.open("r+b") as stream:
                system.reserve(stream, path.stat().st_size)
        except OSError:
            path.unlink(missing_ok=True)
            raise
    return array


def plain(content: Any) -> Any:
    """`content` in what JSON knows: NumPy scalars become numbers, NaN and infinity null."""
    if isinstance(content, dict):
        return {str(key): plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple | set | frozenset):
        return [plain(value) for value in content]
    if isinstance(content, np.generic):
        content = content.item()
    if isinstance(content, float) and not np.isfinite(content):
        return None
    return content


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say a full disk and missing rights in words. Raises UserError for these; other errors go on as they are."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        first = _of_the_disk(error)
        if first and first.errno in _FULL:
            raise full(path) from error
        if first and first.errno in _CLOSED:
            hint = f"Make {path.parent} writable, then try again."
            raise UserError(f"{path.name} cannot be written.", f"{first.strerror}.", hint) from error
        raise


def full(path: Path) -> UserError:
    """What is said where the disk has no room for a file."""
    hint = f"Free space on the disk that holds {path.parent}, then try again."
    return UserError("The disk is full.", f"{path.name} was not written.", hint)


def has_room(path: Path) -> bool:
    """Whether the disk of an existing folder or file takes another small file."""
    return shutil.disk_usage(path).free >= SMALL


class _Passed:
    """A file of which NumPy knows nothing: what it writes past Python fails without saying why."""

    def __init__(self, stream: BinaryIO) -> None:
        self.write = stream.write


def _of_the_disk(error: BaseException | None) -> OSError | None:
    """The error of the system that others followed: torch closes its archive, which then is cut short."""
    while error:
        if isinstance(error, OSError) and error.errno:
            return error
        error = error.__cause__ or error.__context__
    return None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`, after whoever holds it now; it vanishes with the process however that ends.

    Whatever reads a file, changes it and writes it again does so in here. Each call opens the file afresh, so that two
    threads of one process wait for each other, too; one that holds it already would wait for itself.
    """
    with writing(path):
        lock = path.open("ab")
    with lock:
        system.lock(lock)
        yield


def is_archive(path: Path) -> bool:
    """Whether a file is a ZIP archive, damaged ones included."""
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile:  # its last record says something impossible, which the check itself trips over
        return True


def sweep(*directories: Path, older: float = LEFT_SECONDS) -> None:
    """Delete the temporary files that killed writers of any file left in these directories and in folders of theirs."""
    for directory in directories:
        temporary = (path for pattern in (".*.tmp", "*/.*.tmp") for path in directory.glob(pattern))
        _delete_left((path for path in temporary if _TEMPORARY.fullmatch(path.name)), older)


def allow_many_open_files() -> int:
    """How many files this process may have open from now on: as many as the system lets it; 0 where it has no limit."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # some systems call it unlimited and refuse that
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return soft


def _delete_left(files: Iterable[Path], older: float) -> None:
    """Delete temporary files of this age or more that nobody holds any more."""
    for left in files:
        with suppress(OSError):  # somebody else deletes it just now, or it is being written
            if time.time() - left.stat().st_mtime > older:
                with left.open("rb") as stream:
                    system.lock(stream, wait=False)
                left.unlink()  # its writer is gone, so nobody takes the lock again
