"""Archives of images, read in place: nothing is unpacked beside them, and no name in them is ever used as a path."""

import bz2
import gzip
import lzma
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from core.data.collection import Collection, Files, legible
from core.data.folders.layout import Layout, arranged
from core.data.folders.members import MAX_RATIO
from core.data.folders.tar_files import tar_files
from core.data.folders.zip_files import zip_files
from core.errors import UserError
from core.system import READING

_PIECE = 2**20  # bytes unpacked between two looks at the limits
_SLACK = (
    16 * 2**20
)  # bytes that any archive may unpack to, for padding packs a hundred times, and that stay free on the disk
_XZ_MEMORY = 256 * 2**20  # bytes: xz itself takes 65 MB at its highest level
_DAMAGE = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError)


def archive(path: Path, *, layout: Layout = "auto") -> Collection:
    """The images in a .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz file; `core.data.folders.layout` says what goes where.

    What kind of archive it is, its content tells. Links, devices, encrypted members, names that lead elsewhere and
    members that unpack to far more than a picture are listed and skipped; archives inside are not opened. A compressed
    .tar is unpacked into one nameless temporary file, since its members cannot be read out of order.

    Args:
        path: the archive.
        layout: what the folders in it are, where their names leave two readings.

    Raises:
        UserError: the archive is damaged, or made to fill memory or disk; see `arranged`.

    Examples:
        >>> import zipfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "pets.zip"
        ...     with zipfile.ZipFile(path, "w") as packed:
        ...         for name in ("cat/1.png", "dog/2.png"):
        ...             packed.writestr(name, b"an encoded image")
        ...     pets = archive(path)
        ...     print(pets.name, pets.class_names, pets.train.read(0))
        ...     pets.close()
        pets ('cat', 'dog') b'an encoded image'
    """
    if not path.is_file():
        raise UserError(f"{legible(path.name)} is no file.", "An archive is needed.", "Check the path.")
    try:
        files = _files(path)
    except OSError as error:
        raise UserError(f"{legible(path.name)} cannot be read.", error.strerror or "", "Check the path.") from error
    try:
        return arranged(files, _stem(path.name), layout)
    except UserError:
        files.close()
        raise


def _files(path: Path) -> Files:
    with path.open("rb") as stream:
        start = stream.read(6)
        stream.seek(0)
        unpacked = _unpacked(stream, start)
        if unpacked is not None:
            return _tar(_spooled(unpacked, path), path.name)
    if start[:2] == b"PK":
        return zip_files(path)
    return _tar(os.open(path, READING), path.name)


def _tar(descriptor: int, name: str) -> Files:
    try:
        return tar_files(descriptor, name)
    except UserError:
        os.close(descriptor)
        raise


def _unpacked(stream: BinaryIO, start: bytes) -> Iterator[bytes] | None:
    """The content of a compressed file in pieces; None for a file that is not compressed."""
    if start[:2] == b"\x1f\x8b":
        return _pieces(gzip.GzipFile(fileobj=stream))
    if start[:3] == b"BZh":
        return _pieces(bz2.BZ2File(stream))
    return _unpacked_xz(stream) if start == b"\xfd7zXZ\0" else None


def _pieces(stream: gzip.GzipFile | bz2.BZ2File) -> Iterator[bytes]:
    return iter(lambda: stream.read(_PIECE), b"")


def _unpacked_xz(stream: BinaryIO) -> Iterator[bytes]:
    """The same for .xz, which may ask for gigabytes of memory, and gets no more than a part of one."""
    reader = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
    for packed in iter(lambda: stream.read(_PIECE), b""):
        yield reader.decompress(packed, _PIECE)
        while not reader.needs_input and not reader.eof:
            yield reader.decompress(b"", _PIECE)
        if reader.eof:
            return
    raise EOFError


def _spooled(pieces: Iterator[bytes], path: Path) -> int:
    """A descriptor of a temporary file without a name that holds all the pieces, within limits."""
    most = MAX_RATIO * path.stat().st_size + _SLACK
    with tempfile.TemporaryFile() as spool:
        try:
            for piece in pieces:
                spool.write(piece)
                _require_bounds(spool.tell(), most, path)
        except _DAMAGE as error:
            raise UserError(
                f"{legible(path.name)} cannot be unpacked.",
                "It is damaged or cut short.",
                "Copy it again, or unpack it and open the folder.",
            ) from error
        spool.flush()
        return os.dup(spool.fileno())


def _require_bounds(size: int, most: int, path: Path) -> None:
    if size > most:
        raise UserError(
            f"{legible(path.name)} unpacks to more than {size:,} bytes from {path.stat().st_size:,}.",
            "Archives of pictures never do; this one is made to fill memory or disk.",
            "Do not open it.",
        )
    if shutil.disk_usage(tempfile.gettempdir()).free < _SLACK:
        raise UserError(
            f"There is no room to unpack {legible(path.name)}.",
            f"{tempfile.gettempdir()} is full.",
            "Unpack it elsewhere and open the folder, or set TMPDIR to a folder on a larger disk.",
        )


def _stem(name: str) -> str:
    stem = Path(name).stem
    return Path(stem).stem if stem.lower().endswith(".tar") else stem
