"""Arrays in `.npz` and `.npy` files, memory-mapped where that is possible. Nothing is ever unpickled."""

import math
import struct
import tempfile
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from core.data.paths import own
from core.data.threads import pieces
from core.errors import UserError
from core.files import is_archive

Arrays = Mapping[str, Callable[[], NDArray[Any]]]
MAX_ARRAY_BYTES = 256 * 2**30  # a header that promises more is damaged: no disk here holds such images
HELD_BYTES = 64 * 2**20  # several arrays may be open at once, on a laptop
MAX_RATIO = 200  # packed pictures never reach it; zeros packed with deflate reach 1,000
PICKLE = b"\x80"  # the first byte of every pickle since protocol 2
# What zipfile and NumPy raise on damaged, encrypted or oddly compressed files.
_DAMAGE = (
    OSError,
    EOFError,
    KeyError,
    ValueError,
    RuntimeError,
    SyntaxError,
    MemoryError,
    OverflowError,
    TypeError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


def members(path: Path, *, held_bytes: int = HELD_BYTES) -> Arrays:
    """Name → what opens that array, for an `.npz` file, an `.npy` file (with its siblings) or a folder of such.

    Args:
        path: the file or folder.
        held_bytes: what a packed array may take in memory; a larger one is unpacked into a temporary file.

    Raises:
        UserError: the file is damaged; opening an array says so too, and refuses Python objects.
    """
    if path.suffix.lower() != ".npz" or path.is_dir():
        folder = path if path.is_dir() else path.parent
        return {file.stem: partial(_safely, file, _mapped) for file in sorted(folder.glob("*.npy"))}
    if not path.is_file() or not is_archive(path):  # text, one bare array, a truncated archive
        raise _damaged(path)
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if info.filename.endswith(".npy")]
    except _DAMAGE as error:
        raise _damaged(path) from error
    read = partial(_member, held_bytes=held_bytes)
    return {info.filename.removesuffix(".npy"): partial(_safely, path, partial(read, info=info)) for info in infos}


def _safely(path: Path, read: Callable[[Path], NDArray[Any]]) -> NDArray[Any]:
    try:
        return read(path)
    except _DAMAGE as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> UserError:
    if path.is_file() and path.open("rb").read(1) == PICKLE:
        return UserError(
            f"{path.name} is a pickle.",
            "Reading one could run code, so it is never opened.",
            "Save plain arrays with numpy.savez_compressed.",
        )
    what = "archive" if path.suffix.lower() == ".npz" else "array"
    with_what = "numpy.savez_compressed" if what == "archive" else "numpy.save"
    return UserError(
        f"{path.name} cannot be read.",
        f"It is damaged, or not an {path.suffix} {what}.",
        f"Make it again with {with_what}.",
    )


def _mapped(path: Path) -> NDArray[Any]:
    path = own(path)
    with path.open("rb") as stream:
        shape, fortran, dtype = _header(stream, path)
        return _map(path, stream.tell(), shape, fortran, dtype)


def _member(path: Path, info: zipfile.ZipInfo, held_bytes: int) -> NDArray[Any]:
    """One array of an archive: mapped where it is stored as it is, else unpacked, to a file when it is large."""
    with zipfile.ZipFile(path) as archive, archive.open(info) as stream:
        shape, fortran, dtype = _header(stream, path)
        size = math.prod(shape) * dtype.itemsize
        if size > info.file_size:
            raise ValueError("The array is larger than the member that holds it.")
        if info.compress_type == zipfile.ZIP_STORED:
            return _map(path, _start(path, info) + stream.tell(), shape, fortran, dtype)
        if size > held_bytes and info.file_size > MAX_RATIO * info.compress_size:
            raise UserError(
                f"{info.filename} unpacks to {info.file_size / info.compress_size:,.0f} times its size.",
                f"More than {MAX_RATIO} times is refused: that is how decompression bombs look.",
                "If the data are really so uniform, save them with numpy.savez, which does not compress.",
            )
        flat = _unpacked(stream, size, dtype, held_bytes)
        stream.read(1)  # past the end, where zipfile compares the checksum
        return flat.reshape(shape, order="F" if fortran else "C")


def _header(stream: IO[bytes], path: Path) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether Fortran-ordered, and type; Python objects are refused before anything of them is read."""
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
    shape, fortran, dtype = read(stream)
    if dtype.hasobject:
        raise UserError(
            f"{path.name} holds Python objects, and reading those could run code.",
            "Only plain arrays are read.",
            "Save images as uint8 and labels as int64.",
        )
    if any(side < 0 for side in shape) or math.prod(shape) * dtype.itemsize > MAX_ARRAY_BYTES:
        raise ValueError("No array has such a shape.")
    return shape, fortran, dtype


def _map(path: Path, offset: int, shape: tuple[int, ...], fortran: bool, dtype: np.dtype[Any]) -> NDArray[Any]:
    if not math.prod(shape) * dtype.itemsize:
        return np.zeros(shape, dtype)
    return np.memmap(path, dtype, "r", offset, shape, "F" if fortran else "C")


def _start(path: Path, info: zipfile.ZipInfo) -> int:
    """Where a stored member's content begins: its local header has lengths of its own."""
    with path.open("rb") as stream:
        stream.seek(info.header_offset + 26)
        name, extra = struct.unpack("<HH", stream.read(4))
    return info.header_offset + 30 + int(name) + int(extra)


def _unpacked(stream: IO[bytes], size: int, dtype: np.dtype[Any], held_bytes: int) -> NDArray[Any]:
    if size <= held_bytes:
        return np.frombuffer(_exactly(stream, size), dtype)
    with tempfile.TemporaryFile() as unpacked:
        for piece in pieces(size, held_bytes):
            unpacked.write(_exactly(stream, len(piece)))
        unpacked.flush()
        return np.memmap(unpacked, dtype, "r")  # the mapping outlives the file's name and handle


def _exactly(stream: IO[bytes], size: int) -> bytes:
    read = stream.read(size)
    if len(read) != size:
        raise EOFError("The array ends too early.")
    return read
