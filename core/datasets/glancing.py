"""What one look at an image tells: its size, its mode, and by what to recognise it."""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from PIL import Image

from core.datasets.decoding import decoded, header
from core.types import Images

THUMB_SIDE = 16
# Flat ground must not become noise: a step of the outline counts only above what compression leaves behind.
_STEP = 4


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


def glance(raw: bytes | Images) -> Glance:
    """What `raw` shows. Raises UserError as `core.datasets.decoding.decoded` does."""
    mode, image = header(raw).mode, decoded(raw)
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
