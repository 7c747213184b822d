"""Checksums: whether a finished file is still what was written.

A folder, of a run or of a data set, holds `checksums.json`: name → SHA-256, bytes and time of change of each file.
Whoever writes a file does so inside `rewriting`. Its entry is gone meanwhile, so a process that is killed leaves a file
without a checksum, never a good file with a wrong one. Files of before there were checksums have none, and are opened.

A file is hashed once in a process for each state that it is in (size, times, inode), so a page hashes nothing when it
runs again. One larger than `TRUSTED_BYTES` whose size and time of change are as recorded is taken as it is.
`python -m core verify` hashes everything.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.files import locked, write_json
from core.json_files import read_json

FILE = "checksums.json"
LOCK = "checksums.lock"
TRUSTED_BYTES = 32 * 2**20  # a tenth of a second of SHA-256 on a slow processor
SETTLED_SECONDS = 2.0  # younger files may change without another time of change: some disks count whole seconds
SMALL_BYTES = 4096  # of an array without a value, which cannot be mapped
T = TypeVar("T")
_remembered: dict[Path, tuple[tuple[int, ...], Any]] = {}  # path → state of the file and what was found then


@dataclass(frozen=True)
class Written:
    """What a file was when it was finished."""

    sha256: str
    bytes: int
    mtime_ns: int


@dataclass(frozen=True)
class _Kept:
    files: Mapping[str, Written] = field(default_factory=dict)
    schema: int = 1


@contextmanager
def rewriting(folder: Path, *names: str) -> Iterator[None]:
    """Write files of `folder` in here; their checksums are recorded at the end, unless an exception ends it."""
    forget(folder, *names)
    yield
    record(folder, *names)


def record(folder: Path, *names: str) -> None:
    """Record finished files as they are now."""
    written = {name: _written(folder / name) for name in names}
    _change(folder, lambda files: {**files, **written})


def record_content(folder: Path, name: str, content: bytes) -> None:
    """Record a file before it is written; only for one that did not exist, since it counts as missing until then."""
    written = Written(hashlib.sha256(content).hexdigest(), len(content), 0)
    _change(folder, lambda files: {**files, name: written})


def forget(folder: Path, *names: str) -> None:
    """Drop the records of files that are going to be written or deleted."""
    if (folder / FILE).exists():
        _change(folder, lambda files: {name: file for name, file in files.items() if name not in names})


def recorded(folder: Path) -> Mapping[str, Written]:
    """Name → what the file was when it was finished; empty for folders of before there were checksums.

    Raises:
        UserError: the checksums themselves are damaged.
    """
    path = folder / FILE
    written: Mapping[str, Written] = _once(path, _read) if path.exists() else {}
    return written


def digest(path: Path) -> str:
    """The SHA-256 of a file as it is now, found once in a process for each state of the file. Raises OSError."""
    return _once(path, _digest)


def wrong(folder: Path, name: str, *, thoroughly: bool = False) -> str:
    """What is wrong with a file, to follow a colon; empty where it is as it was written, or nothing was recorded.

    Args:
        folder: of the run or the data set.
        name: of the file, with its path below the folder.
        thoroughly: hash it whatever its size, and whatever was found before.

    Raises:
        UserError: the checksums themselves are damaged.
    """
    kept, words = recorded(folder).get(name), ""
    while kept and (words := _difference(folder / name, kept, thoroughly)):
        now = _read(folder / FILE).get(name)
        if now == kept:
            return words
        kept = now  # somebody wrote it meanwhile
    return ""


def array(path: Path, *, mapped: bool = True) -> NDArray[Any]:
    """The array in an `.npy` file, memory-mapped unless it is empty. Raises any exception where it is damaged."""
    try:
        content: NDArray[Any] = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except ValueError:
        if path.stat().st_size > SMALL_BYTES:
            raise
        content = np.load(path, allow_pickle=False)
    if not isinstance(content, np.ndarray):
        raise ValueError("it is an archive")
    return content


def why(error: BaseException) -> str:
    """The reason that a damaged file gave, to follow a colon."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return (str(error).splitlines() or [type(error).__name__])[0][:200].rstrip(".")


def _difference(path: Path, kept: Written, thoroughly: bool) -> str:
    try:
        state = path.stat()
        if path.is_file() and state.st_size != kept.bytes:
            return f"it has {state.st_size:,} bytes, and {kept.bytes:,} were written"
        if not thoroughly and state.st_size > TRUSTED_BYTES and state.st_mtime_ns == kept.mtime_ns:
            return ""
        current = _digest(path) if thoroughly else digest(path)
    except FileNotFoundError:
        return "it is missing"
    except OSError as error:
        return f"it cannot be read, {why(error)}"
    return "" if current == kept.sha256 else "its content is not what was written"


def _written(path: Path) -> Written:
    state = path.stat()
    return Written(_digest(path), state.st_size, state.st_mtime_ns)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _change(folder: Path, changed: Callable[[Mapping[str, Written]], Mapping[str, Written]]) -> None:
    with locked(folder / LOCK):
        files = changed(_read(folder / FILE))
        write_json(folder / FILE, asdict(_Kept(dict(sorted(files.items())))))


def _read(path: Path) -> Mapping[str, Written]:
    hint = "Restore it from a backup, or delete it: its files are then opened without being checked."
    return read_json(path, _Kept, f"The list of checksums of {path.parent.name}", hint, otherwise=_Kept()).files


def _once(path: Path, find: Callable[[Path], T]) -> T:
    """What `find` says of a file, found once for each state of it."""
    path = path.absolute()
    state = _state(path)
    before = _remembered.get(path)
    if before and before[0] == state:
        known: T = before[1]
        return known
    answer = find(path)
    if time.time() - max(state[1], state[2]) / 1e9 > SETTLED_SECONDS and state == _state(path):
        _remembered[path] = state, answer
    return answer


def _state(path: Path) -> tuple[int, ...]:
    about = os.stat(path)  # noqa: PTH116 - pages ask this often
    return about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino
