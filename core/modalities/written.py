"""What samples that are strings have in common, be they texts or names: they are hostile, and shown as pictures."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.modalities.contract import Shown
from core.modalities.saying import Part
from core.types import Inputs, Ints, Samples

SIDE = 240  # pixels
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def legal(sample: Samples) -> str:
    """One string without the characters that XML forbids."""
    return _ILLEGAL.sub("�", str(sample))


def drawn(markup: str, style: str) -> Shown:
    """Escaped markup as SVG, in which a browser runs nothing."""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIDE}" height="{SIDE}">'
        f'<foreignObject width="100%" height="100%"><div xmlns="http://www.w3.org/1999/xhtml" dir="auto" '
        f'style="{style}">{markup}</div></foreignObject></svg>'
    )
    return Shown(svg.encode(), "image/svg+xml")


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


def filled(encoded: Sequence[bytes]) -> NDArray[np.uint8]:
    """(m, b) strings in UTF-8, filled up with zeros."""
    width = max(map(len, encoded), default=0)
    joined = b"".join(each.ljust(width, b"\0") for each in encoded)
    return np.frombuffer(joined, np.uint8).reshape(len(encoded), width).copy()


def unfilled(row: NDArray[np.uint8]) -> str:
    """One string of these."""
    return np.asarray(row).tobytes().rstrip(b"\0").decode("utf-8", "replace")
