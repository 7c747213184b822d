"""Which stored value is black and which is white: pixels come in 8, 12 or 16 bits, as masks, and as fractions."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.data.collection import Collection, Part
from core.data.decoding import White, brightest
from core.data.threads import in_order, pieces
from core.errors import UserError
from core.types import Images

Values = Literal["auto", "0 to 1", "-1 to 1", "0 to 255", "0 to 1023", "0 to 4095", "0 to 16383", "0 to 65535"]
RANGES: dict[str, tuple[float, float]] = {
    "0 to 1": (0, 1),
    "-1 to 1": (-1, 1),
    "0 to 255": (0, 255),
    "0 to 1023": (0, 1023),
    "0 to 4095": (0, 4095),
    "0 to 16383": (0, 16383),
    "0 to 65535": (0, 65535),
}
DEPTHS = (255, 1023, 4095, 16383, 65535)  # the largest values of 8, 10, 12, 14 and 16 bits
MOST_IMAGES = 20_000  # looked at where the range is in doubt: half a minute of photographs on a laptop
FEWEST_IMAGES = 32  # looked at in any case: a set of 8-bit files may hold some of 16
DARK = 31  # of 255: a set without a brighter value may have been stored with another range
LARGEST_FRACTION = 16.0  # fractions above 1 and below this are no range of pixels that anybody uses
REACHED = 0.9  # of −1 and of 1: fractions that stay far from both are more likely centred by a mean
_CHUNK = 16  # images that a thread decodes in one go


@dataclass(frozen=True)
class Levels:
    """The stored values that are shown as black and as white."""

    black: float
    white: float

    def shown(self, pixels: NDArray[Any]) -> Images:
        """The pixels as uint8: `black` and below become 0, `white` and above 255, what lies between is rounded."""
        scaled = (pixels.astype(np.float64) - self.black) * (255 / (self.white - self.black))
        return np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)


def levels_of(low: float, high: float, whole: bool, values: str = "auto") -> Levels | None:
    """The levels of an array, as declared or as its range suggests; None where it suggests none.

    Args:
        low, high: the smallest and the largest value of all images.
        whole: whether all values are whole numbers.
        values: one of `Values`.
    """
    if values != "auto":
        return Levels(*RANGES[values])
    if low >= 0 and high <= 1:
        return Levels(0, 1) if high > 0 else Levels(0, 255)
    if -1 <= low <= -REACHED and REACHED <= high <= 1:
        return Levels(-1, 1)
    if not whole and high < LARGEST_FRACTION:
        return None
    tops = DEPTHS if whole else DEPTHS[:1]
    return next((Levels(0, top) for top in tops if low >= 0 and high <= top), None)


def with_levels(collection: Collection, values: str = "auto", *, most: int = MOST_IMAGES) -> Collection:
    """`collection` with the white of its encoded images, as declared or as they suggest, and words about it.

    An ordinary set of 8 bits is settled by a few images. Where all are dark, or the files have 16 bits, it takes more.

    Args:
        collection: stays open; its owner closes it.
        values: one of `Values`.
        most: evenly spaced images that are looked at.

    Raises:
        UserError: values below 0 are declared for image files, which have none.
    """
    if values == "-1 to 1":
        raise UserError("Image files hold no values below 0.", "−1 to 1 is for arrays.", "Choose another range.")
    if values != "auto":
        top = int(RANGES[values][1])
        white = White(top, top) if top <= DEPTHS[0] else White(of_16_bits=top)
        return _said(collection, white, f"{top:,} is shown as white, as declared")
    parts = [part for part in (collection.train, collection.test) if len(part)]
    tops, n = _tops(parts, most)
    total = sum(map(len, parts))
    sample = f"all {total:,} images" if n == total else f"{n:,} of {total:,} images"
    white, words = White(), []
    if tops[0] == 1:
        white = replace(white, of_8_bits=1)
        words.append(f"values are 0 and 1 only: 1 is shown as white, told from {sample}")
    elif 0 < tops[0] <= DARK:
        words.append(f"no value is above {tops[0]} of 255 in {sample}: they are shown almost black")
    if tops[1] > 0:
        if tops[1] > DEPTHS[-1]:
            raise UserError(
                f"Image files of 32 bits hold values up to {tops[1]:,}.",
                "Nothing says which value is black and which is white.",
                "Declare the range with values, or save them with 16 bits.",
            )
        depth = 1 if tops[1] == 1 else next(depth for depth in DEPTHS if tops[1] <= depth)
        white = replace(white, of_16_bits=depth)
        evidence = "some images" if tops[1] > DEPTHS[-2] else sample
        words.append(f"16-bit files with values up to {tops[1]:,}: {depth:,} is shown as white, told from {evidence}")
    return _said(collection, white, "; ".join(words))


def _said(collection: Collection, white: White, words: str) -> Collection:
    about = {**collection.about, "pixels": words} if words else collection.about
    return replace(collection, white=white, about=about)


def _tops(parts: Sequence[Part], most: int) -> tuple[tuple[int, int], int]:
    """The largest value in files of 8 and of 16 bits, 0 without any, and how many images tell it."""
    places = [(part, index) for part in parts for index in range(len(part))]
    rows = np.unique(np.linspace(0, max(len(places) - 1, 0), min(most, len(places))).astype(int))
    # A few from everywhere come first, so that an ordinary set is settled by them.
    first = np.unique(np.linspace(0, max(len(rows) - 1, 0), min(FEWEST_IMAGES, len(rows))).astype(int))
    order = [*rows[first].tolist(), *np.delete(rows, first).tolist()]
    eight = sixteen = n = 0

    def look(piece: range) -> list[tuple[int, int]]:
        return [_brightest(*places[order[place]]) for place in piece]

    with closing(in_order(look, pieces(len(order), _CHUNK))) as results:
        for result in results:
            n += len(result)
            eight = max(eight, *(top for top, _ in result))
            sixteen = max(sixteen, *(top for _, top in result))
            settled = not 0 < eight <= DARK and not 0 < sixteen <= DEPTHS[-2]
            if n >= FEWEST_IMAGES and settled and (eight or sixteen):
                break
    return (eight, sixteen), n


def _brightest(part: Part, index: int) -> tuple[int, int]:
    """The largest value of one image, among 8 and among 16 bits; (0, 0) for pixels, and for what cannot be read."""
    try:
        raw = part.read(index)
        return brightest(raw) if isinstance(raw, bytes) else (255, 0)
    except (UserError, OSError):
        return 0, 0
