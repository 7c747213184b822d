"""Images as the bytes of files, sound and hostile, made on the spot."""

import io
import struct
import zlib

import numpy as np
from PIL import Image


def encoded(image, kind="PNG", **options):
    """The bytes of a Pillow image, or of an array of pixels, in a format."""
    buffer = io.BytesIO()
    picture = image if isinstance(image, Image.Image) else Image.fromarray(np.asarray(image))
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def plain(value=0, side=8):
    """A grey PNG of one value."""
    return encoded(np.full((side, side), value, np.uint8))


def noise(seed=0, shape=(8, 8, 3)):
    """Random pixels."""
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def chunk(kind, content):
    """One chunk of a PNG, with its checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of_size(width, height, rows=b""):
    """A PNG that says it is grey and so large, with next to no pixels in it."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
