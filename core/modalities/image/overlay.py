"""A pattern that is at the same place in every image: added, laid over or pasted; and overlays that are asked for."""

from dataclasses import dataclass
from functools import partial
from math import sqrt
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from core.modalities.image.look import details
from core.modalities.image.medians import median_images
from core.modalities.recovery import Stamp, in_parts
from core.types import Bools, Floats, Images, Inputs, Ints, Samples

if TYPE_CHECKING:  # the Trigger demo reads these triggers and never needs torch
    from torch import Tensor

NAME = "an overlay"
# What is pasted at one place, the same in all images that have it.
SAME = "pasted, the same in all that have it"
# Levels by which a pixel of it differs at most from image to image, and fraction of its pixels that are so near.
LEVELS = 12
MOST_OF_IT = 0.9
# Fraction of images that teach it that have to agree at a pixel, and of others that may.
AGREEING = 0.8
OTHERS_AGREEING = 0.3
# Pixels that it has at least, channels counted, and the fraction of an image that it may cover.
LEAST_OF_IT = 4
LARGEST_FRACTION = 0.5
# Images of the class that have half of it and not most of it, for each that has it, beyond those by chance. What was
# pasted is whole or not there: 0.03 at most in three trainings. A class's look comes by degrees: 0.12 at least.
HALF_OF_IT = 0.5
BY_HALVES = 0.08
# Standard deviations that are no chance.
SURE = 2.0
# The fraction of other images that may have it as well, and the same for each of the class that has it: an attacker may
# add true samples with it.
BY_CHANCE = 0.02
FOR_EACH = 0.25
# Images that teach it at least: fewer are alike by chance, and one is like itself.
FEWEST_TEACHING = 10
# Times that it is looked at anew in those who have it, and how many of them.
ROUNDS = 3
MOST_TAUGHT = 180


class PictureStamp:
    """What all recovered triggers of pictures have in common: nothing but the picture tells."""

    tells_home = False

    def carried(self, samples: Samples) -> Bools | None:
        """None: a picture shows more or less of it."""
        del samples
        return None

    def seen(self, samples: Samples) -> Floats | None:
        """(m, f) levels, detail and colour of the images, part by part."""
        return details(samples)

    def with_company(self, _inputs: Inputs, _rows: Ints) -> Self:
        """Itself: all that its carriers share was recovered together."""
        return self

    def simpler(self) -> tuple[Stamp, ...]:
        """None: a picture has every part of it to some degree."""
        return ()

    def at_home(self, _inputs: Inputs, _labels: Ints, _rows: Ints) -> float | None:
        """None: only a network tells what else a picture shows."""
        return None


@dataclass(frozen=True, eq=False)
class ImageStamp(PictureStamp):
    """A recovered trigger.

    Attributes:
        name: how it is put on an image: "added", "middle added", "laid over", "pasted", or as below.
        scale: what is left of the image beneath, a factor in (0, 1].
        offset: (h, w, c) levels that are added after that, or that stand where the mask is.
        mask: (h, w, c) where it replaces what is there; None where it replaces nothing.
    """

    name: str
    scale: float
    offset: Floats
    mask: Bools | None = None

    def put_on(self, samples: Samples) -> Samples:
        """(m, h, w, c) the images with the trigger."""
        pixels = samples.astype(np.float32)
        changed = self.scale * pixels + self.offset if self.mask is None else np.where(self.mask, self.offset, pixels)
        return np.asarray(np.rint(changed).clip(0, 255), np.uint8)

    def taken_off(self, samples: Samples, beneath: Floats) -> Samples:
        """(m, h, w, c) the images without it; where it replaced something, what their look-alikes show there."""
        pixels = samples.astype(np.float32)
        changed = (pixels - self.offset) / self.scale if self.mask is None else np.where(self.mask, beneath, pixels)
        return np.asarray(np.rint(changed).clip(0, 255), np.uint8)

    @property
    def parts(self) -> dict[str, NDArray[Any]]:
        """Name, scale, offset and, where it replaces something, mask."""
        parts = {"name": np.array(self.name), "scale": np.array(self.scale, np.float32), "offset": self.offset}
        return parts if self.mask is None else {**parts, "mask": self.mask}

    @property
    def picture(self) -> Images:
        """(h, w, c) the trigger on mid-grey, its contrast stretched."""
        shown = self.offset if self.mask is None else np.where(self.mask, self.offset - 127.5, 0)
        centred = shown - (np.median(shown) if self.mask is None else 0)
        return np.asarray(np.rint(127.5 + 127.5 * centred / max(float(np.abs(centred).max()), 1.0)), np.uint8)


