"""What is in a .tar file. Its headers are read here: a hostile one can send Python's own `tarfile` in circles.

Read are the formats that are in use: ustar, with the long names of GNU and of pax.

Reference: IEEE Std 1003.1-2017, `pax`, "ustar Interchange Format" and "pax Header Block".
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from core.data.collection import Files, legible
from core.data.decoding import MAX_BYTES
from core.data.folders.members import Listing, positioned
from core.errors import UserError

BLOCK = 512  # bytes: what the format counts in
_MAX_NOTE_BYTES = 2**16  # about one member: its name, its times, who owns it
_MAX_RECORDS = 64  # in a note of pax; it knows a dozen keys
# Types of members, as the format has them.
_FILE = (b"0", b"\0", b"7")
_FOLDER = b"5"
_LONG_NAME = b"L"
_PAX = b"x"
_NOTES = (b"g", b"K", b"V")  # about all members, the target of a link, the archive's label: nothing that is needed
_SPARSE = b"S"


@dataclass(frozen=True)
class _Header:
    """One header: the kind of member, its name, where its bytes lie and how many they are."""

    kind: bytes
    name: str
    offset: int
    size: int

    @property
    def end(self) -> int:
        """Where the next header lies."""
        return self.offset + -(-self.size // BLOCK) * BLOCK


def tar_files(descriptor: int, name: str) -> Files:
    """The files in an open, uncompressed archive, which closing them closes; links and devices are listed.

    Raises:
        UserError: the archive is damaged or cut short.
    """
    listing, places = Listing(), []
    for header in _members(descriptor, name):
        if header.kind == _FOLDER:
            listing.folder(header.name)
        elif header.kind not in _FILE:
            listing.skip(header.name, "link", "It is a link, a device or an unusual kind of member.")
        elif header.size > MAX_BYTES:
            listing.skip(header.name, "too large", f"It has {header.size:,} bytes; at most {MAX_BYTES:,} are read.")
        elif listing.file(header.name):
            places.append((header.offset, header.size))
    return listing.files(lambda index: positioned(descriptor, *places[index]), lambda: os.close(descriptor))


def _members(descriptor: int, name: str) -> Iterator[_Header]:
    """The members in their order, long names put in their place."""
    there, offset = os.fstat(descriptor).st_size, 0
    notes: dict[str, str] = {}
    while offset + BLOCK <= there:
        block = positioned(descriptor, offset, BLOCK)
        if not block.strip(b"\0"):
            return
        header = _header(block, offset + BLOCK, notes)
        if header is None or header.offset + header.size > there:
            break
        offset = min(header.end, there)
        if header.kind in (_LONG_NAME, _PAX):
            notes |= _noted(descriptor, header)
        elif header.kind == _SPARSE or "GNU.sparse.major" in notes:
            raise UserError(f"{legible(name)} holds files with holes.", "", "Unpack it and open the folder.")
        elif header.kind not in _NOTES:
            notes = {}
            yield header
    if offset != there:  # some programs leave out the two empty blocks at the end
        raise UserError(
            f"{legible(name)} is damaged or cut short.",
            f"There is no member where one should begin, at byte {offset:,}.",
            "Copy it again, or unpack it and open the folder.",
        )


def _header(block: bytes, offset: int, notes: dict[str, str]) -> _Header | None:
    """What a header block says; None when it is none."""
    checksum = _number(block[148:156])
    if checksum != sum(block[:148]) + 8 * 32 + sum(block[156:]):
        return None
    size = _number(block[124:136])
    if notes.get("size", "").isdecimal() and len(notes["size"]) < 20:  # too large for eleven octal digits
        size = int(notes["size"])
    if size is None:
        return None
    name, prefix = _text(block[:100]), _text(block[345:500]) if block[257:263] == b"ustar\0" else ""
    plain = f"{prefix}/{name}" if prefix else name
    kind = block[156:157]
    if plain.endswith("/") and kind in _FILE:
        kind = _FOLDER  # as the oldest archives have it
    return _Header(kind, notes.get("path", plain), offset, 0 if kind == _FOLDER else size)


def _noted(descriptor: int, header: _Header) -> dict[str, str]:
    """What a member that describes the next one says of it: its path, its size, whether it has holes."""
    if header.size > _MAX_NOTE_BYTES:
        raise UserError(
            "The archive has a name of more than 65,536 characters.", "No file is called so.", "Do not open it."
        )
    content = positioned(descriptor, header.offset, header.size)
    if header.kind == _LONG_NAME:
        return {"path": _text(content)}
    notes = {}
    for _ in range(_MAX_RECORDS):
        length, space, _ = content.partition(b" ")
        if not space or not length.isdigit() or len(length) > 8 or not len(length) + 2 < int(length) <= len(content):
            break
        key, _, value = content[len(length) + 1 : int(length) - 1].partition(b"=")
        notes[_text(key)] = _text(value)
        content = content[int(length) :]
    return {key: notes[key] for key in ("path", "size", "GNU.sparse.major") if key in notes}


def _number(field: bytes) -> int | None:
    """A number in octal digits, or in binary where its first bit is set; None for anything else or below zero."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    return int(digits or b"0", 8) if all(digit in b"01234567" for digit in digits) else None


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")
