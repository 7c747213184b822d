"""What operating systems do differently, in one place: locks, files that are opened and read, memory, processes.

Linux and macOS have all of it. Windows has no descriptors that children inherit with their lock, no limits of memory
and time, and no signal that asks.
"""

import errno
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import IO, BinaryIO

import portalocker
from portalocker import AlreadyLocked, LockException, LockFlags

# Whether a process that this one starts inherits open files, and with them their locks.
HANDS_DOWN = hasattr(os, "fork")
# What a process is started with so that Ctrl-C in a console does not reach it; elsewhere, sessions are for that.
NEW_GROUP = int(getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0))
# Of a file that only is read: never waits for a pipe, follows no link, changes no line end; as far as the system can.
READING = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0)
READING_SAFELY = READING | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
READER_SECONDS = 2.0  # that a reader has to close a file that is to be replaced, where one has to wait for it
_ONE_AT_A_TIME = threading.Lock()  # where a system reads at a place in two steps


def lock(file: int | IO[bytes], *, shared: bool = False, wait: bool = True) -> None:
    """Hold the lock of an open file until it is closed; it vanishes with the process however that ends.

    Args:
        file: open, or its descriptor. Elsewhere than on Linux and macOS nobody else can read its content meanwhile.
        shared: together with others who only look.
        wait: for whoever holds it now.

    Raises:
        BlockingIOError: another one holds it, and nobody is waited for.
        OSError: the file system has no locks.
    """
    flags = (LockFlags.SHARED if shared else LockFlags.EXCLUSIVE) | (LockFlags(0) if wait else LockFlags.NON_BLOCKING)
    while True:
        try:
            portalocker.lock(file, flags)
        except AlreadyLocked:
            if not wait:  # Windows itself waits for ten seconds only
                raise BlockingIOError(errno.EAGAIN, "Somebody else holds the lock") from None
        except LockException as error:
            raise OSError(errno.ENOLCK, f"It cannot be locked: {error}") from error
        else:
            return


def reserve(stream: BinaryIO, size: int) -> None:
    """Have the disk keep room for all `size` bytes of a file. Raises OSError where it has none."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(stream.fileno(), 0, size)
        return
    for start in range(0, size, 2**20):  # what is there is written again: only then it has a place
        stream.seek(start)
        content = stream.read(2**20)
        stream.seek(start)
        stream.write(content)
    stream.flush()


def replace(source: Path, target: Path) -> None:
    """Move a file into the place of another one; where the system keeps a file that is being read, wait for the reader.

    Raises:
        OSError: it may not be written, or the reader stays.
    """
    deadline = time.monotonic() + READER_SECONDS
    while True:
        try:
            source.replace(target)
        except PermissionError:
            if HANDS_DOWN or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def read_at(descriptor: int, size: int, offset: int) -> bytes:
    """Up to `size` bytes at `offset` of an open file; threads do not disturb each other."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, size, offset)
    with _ONE_AT_A_TIME:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, size)


def memory() -> int:
    """Bytes of memory that this machine has."""
    import psutil

    return int(psutil.virtual_memory().total)


def began(pid: int) -> str:
    """When a process began, in words; empty where there is none, or where nobody may know."""
    import psutil

    try:
        return f"{psutil.Process(pid).create_time():.2f}"
    except (psutil.Error, ValueError, OverflowError):
        return ""


def end(pid: int) -> None:
    """End a process at once, with all that it started where it leads a session of its own.

    Raises:
        OSError: there is none, or it is somebody else's.
    """
    if not hasattr(os, "killpg"):
        os.kill(pid, signal.SIGTERM)  # there, this signal asks nobody
        return
    # A worker that a server started leads a session of its own; in any other group there may be others.
    alone = os.getsid(pid) == os.getpgid(pid) == pid
    (os.killpg if alone else os.kill)(pid, signal.SIGKILL)
