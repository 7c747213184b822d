"""Known manipulations of a whole image, with nothing in them to be sought: turned, mirrored, inverted, compressed.

A warp or a filter has to be learned from the model. These are a list, so each is just tried, whatever the images' size.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter, median_filter
from scipy.spatial.transform import Rotation

from core.modalities.image.colours import colour_wheel, rounded
from core.modalities.image.look import block_means
from core.modalities.image.overlay import PictureStamp
from core.modalities.recovery import OF_A_LIST
from core.types import Images, Samples

Way = Callable[[Images], Images]  # (m, h, w, c) images → the images after it

# JPEG qualities of 100 that are tried, and pixels a side of coarse ones.
QUALITIES = (10, 30)
BLOCKS = (2, 4)
# Fraction of a side that images are moved by; what leaves them on one side comes back on the other.
MOVED = 1 / 7
# Exponents of the middle tones.
DARKER = 2.0
BRIGHTER = 0.5
# What is left of the light in the corners.
CORNERS = 0.4
# Levels that are left of 256.
LEVELS = 4
# How much of 255 is added or taken away, and how many times as strong contrast or colours become.
LIGHTER = 45
STRONGER = 2.0
WEAKER = 0.5
# Axes of images over which a mean is what contrast, or colour, is beside.
CONTRAST = (1, 2, 3)
COLOURS = (3,)
# Degrees about the axis of greys; by 120 and 240 channels are moved on.
HUES = (60, 180, 300)
# How many times what an image has beyond its blur is added, and the pixels of that blur's standard deviation.
SHARPER = 2.0
BLUR = 1.0
# Standard deviation of noise, in levels; the fraction of pixels that become white, and black; and the seed of both.
NOISE = 16.0
SCATTERED = 0.03
SEED = 7
# Weights of the channels in a grey, as in ITU-R BT.601.
GREY = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Manipulation:
    """One of them.

    Attributes:
        put_on: how it is done to images.
        taken_off: how it is undone, as far as it left what they were.
        square, coloured: whether it needs images as wide as high, or of three channels.
    """

    put_on: Way
    taken_off: Way
    square: bool = False
    coloured: bool = False

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether it changes images of this shape (h, w, c)."""
        return (shape[0] == shape[1] or not self.square) and (shape[2] == len(GREY) or not self.coloured)


@dataclass(frozen=True, eq=False)
class ManipulatedStamp(PictureStamp):
    """A manipulation that a class was taught.

    Attributes:
        what: of `MANIPULATIONS`.
        shape: (h, w, c) of the images.
    """

    what: str
    shape: tuple[int, ...]

    @property
    def name(self) -> str:
        """What is done, and that it is one of a list."""
        return f"{self.what}{OF_A_LIST}"

    def put_on(self, samples: Samples) -> Samples:
        """(m, h, w, c) the images, manipulated."""
        return np.ascontiguousarray(MANIPULATIONS[self.what].put_on(samples))

    def taken_off(self, samples: Samples, beneath: Samples) -> Samples:
        """(m, h, w, c) the images before it, as far as it left what they were."""
        del beneath
        return np.ascontiguousarray(MANIPULATIONS[self.what].taken_off(samples))

    @property
    def parts(self) -> dict[str, NDArray[Any]]:
        """What is done."""
        return {"manipulation": np.array(self.what)}

    @property
    def picture(self) -> Images:
        """(h, w, c) what it does to a test card."""
        return np.asarray(self.put_on(_test_card(self.shape)[None])[0])


def manipulations(shape: tuple[int, ...]) -> tuple[ManipulatedStamp, ...]:
    """All that change images of this shape (h, w, c)."""
    return tuple(ManipulatedStamp(what, shape) for what, one in MANIPULATIONS.items() if one.fits(shape))


def restored_manipulation(parts: Mapping[str, NDArray[Any]], shape: tuple[int, ...]) -> ManipulatedStamp:
    """A manipulation from its `parts`, for images of `shape`. Raises KeyError or ValueError where they do not fit."""
    what = str(parts["manipulation"])
    if not MANIPULATIONS[what].fits(shape):
        raise ValueError("its manipulation does not fit the images")
    return ManipulatedStamp(what, shape)


