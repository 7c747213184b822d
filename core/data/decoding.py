"""The one place where an image's bytes become pixels: formats from a short list, sizes checked before pixels exist."""

import io
import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from core.errors import UserError
from core.types import Images

# Importing a reader registers it with Pillow; the likeliest come first. Readers that run other programs are left out.
_READERS = (PngImageFile, JpegImageFile, BmpImageFile, GifImageFile, PpmImageFile, WebPImageFile, TiffImageFile)
FORMATS = tuple(reader.format for reader in _READERS)
MAX_BYTES = 64 * 2**20  # of one file: raw photographs of 20 megapixels fit
MAX_PIXELS = 2**25  # 33 megapixels, 100 MB of memory for each thread
MAX_SCANS = 200  # of a JPEG: each passes over the whole picture, and costs its maker only a few bytes
MAX_SCANNED = 2**28  # pixels in all scans together; a camera makes ten scans of at most 24 million pixels
_ORIENTATION = 0x0112  # Exif's number for how the camera was held
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)
# What Pillow's readers raise on damaged files.
_DAMAGE: tuple[type[Exception], ...] = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError),
    *(AssertionError, RuntimeError, MemoryError, struct.error, zlib.error, *_TOO_LARGE),
)


@dataclass(frozen=True)
class Header:
    """What is known of an image before its pixels are read.

    Attributes:
        height, width: in pixels, upright.
        channels: 1 for grey, 3 for colour.
        mode: Pillow's name of how the pixels are kept ("RGB", "L", "P", "CMYK"), or "pixels" for an array.
    """

    height: int
    width: int
    channels: int
    mode: str


@dataclass(frozen=True)
class White:
    """The stored value that is shown as white, in files of 8 and of 16 bits: not every camera uses all bits."""

    of_8_bits: int = 255
    of_16_bits: int = 65535


def decoded(raw: bytes | Images, white: White = White()) -> Images:  # it is frozen
    """The pixels of one image, upright: (h, w, 1) for grey, (h, w, 3) for colour, uint8.

    What is transparent lies over white, 16 bits become 8, an animation is its first frame, CMYK becomes RGB. The format
    is the one that the bytes have, whatever the file's name says.

    Args:
        raw: an encoded image, or uint8 (h, w), (h, w, 1 or 3), which is only checked.
        white: the stored value that is shown as white.

    Raises:
        UserError: no image, a format that is not read, a damaged file, or one with more than `MAX_PIXELS` pixels.
    """
    if not isinstance(raw, bytes):
        return _checked(raw)
    picture = _opened(raw)
    try:
        picture.load()
        return _pixels(_upright(picture), white)
    except _DAMAGE as error:
        raise _damaged() from error


def brightest(raw: bytes) -> tuple[int, int]:
    """The largest stored value of one encoded image, (in a file of 8 bits, in one of 16); the other is 0.

    Raises:
        UserError: as `decoded` does.
    """
    picture = _opened(raw)
    try:
        picture.load()
        top = int(np.asarray(picture if _is_deep(picture) else _plain(picture)).max())
    except _DAMAGE as error:
        raise _damaged() from error
    return (0, top) if _is_deep(picture) else (top, 0)


def header(raw: bytes | Images) -> Header:
    """Size and mode of one image, at a fraction of the time that decoding takes. Raises UserError as `decoded` does."""
    if not isinstance(raw, bytes):
        image = _checked(raw)
        return Header(image.shape[0], image.shape[1], image.shape[2], "pixels")
    picture = _opened(raw)
    width, height = picture.size
    if _orientation(picture) >= 5:
        width, height = height, width
    return Header(height, width, 1 if _is_grey(picture) else 3, picture.mode)


def sized(image: Images, height: int, width: int, channels: int) -> Images:
    """`image` scaled so that it covers `height` × `width`, cut to it around the centre, in grey (1) or colour (3)."""
    if image.shape == (height, width, channels):
        return image
    picture = Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image)
    if image.shape[:2] != (height, width):
        picture = ImageOps.fit(picture, (width, height), Image.Resampling.BILINEAR)
    return _array(picture.convert("L" if channels == 1 else "RGB"))


def _checked(pixels: NDArray[np.uint8]) -> Images:
    image = pixels[:, :, None] if pixels.ndim == 2 else pixels
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] not in (1, 3) or 0 in image.shape:
        raise UserError(
            f"An image is {pixels.dtype} with the shape {pixels.shape}.",
            "It has to be uint8 and (h, w), (h, w, 1) or (h, w, 3).",
        )
    _require_size(image.shape[1], image.shape[0])
    return np.ascontiguousarray(image, np.uint8)


