"""How a file of text is encoded: told from all of its bytes, said in words, and read without an error."""

import codecs
from pathlib import Path

MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with a byte order mark",
    "utf-16": "UTF-16",
    "cp1252": "not UTF-8; read as Windows-1252",
}
_AT_ONCE = 2**20  # bytes that are looked at together


def encoding_of(path: Path) -> str:
    """The codec of a file: by its mark, else UTF-8 where all of it is, else Windows-1252, in which anything reads."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as stream:
        marked = mark_of(stream.read(4))
        if marked:
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