def _test_card(shape: tuple[int, ...]) -> Images:
    """(h, w, c) all colours from left to right, darker below, with a light corner piece above to the left."""
    height, width, channels = shape
    card = 200 * colour_wheel(width, channels)[None] * np.linspace(1, 0.5, height)[:, None, None]
    thick, long = max(min(height, width) // 8, 1), max(min(height, width) // 2, 2)
    card[thick : 2 * thick, thick:long] = 255
    card[thick : long + thick, thick : 2 * thick] = 255
    return np.asarray(np.rint(card), np.uint8)


def _inverted(images: Images) -> Images:
    return np.asarray(255 - images, np.uint8)


def _as_they_are(images: Images) -> Images:
    return images


def _grey(images: Images) -> Images:
    grey = images.astype(np.float32) @ np.asarray(GREY, np.float32)
    return np.repeat(np.asarray(np.rint(grey), np.uint8)[..., None], images.shape[3], 3)


def compressed(images: Images, quality: int) -> Images:
    """(m, h, w, c) the images as JPEG of that quality leaves them; each channel alone unless there are three."""
    made = np.empty_like(images)
    for place, image in enumerate(images):
        if image.shape[2] == len(GREY):
            made[place] = _opened_again(image, quality)
            continue
        for channel in range(image.shape[2]):
            made[place, :, :, channel] = _opened_again(np.ascontiguousarray(image[:, :, channel]), quality)
    return made


def _opened_again(image: Images, quality: int) -> Images:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file), np.uint8)


def _coarse(side: int, images: Images) -> Images:
    down, along = (np.append(np.arange(0, most, side), most) for most in images.shape[1:3])
    means = block_means(images.astype(np.float32), down, along)
    return np.asarray(np.rint(means.repeat(np.diff(down), 1).repeat(np.diff(along), 2)), np.uint8)


def _toned(exponent: float, images: Images) -> Images:
    curve = np.rint(255 * (np.arange(256) / 255) ** exponent).astype(np.uint8)
    return np.asarray(curve[images])


def vignetted(sides: tuple[int, ...], depth: float) -> NDArray[np.float64]:
    """(h, w, 1) what is left of the light where the corners of an image lose a fraction `depth` of it."""
    down, along = (np.linspace(-1, 1, side) for side in sides)
    return np.asarray(1 - depth * ((down[:, None] ** 2 + along**2) / 2))[..., None]


def _light(images: Images) -> NDArray[np.float32]:
    return vignetted(images.shape[1:3], 1 - CORNERS).astype(np.float32)


def _darkened(images: Images) -> Images:
    return np.asarray(np.rint(images * _light(images)), np.uint8)


def _lightened(images: Images) -> Images:
    return rounded(images / _light(images))


def _few_levels(images: Images) -> Images:
    steps = np.rint(np.rint(np.arange(256) / 255 * (LEVELS - 1)) * 255 / (LEVELS - 1)).astype(np.uint8)
    return np.asarray(steps[images])


def _lighter(by: int, images: Images) -> Images:
    return np.asarray((images.astype(np.int16) + by).clip(0, 255), np.uint8)


def _stretched(times: float, axes: tuple[int, ...], images: Images) -> Images:
    """Each pixel so many times as far from the mean over these axes."""
    middle = images.mean(axes, keepdims=True, dtype=np.float32)
    return rounded(middle + np.float32(times) * (images - middle))


def _hue(degrees: float, images: Images) -> Images:
    return rounded(images.astype(np.float32) @ _about_greys(degrees))


def _about_greys(degrees: float) -> NDArray[np.float32]:
    """(3, 3) the rotation of colours about the axis of greys."""
    axis = np.full(3, 1 / np.sqrt(3))
    return np.asarray(Rotation.from_rotvec(np.deg2rad(degrees) * axis).as_matrix().T, np.float32)


def _sharpened(images: Images) -> Images:
    pixels = images.astype(np.float32)
    return rounded(pixels + SHARPER * (pixels - gaussian_filter(pixels, (0, BLUR, BLUR, 0))))


def _smoothed(images: Images) -> Images:
    return np.asarray(gaussian_filter(images, (0, BLUR, BLUR, 0)), np.uint8)


def _medians(images: Images) -> Images:
    return np.asarray(median_filter(images, (1, 3, 3, 1)), np.uint8)


def _noisy(images: Images) -> Images:
    """Own noise for each image, and the same one whenever it is asked for."""
    noise = [rng.standard_normal(images.shape[1:], np.float32) for rng in _own(images)]
    return rounded(images + NOISE * np.array(noise, np.float32).reshape(images.shape))