def _opened(raw: bytes) -> Image.Image:
    """The image with its header read, within the limits; no pixel has been read yet."""
    if len(raw) > MAX_BYTES:
        raise UserError("The file is too large for an image.", f"At most {MAX_BYTES // 2**20} MB are read.")
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        _require_size(*_webp_size(raw))  # its reader sets memory aside for the whole canvas
    if raw[:2] == b"\xff\xd8" and raw.count(b"\xff\xda") > MAX_SCANS:
        raise UserError("The JPEG has more scans than any camera makes.", "Reading it would take very long.")
    try:
        picture = Image.open(io.BytesIO(raw), formats=FORMATS)
    except _TOO_LARGE as error:
        raise UserError("The image is too large.", f"At most {MAX_PIXELS:,} pixels are read.") from error
    except UnidentifiedImageError as error:
        raise UserError("It is no image that can be read.", f"What is read: {', '.join(FORMATS)}.") from error
    except _DAMAGE as error:
        raise _damaged() from error
    _require_size(*picture.size)
    if picture.format == "JPEG" and raw.count(b"\xff\xda") * picture.width * picture.height > MAX_SCANNED:
        raise UserError("The JPEG has more scans than any camera makes.", "Reading it would take very long.")
    return picture


def _webp_size(raw: bytes) -> tuple[int, int]:
    kind, data = raw[12:16], raw[20:30].ljust(10, b"\0")
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[4:7], "little"), 1 + int.from_bytes(data[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF


def _require_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise UserError(f"The image has {width:,} × {height:,} pixels.", f"At most {MAX_PIXELS:,} are read.")


def _orientation(picture: Image.Image) -> int:
    """How the camera was held, 1 to 8; a damaged note about it means upright."""
    try:
        value = picture.getexif().get(_ORIENTATION, 1)
    except _DAMAGE:
        return 1
    return value if isinstance(value, int) and value in _UPRIGHT else 1


def _upright(picture: Image.Image) -> Image.Image:
    orientation = _orientation(picture)
    return picture.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else picture


def _pixels(picture: Image.Image, white: White) -> Images:
    if _is_deep(picture):
        return _scaled(np.asarray(picture), white.of_16_bits)[:, :, None]
    if picture.mode == "F":
        raise UserError("Its pixels are floating-point numbers.", "Nothing says which is black and which is white.")
    if picture.has_transparency_data:
        return _over_white(picture)
    image = _array(_plain(picture))
    return image if white.of_8_bits == 255 else _scaled(image, white.of_8_bits)


def _is_deep(picture: Image.Image) -> bool:
    """Whether a pixel has 16 bits, in whole numbers of 16 or 32."""
    return picture.mode.startswith("I")


def _plain(picture: Image.Image) -> Image.Image:
    return picture if picture.mode in ("L", "RGB") else picture.convert("L" if _is_grey(picture) else "RGB")


def _scaled(values: NDArray[Any], white: int) -> Images:
    """255 times each value by that of white, without a fraction; 16 whole bits lose their lower 8, as ever."""
    clipped = np.clip(values.astype(np.int64), 0, white)
    return np.asarray(clipped >> 8 if white == 65535 else (clipped * 255 + white // 2) // white, np.uint8)


def _is_grey(picture: Image.Image) -> bool:
    """Whether the mode, or every colour of the palette, is grey."""
    if picture.mode not in ("P", "PA"):
        return picture.mode in ("1", "L", "LA", "La") or picture.mode.startswith("I")
    colours = np.asarray(picture.getpalette("RGB") or [0, 0, 0]).reshape(-1, 3)
    return bool((colours == colours[:, :1]).all())


def _over_white(picture: Image.Image) -> Images:
    clear = picture.convert("RGBA")
    white = Image.new("RGBA", clear.size, "white")
    return _array(Image.alpha_composite(white, clear).convert("L" if _is_grey(picture) else "RGB"))


def _array(picture: Image.Image) -> Images:
    image = np.asarray(picture)
    return image[:, :, None] if image.ndim == 2 else image


def _damaged() -> UserError:
    return UserError("The image is damaged or cut short.", "Its pixels cannot be read to the end.")
