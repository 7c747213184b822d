"""The one shape that all images of a data set get, where nobody asked for another."""

from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from contextlib import closing
from itertools import chain

import numpy as np

from core.data.collection import Collection, Part, pixels
from core.data.decoding import Header, header
from core.data.threads import in_order, pieces
from core.errors import UserError
from core.modalities.labels import inputs as labels
from core.modalities.text import inputs as text

Shape = tuple[int, ...]
# Of modalities whose samples have one shape, whatever the data.
FIXED: dict[str, Shape] = {"text": text.SHAPE, "labels": labels.SHAPE}
SMALLEST_SIDE = 8  # pixels: below, no convolution here has anything to look at
LARGEST_SIDE = 224  # pixels: what published architectures are trained with
NEARLY_ALL = 0.99  # of the images: with this many of one size, a few others are fitted to it
LOOKED_AT = 2000  # headers of each split: a second for files on a disk
_CHUNK = 64  # headers that a thread reads in one go


def proposed_shape(collection: Collection, *, n_looked_at: int = LOOKED_AT) -> Shape:
    """(h, w, c) for all images, from the headers of some; grey only if the headers of all images say so.

    Args:
        collection: stays open; its owner closes it.
        n_looked_at: evenly spaced images of each split whose sizes are looked at.

    Raises:
        UserError: none of the images that were looked at can be read.
    """
    if collection.modality in FIXED:
        return FIXED[collection.modality]
    parts = (collection.train, collection.test)
    some = [_evenly(part, n_looked_at) for part in parts]
    headers = list(chain.from_iterable(_headers(part, rows) for part, rows in zip(parts, some, strict=True)))
    if not headers:
        raise UserError("None of the images that were looked at can be read.", "", "Check that the files are images.")
    grey = all(header.channels == 1 for header in headers) and not any(_any_colour(part) for part in parts)
    return common_shape(Counter((header.height, header.width) for header in headers), 1 if grey else 3)


def common_shape(sizes: Mapping[tuple[int, int], int], channels: int) -> Shape:
    """(h, w, c) for images of these sizes, (h, w) → how many.

    Where nearly all have one size, it stays, scaled down to a shorter side of 224 at most. Otherwise it is a square of
    the most common shorter side, 224 at most. No side is shorter than 8.
    """
    (height, width), n = max(sizes.items(), key=lambda item: (item[1], item[0]))
    if n < NEARLY_ALL * sum(sizes.values()) or max(height, width) > 4 * min(height, width):
        shorter: Counter[int] = Counter()
        for size, count in sizes.items():
            shorter[min(size)] += count
        height = width = max(shorter.items(), key=lambda item: (item[1], item[0]))[0]
    scale = min(1.0, LARGEST_SIDE / min(height, width))
    return max(SMALLEST_SIDE, round(height * scale)), max(SMALLEST_SIDE, round(width * scale)), channels


def _evenly(part: Part, most: int) -> list[int]:
    return np.unique(np.linspace(0, len(part) - 1, min(most, len(part))).astype(int)).tolist() if len(part) else []


def _headers(part: Part, rows: Iterable[int]) -> Generator[Header, None, None]:
    """The headers of those of these images that can be read."""
    waiting = list(rows)
    every = pieces(len(waiting), _CHUNK)
    with closing(in_order(lambda piece: [_header(part, waiting[place]) for place in piece], every)) as results:
        yield from (header for piece_headers in results for header in piece_headers if header)


def _header(part: Part, index: int) -> Header | None:
    try:
        return header(pixels(part.read(index)))
    except (UserError, OSError):
        return None


def _any_colour(part: Part) -> bool:
    with closing(_headers(part, range(len(part)))) as headers:
        return any(header.channels == 3 for header in headers)