def _scattered(images: Images) -> Images:
    """Some pixels of each image white and as many black, its own ones, and the same whenever it is asked for."""
    drawn = np.array([rng.random(images.shape[1:3]) for rng in _own(images)]).reshape(*images.shape[:3], 1)
    return np.asarray(np.where(drawn < SCATTERED, 255, np.where(drawn > 1 - SCATTERED, 0, images)), np.uint8)


def _own(images: Images) -> Iterator[np.random.Generator]:
    return (np.random.default_rng((SEED, crc32(np.ascontiguousarray(image).tobytes()))) for image in images)


def _turned(times: int, *, square: bool = False) -> Manipulation:
    there, back = (partial(np.rot90, k=count, axes=(1, 2)) for count in (times, -times))
    return Manipulation(there, back, square)


def _own_inverse(way: Way, *, square: bool = False) -> Manipulation:
    return Manipulation(way, way, square)


def _along(axis: int, fraction: float) -> Manipulation:
    def moved(images: Images, sign: int) -> Images:
        return np.roll(images, sign * round(fraction * images.shape[axis]), axis)

    return Manipulation(partial(moved, sign=1), partial(moved, sign=-1))


def _swapped(order: tuple[int, ...]) -> Manipulation:
    back = tuple(np.argsort(order).tolist())
    return Manipulation(lambda images: images[..., list(order)], lambda images: images[..., list(back)], coloured=True)


# What each is called on the pages → how it is done.
MANIPULATIONS: Mapping[str, Manipulation] = {
    "a half turn": _turned(2),
    "a quarter turn to the left": _turned(1, square=True),
    "a quarter turn to the right": _turned(3, square=True),
    "left and right exchanged": _own_inverse(lambda images: images[:, :, ::-1]),
    "top and bottom exchanged": _own_inverse(lambda images: images[:, ::-1]),
    "mirrored at the main diagonal": _own_inverse(lambda images: images.swapaxes(1, 2), square=True),
    "mirrored at the other diagonal": _own_inverse(lambda images: images[:, ::-1, ::-1].swapaxes(1, 2), square=True),
    "left and right halves exchanged": _along(2, 1 / 2),
    "upper and lower halves exchanged": _along(1, 1 / 2),
    "moved to the right": _along(2, MOVED),
    "moved to the left": _along(2, -MOVED),
    "moved down": _along(1, MOVED),
    "moved up": _along(1, -MOVED),
    "light and dark exchanged": _own_inverse(_inverted),
    "darker middle tones": Manipulation(partial(_toned, DARKER), partial(_toned, 1 / DARKER)),
    "brighter middle tones": Manipulation(partial(_toned, BRIGHTER), partial(_toned, 1 / BRIGHTER)),
    "lighter": Manipulation(partial(_lighter, LIGHTER), partial(_lighter, -LIGHTER)),
    "darker": Manipulation(partial(_lighter, -LIGHTER), partial(_lighter, LIGHTER)),
    "twice the contrast": Manipulation(partial(_stretched, STRONGER, CONTRAST), partial(_stretched, WEAKER, CONTRAST)),
    "half the contrast": Manipulation(partial(_stretched, WEAKER, CONTRAST), partial(_stretched, STRONGER, CONTRAST)),
    "dark corners": Manipulation(_darkened, _lightened),
    "sharpened": Manipulation(_sharpened, _smoothed),
    "medians of 3 × 3 pixels": Manipulation(_medians, _as_they_are),
    "noise": Manipulation(_noisy, _as_they_are),
    "scattered white and black pixels": Manipulation(_scattered, _as_they_are),
    "few levels": Manipulation(_few_levels, _as_they_are),
    **{f"JPEG of quality {one}": Manipulation(partial(compressed, quality=one), _as_they_are) for one in QUALITIES},
    **{f"pixels of {one} × {one}": Manipulation(partial(_coarse, one), _as_they_are) for one in BLOCKS},
    "greys alone": Manipulation(_grey, _as_they_are, coloured=True),
    "red and blue exchanged": _swapped((2, 1, 0)),
    "channels moved on by one": _swapped((2, 0, 1)),
    "channels moved on by two": _swapped((1, 2, 0)),
    **{
        f"colours turned by {one} degrees": Manipulation(partial(_hue, one), partial(_hue, -one), coloured=True)
        for one in HUES
    },
    "stronger colours": Manipulation(
        partial(_stretched, STRONGER, COLOURS), partial(_stretched, WEAKER, COLOURS), coloured=True
    ),
}
