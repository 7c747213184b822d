"""Writing files so that a reader never sees half of one: a temporary name first, then a rename."""

import errno
import fcntl
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError

_FULL, _CLOSED = {errno.ENOSPC, errno.EDQUOT}, {errno.EROFS, errno.EACCES, errno.EPERM}


def write_file(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then move it into place."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        try:
            with temporary.open("wb") as stream:
                write(stream)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say a full disk and missing rights in words. Raises UserError for these; other errors go on as they are."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            hint = f"Free space on the disk that holds {path.parent}, then try again."
            raise UserError("The disk is full.", f"{path.name} was not written.", hint) from error
        if error.errno in _CLOSED:
            hint = f"Make {path.parent} writable, then try again."
            raise UserError(f"{path.name} cannot be written.", f"{error.strerror}.", hint) from error
        raise


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`, after whoever holds it now; it vanishes with the process however that ends."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_archive(path: Path) -> bool:
    """Whether a file is a ZIP archive, damaged ones included."""
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile:  # its last record says something impossible, which the check itself trips over
        return True


def write_json(path: Path, content: Any) -> None:
    """`content` as JSON; NaN is written as null so that every reader understands it."""
    text = json.dumps(plain(content), indent=1, ensure_ascii=False, allow_nan=False)
    write_file(path, lambda stream: stream.write(text.encode()))


def write_array(path: Path, array: NDArray[Any]) -> None:
    """`array` as `.npy`, without pickles."""
    write_file(path, lambda stream: np.save(stream, array, allow_pickle=False))


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
