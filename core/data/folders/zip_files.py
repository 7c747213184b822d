"""What is in a .zip file, read member by member, nothing written to disk and no member trusted."""

import io
import os
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from core.data.collection import MAX_FILES, Files, legible
from core.data.decoding import MAX_BYTES
from core.data.folders.members import MAX_RATIO, Listing, positioned, require_honest_total
from core.errors import UserError
from core.system import READING

MAX_DIRECTORY_BYTES = 128 * 2**20  # two million members with names of 20 characters
_LOCAL = struct.Struct("<4s22xHH")
_SMALL = 2**20  # bytes: a member of up to so many may be packed as tightly as it likes
_DAMAGE = (
    *(OSError, EOFError, ValueError, LookupError, OverflowError, MemoryError, RuntimeError, AssertionError),
    *(struct.error, zipfile.BadZipFile),
)


@dataclass(frozen=True)
class _Member:
    """Where a member's bytes lie, how long they are packed and unpacked, and their checksum."""

    offset: int
    packed: int
    size: int
    checksum: int
    deflated: bool


class _Directory(io.FileIO):
    """The file, which refuses to hand out an absurdly long table of contents."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY_BYTES:
            raise UserError("The archive's table of contents is too long.", "", "Make several archives of it.")
        return super().read(size)


def zip_files(path: Path, *, max_files: int = MAX_FILES) -> Files:
    """The files in the archive at `path`; encrypted members, links and odd names are listed among the problems.

    Raises:
        UserError: the archive is damaged, or unpacks to far more than any pictures do.
    """
    listing, members = Listing(max_files), []
    for info in _table_of_contents(path):
        problem = _refused(info)
        if info.filename.endswith("/"):  # `is_dir` falls over an empty name
            listing.folder(info.filename)
        elif problem:
            listing.skip(info.filename, *problem)
        elif listing.file(info.filename):
            members.append(_member(info))
    require_honest_total(path, sum(member.size for member in members), sum(member.packed for member in members))
    descriptor = os.open(path, READING)
    return listing.files(lambda index: _content(descriptor, members[index]), lambda: os.close(descriptor))


def _table_of_contents(path: Path) -> list[zipfile.ZipInfo]:
    try:
        with _Directory(path) as stream, zipfile.ZipFile(stream) as archive:
            return archive.infolist()
    except _DAMAGE as error:
        raise UserError(
            f"{legible(path.name)} cannot be read.",
            "It is damaged, cut short, or no .zip archive.",
            "Copy it again, or unpack it and open the folder.",
        ) from error


def _member(info: zipfile.ZipInfo) -> _Member:
    deflated = info.compress_type == zipfile.ZIP_DEFLATED
    return _Member(info.header_offset, info.compress_size, info.file_size, info.CRC, deflated)


def _refused(info: zipfile.ZipInfo) -> tuple[str, str] | None:
    """Kind and reason why a member is not read; None where it is."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "link", "It is a link or a device."
    if info.flag_bits & 0x1:
        return "encrypted", "It is encrypted; unpack the archive with its password and open the folder."
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "unreadable", "It is packed in a way that is not read; only stored and deflated members are."
    if info.file_size > MAX_BYTES or info.file_size > max(_SMALL, MAX_RATIO * info.compress_size):
        return "too large", f"Unpacked it would have {info.file_size:,} bytes, packed {info.compress_size:,}."
    return None


def _content(descriptor: int, member: _Member) -> bytes:
    """The member's bytes, never more than it says it has."""
    head = positioned(descriptor, member.offset, _LOCAL.size)
    signature, name_length, extra_length = _LOCAL.unpack(head)
    if signature != b"PK\x03\x04":
        raise UserError("The archive is damaged here.", "The member is not where the table of contents says.")
    raw = positioned(descriptor, member.offset + _LOCAL.size + name_length + extra_length, member.packed)
    try:
        content = zlib.decompressobj(-15).decompress(raw, member.size + 1) if member.deflated else raw
    except zlib.error as error:
        raise UserError("The archive is damaged here.", "The member cannot be unpacked.") from error
    if len(content) != member.size or zlib.crc32(content) != member.checksum:
        raise UserError("The archive is damaged here.", "The member's checksum or length is another.")
    return content
