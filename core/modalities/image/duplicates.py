"""Images that occur twice, exactly or nearly, told by one look at each.

A look keeps the size, the mode, a digest of all pixels, an outline of 64 bits and a thumbnail of 16 × 16.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.types import Images, Inputs, Ints

THUMB_SIDE = 16  # pixels: 768 bytes an image, so that 20,000 of them are compared in memory
# Flat ground must not become noise: a step of the outline counts only above what compression leaves behind.
_STEP = 4
# Two images look alike when their outlines differ in so few bits …
MOST_BITS = 2
# … and their thumbs by so small a part of the contrast. Drawings of one thing and of another of its kind have the same
# outline; of 12,000 CIFAR-10 images no two come so close, of MNIST digits 1.5 %, which are the same stroke to the eye.
MOST_DIFFERENCE = 0.05
_ROWS = 512  # outlines compared with all earlier ones at once: 80 MB for 20,000 images
_CANDIDATES_EACH = 1000  # earlier images looked at for each: a set of nothing but lookalikes stays bounded
_PAIRS = 20_000  # pairs of thumbs compared at once: 30 MB


@dataclass(frozen=True)
class Glance:
    """One image as it was seen, upright.

    Attributes:
        height, width: in pixels.
        mode: how the source keeps its pixels, in Pillow's words, or "pixels" for an array.
        colour: whether any pixel is not grey.
        digest: of all pixels; equal digests are equal images.
        outline: the 64-bit difference hash; images that look alike differ in few of its bits.
        thumb: (16, 16, 3) uint8.
    """

    height: int
    width: int
    mode: str
    colour: bool
    digest: bytes
    outline: int
    thumb: Images


def digests(inputs: Inputs) -> NDArray[np.uint64]:
    """(n,) a number an image that only images with the same pixels share (64 bits of BLAKE2b)."""
    joined = b"".join(blake2b(inputs[row].tobytes(), digest_size=8).digest() for row in range(len(inputs)))
    return np.frombuffer(joined, np.uint64)


def glance(image: Images, mode: str = "pixels") -> Glance:
    """What one image (h, w, 1 or 3) shows, which its source keeps in this `mode`."""
    height, width, channels = image.shape
    picture = Image.fromarray(image[:, :, 0] if channels == 1 else image)
    colour = channels == 3 and bool((image != image[:, :, :1]).any())
    digest = blake2b(repr(image.shape).encode() + np.ascontiguousarray(image).tobytes(), digest_size=16).digest()
    thumb = picture.convert("RGB").resize((THUMB_SIDE, THUMB_SIDE), Image.Resampling.BOX)
    return Glance(height, width, mode, colour, digest, outline(picture), np.asarray(thumb))


def outline(picture: Image.Image) -> int:
    """The difference hash: for 8 rows of 9 grey cells, whether each cell is brighter than the one before it."""
    cells = np.asarray(picture.convert("L").resize((9, 8), Image.Resampling.BOX)).astype(np.int16)
    brighter = cells[:, 1:] > cells[:, :-1] + _STEP
    return int.from_bytes(np.packbits(brighter).tobytes(), "big")


def repeats(glances: Sequence[Glance]) -> list[tuple[int, int]]:
    """(later, first) for each image with the same pixels as an earlier one."""
    first: dict[bytes, int] = {}
    pairs = ((index, first.setdefault(look.digest, index)) for index, look in enumerate(glances))
    return [(later, earlier) for later, earlier in pairs if later != earlier]


def lookalikes(
    glances: Sequence[Glance], listen: Callable[[float], None] = lambda fraction: None
) -> list[tuple[int, int]]:
    """(later, earlier) for each image that looks like an earlier one without being the same, once for each image.

    Every outline is compared with every other, 64 bits at a time, which 20,000 images bear in seconds. Difference
    hashes: N. Krawetz, "Kind of Like That", 2013.
    """
    unique = np.array(sorted({look.digest: index for index, look in reversed(list(enumerate(glances)))}.values()))
    if len(unique) < 2:
        return []
    outlines = np.array([glances[index].outline for index in unique], np.uint64)
    thumbs = np.stack([glances[index].thumb for index in unique]).reshape(len(unique), -1)
    pairs: dict[int, int] = {}
    for later, earlier in _candidates(outlines, thumbs.mean(1), MOST_DIFFERENCE * thumbs.std(1), listen):
        for start in range(0, len(later), _PAIRS):
            rows, others = later[start : start + _PAIRS], earlier[start : start + _PAIRS]
            near = _difference(thumbs, rows, others) <= MOST_DIFFERENCE * thumbs[rows].std(1)
            for row, other in zip(rows[near].tolist(), others[near].tolist(), strict=True):
                pairs.setdefault(row, other)
    return [(int(unique[row]), int(unique[other])) for row, other in sorted(pairs.items())]


def alike(inputs: Inputs) -> list[tuple[int, int]]:
    """(later, earlier) for each image that looks like an earlier one without being the same."""
    return lookalikes([glance(inputs[row]) for row in range(len(inputs))])


def _candidates(
    outlines: NDArray[np.uint64],
    means: NDArray[np.float64],
    bounds: NDArray[np.float64],
    listen: Callable[[float], None],
) -> Iterator[tuple[Ints, Ints]]:
    """Pairs (later, earlier) with nearly the same outline and mean, some hundred rows at a time.

    The mean absolute difference is never below that of the means, so a pair left out for its means is none.
    """
    n = len(outlines)
    for rows in (slice(start, min(start + _ROWS, n)) for start in range(0, n, _ROWS)):
        bits = np.bitwise_count(outlines[rows, None] ^ outlines[None, : rows.stop])
        later, earlier = np.nonzero(bits <= MOST_BITS)
        later += rows.start
        near = (earlier < later) & (np.abs(means[later] - means[earlier]) <= bounds[later])
        later, earlier = later[near], earlier[near]
        rank = np.arange(len(later)) - np.searchsorted(later, later)
        yield later[rank < _CANDIDATES_EACH], earlier[rank < _CANDIDATES_EACH]
        listen(rows.stop / n)


def _difference(thumbs: NDArray[np.uint8], rows: Ints, others: Ints) -> NDArray[np.float64]:
    """(m,) mean absolute difference of pairs of thumbs, in levels."""
    return np.asarray(np.abs(thumbs[rows].astype(np.int16) - thumbs[others]).mean(1))