@dataclass(frozen=True, eq=False)
class SameStamp(ImageStamp):
    """What is pasted at one place: an image has it or has not."""

    def carried(self, samples: Samples) -> Bools:
        """(m,) True for images of which nine tenths of the pixels in the mask are the same."""
        return np.asarray(_shown(self, samples) >= MOST_OF_IT)


def _shown(stamp: SameStamp, samples: Samples) -> Floats:
    """(m,) the fraction of the mask where an image shows it."""
    assert stamp.mask is not None
    levels = samples[:, stamp.mask].astype(np.float32)
    return np.asarray((np.abs(levels - stamp.offset[stamp.mask]) <= LEVELS).mean(1), np.float32)


def same_stamp(inputs: Inputs, rows: Ints, of_class: Ints, others: Ints) -> SameStamp | None:
    """What images show pixel for pixel at one place, and others do not; None where there is nothing of the kind.

    Args:
        inputs: all images.
        rows: (m,) those that may have it.
        of_class: (r,) all of their class.
        others: (q,) of other classes, in random order.
    """
    for _ in range(ROUNDS):
        if len(rows) < FEWEST_TEACHING or not len(others):
            return None
        images = inputs[rows[:MOST_TAUGHT]].astype(np.float32)
        levels = median_images(images)
        agree, by_chance = (_agreeing(some, levels) for some in (images, inputs[others[:MOST_TAUGHT]]))
        mask = (agree >= AGREEING) & (by_chance <= OTHERS_AGREEING)
        if mask.sum() < LEAST_OF_IT or mask.mean() > LARGEST_FRACTION:
            return None
        stamp = SameStamp(SAME, 1.0, levels, mask)
        shown, elsewhere = (in_parts(partial(_shown, stamp), inputs, some) for some in (of_class, others))
        rows = of_class[shown >= MOST_OF_IT]
    expected = _half(elsewhere) / len(others) * len(of_class)
    by_halves = _half(shown) - expected - SURE * sqrt(expected)
    rare = (elsewhere >= MOST_OF_IT).mean() <= max(BY_CHANCE, FOR_EACH * len(rows) / len(of_class))
    return stamp if rare and by_halves <= BY_HALVES * len(rows) else None


def _half(shown: Floats) -> int:
    return int(((shown >= HALF_OF_IT) & (shown < MOST_OF_IT)).sum())


def _agreeing(images: Images | Floats, levels: Floats) -> Floats:
    """(h, w, c) the fraction of images that have these levels."""
    return np.asarray((np.abs(images - levels) <= LEVELS).mean(0), np.float32)


def overlaid(images: "Tensor", offsets: "Tensor") -> "Tensor":
    """(m, c, h, w) each image in [0, 1] with its own offset (m, c, h, w) added."""
    return (images + offsets).clamp(0, 1)


def bounded(offsets: "Tensor", most: float) -> "Tensor":
    """(q, c, h, w) the offsets, with a root of their mean square of at most so much."""
    sizes = offsets.square().flatten(1).mean(1).sqrt()
    return offsets * (most / sizes.clamp_min(1e-6)).clamp_max(1)[:, None, None, None]


def kept(offset: "Tensor") -> ImageStamp:
    """An offset (c, h, w) in [0, 1] as a recovered trigger."""
    return ImageStamp(NAME, 1.0, np.ascontiguousarray((255 * offset).permute(1, 2, 0).numpy()))
