"""How a file of text is encoded: told from all of its bytes, said in words, and read without an error."""

import codecs
from pathlib import Path

from core.errors import UserError

MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with a byte order mark",
    "utf-16": "UTF-16",
    "cp1252": "not UTF-8; read as Windows-1252",
}
# How archives, packed files, pictures and pickles begin: whatever their name is, they are no text.
_NO_TEXT = (
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"7z\xbc\xaf",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"\x80\x02",
    b"\x80\x04",
)
_AT_ONCE = 2**20  # bytes that are looked at together


def encoding_of(path: Path) -> str:
    """The codec of a file: by its mark, else UTF-8 where all of it is, else Windows-1252, in which anything reads.

    Raises:
        UserError: it begins like an archive, a picture or a pickle.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as stream:
        start = stream.read(8)
        if start.startswith(_NO_TEXT):
            detail = "It begins like an archive, a picture or a pickle, whatever its name is."
            raise UserError(f"{path.name} is no text.", detail, "Unpack it, or give it its own name.")
        if marked := mark_of(start):
            return marked
        stream.seek(0)
        try:
            while part := stream.read(_AT_ONCE):
                decoder.decode(part)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def mark_of(start: bytes) -> str:
    """The codec that the first bytes say; "" where they say none."""
    return next((codec for mark, codec in MARKS if start.startswith(mark)), "")


def decoded(content: bytes) -> tuple[str, str]:
    """A whole text and its codec.

    >>> decoded("naïve".encode("cp1252")), decoded(b"\\xef\\xbb\\xbfplain")
    (('naïve', 'cp1252'), ('plain', 'utf-8-sig'))
    """
    codec = mark_of(content)
    try:
        return content.decode(codec or "utf-8"), codec or "utf-8"
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace"), "cp1252"
