"""Damage to bytes, drawn at random: what disks and careless programs do, and what somebody who wants harm would try."""

import re
import struct
from collections.abc import Callable, Sequence
from random import Random

_NUMBERS = (0, 1, -1, 2**7, 2**15 - 1, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63 - 1)
_WORDS = (b"", b"-1", b"0", b"9" * 9, b"9" * 19, b"9" * 400, b"1e999", b"NaN", b"null", b"[" * 900, b"{" * 900)
_MOST_BYTES = 2**20


def damaged(content: bytes, draw: Random, others: Sequence[bytes]) -> bytes:
    """`content` after one to four kinds of damage; `others` are files that pieces may come from."""
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        content = draw.choice(_KINDS)(content, draw, others)[:_MOST_BYTES]
    return content


def _flipped(content: bytes, draw: Random, _: Sequence[bytes]) -> bytes:
    changed = bytearray(content)
    for _i in range(draw.choice((1, 1, 3, 16))):
        if changed:
            changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def _cut(content: bytes, draw: Random, _: Sequence[bytes]) -> bytes:
    return content[: draw.randrange(len(content) + 1)]


def _left_out(content: bytes, draw: Random, _: Sequence[bytes]) -> bytes:
    start = draw.randrange(len(content) + 1)
    return content[:start] + content[start + draw.choice((1, 2, 4, 8, 64)) :]


def _repeated(content: bytes, draw: Random, _: Sequence[bytes]) -> bytes:
    start, size = draw.randrange(len(content) + 1), draw.choice((1, 2, 4, 16, 64, 512))
    return content[:start] + content[start : start + size] * draw.choice((2, 10, 1000)) + content[start:]


def _numbered(content: bytes, draw: Random, _: Sequence[bytes]) -> bytes:
    """A number in binary, as lengths, counts and offsets are, in the place of some bytes."""
    size, order = draw.choice((1, 2, 4, 8)), draw.choice("<>")
    start = draw.randrange(max(1, min(len(content), draw.choice((64, 512, 2**30)))))
    number = (draw.choice(_NUMBERS) % 2 ** (8 * size)).to_bytes(size, "little" if order == "<" else "big")
    return content[:start] + number + content[start + size :]


def _worded(content: bytes, draw: Random, _: Sequence[bytes]) -> bytes:
    """Another number or word in the place of a number in text."""
    places = list(re.finditer(rb"[0-9]{1,12}", content[:65_536]))
    if not places:
        return content
    place = draw.choice(places)
    return content[: place.start()] + draw.choice(_WORDS) + content[place.end() :]


def _spliced(content: bytes, draw: Random, others: Sequence[bytes]) -> bytes:
    """The beginning of one file and the end of another."""
    other = draw.choice(others) if others else b""
    return content[: draw.randrange(len(content) + 1)] + other[draw.randrange(len(other) + 1) :]


def _doubled(content: bytes, draw: Random, _: Sequence[bytes]) -> bytes:
    """Instructions of a pickle that double what is there, over and over."""
    start = draw.randrange(len(content) + 1)
    pairs = b"".join(struct.pack("cBcB", b"h", step, b"h", step) + b"\x86q" + bytes([step + 1]) for step in range(40))
    return content[:start] + pairs + content[start:]


_KINDS: tuple[Callable[[bytes, Random, Sequence[bytes]], bytes], ...] = (
    *(_flipped, _flipped, _cut, _left_out, _repeated, _numbered, _numbered, _worded, _spliced, _doubled),
)
