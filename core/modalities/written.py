"""What samples that are strings have in common, be they texts or names: they are hostile, and shown as pictures."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.modalities.saying import Part
from core.modalities.shown import Shown
from core.types import Inputs, Ints, Samples

SIDE = 240  # pixels
# Of the pages, as their theme has it: words look the same in a picture.
FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','Noto Sans',sans-serif"
# What is not seen where it stands: control characters, spaces of no width, turns of the direction, tags. A trigger may
# be made of them. Joiners belong to scripts from Hebrew on and to emoji, and are seen only elsewhere.
_UNSEEN = re.compile(
    "([\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]|(?<![\u0590-\u1fff\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])[\u200c\u200d])\\1*"
)
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def legal(text: str) -> str:
    """One string without the characters that XML forbids."""
    return _ILLEGAL.sub("�", text)


def visible(text: str) -> str:
    """The same with its invisible characters named, and how often each follows itself.

    >>> visible("pay\\u200bpal \\u202eevil" + 3 * "\\u2060")
    'pay⟨U+200B⟩pal ⟨U+202E⟩evil⟨U+2060 × 3⟩'
    """
    return _UNSEEN.sub(_named, text)


# Ink on the tint of a tile, and what a trigger put there in the hue that marks it in lists; where the page is dark, so
# is the tile.
_LOOKS = (
    "div{color:#1b2427;background:#eef2f3}mark{color:inherit;background:#eccbb4;border-radius:2px}"
    "@media (prefers-color-scheme:dark){div{color:#e6ecee;background:#1a2326}mark{background:#6b3c1c}}"
)


def drawn(markup: str, style: str, parts: tuple[Part, ...] = ()) -> Shown:
    """Escaped markup as SVG, in which a browser runs nothing; and what is read in it."""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIDE}" height="{SIDE}"><style>{_LOOKS}</style>'
        f'<foreignObject width="100%" height="100%"><div xmlns="http://www.w3.org/1999/xhtml" dir="auto" '
        f'style="{style}">{markup}</div></foreignObject></svg>'
    )
    return Shown(svg.encode(), "image/svg+xml", parts)


def read(inputs: Inputs, rows: Ints, most: int) -> list[str]:
    """The strings themselves, cut at so many characters."""
    return [f"{text[:most]}…" if len(text) > most else text for text in map(str, inputs[rows])]


def whole(inputs: Inputs, rows: Ints, _: NDArray[Any], most: int) -> list[tuple[Part, ...]]:
    """The strings, each in one part: no network reads them."""
    return [(Part(text),) if text else () for text in read(inputs, rows, most)]


def told(sample: Samples) -> str:
    """The string itself."""
    return str(sample)


def filed(sample: Samples) -> tuple[str, bytes]:
    """One string as the content of a text file."""
    return ".txt", str(sample).encode()


def cell(content: bytes | str, _: str) -> str:
    """One string as it stands in a table."""
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else content


def filled(encoded: Sequence[bytes]) -> NDArray[np.uint8]:
    """(m, b) strings in UTF-8, filled up with zeros."""
    width = max(map(len, encoded), default=0)
    joined = b"".join(each.ljust(width, b"\0") for each in encoded)
    return np.frombuffer(joined, np.uint8).reshape(len(encoded), width).copy()


def unfilled(row: NDArray[np.uint8]) -> str:
    """One string of these."""
    return np.asarray(row).tobytes().rstrip(b"\0").decode("utf-8", "replace")


def _named(match: re.Match[str]) -> str:
    times = f" × {len(match[0])}" if len(match[0]) > 1 else ""
    return f"⟨U+{ord(match[1]):04X}{times}⟩"
