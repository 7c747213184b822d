"""Recovered stickers: a small picture that images carry, each at a place of its own.

The mean of such images shows nothing of it. So parts of some of the images are looked for in the others. A part that
many of them have, each somewhere else, and hardly any of their look-alikes has, belongs to a sticker. It is then grown
to all that is the same around it.
"""

import warnings
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.modalities.image.overlay import PictureStamp
from core.types import Bools, Floats, Images, Ints, Samples

# Side of the parts that are looked for, in pixels.
PART = 4
# Images that parts are taken from, and parts of each: those that are least like the look-alikes.
TEACHERS = 12
FROM_EACH = 4
# Images of either side that parts are looked for in.
LOOKED_THROUGH = 60
# The same for a first look, and the fraction that has to have a part there: most groups share none, and are soon done.
FIRST_LOOK = 24
LEAST_AT_FIRST = 0.15
# Images at a time. Moves the memory only.
AT_ONCE = 500
# Sides of larger images make it slow, and are not looked through.
LARGEST_SIDE = 48
# The fraction of look-alikes that may have a part as well.
BY_CHANCE = 0.02
# How much closer than those an image that has it comes to it, as a fraction of their distance.
CLOSER = 0.6
# The fraction of images that have to have it.
LEAST_CARRYING = 0.3
# Pixels that a sticker is grown by, on each side of the part.
GROWN = 4
# Levels by which a pixel of it may vary from image to image, and by which it differs from what is there otherwise.
CONSTANT = 24.0
UNLIKE = 40.0
# Otherwise, by which fraction of what is there otherwise it may vary at most.
LESS = 0.6
# And by how many levels less.
LEVELS_LESS = 3.0
# What is left of the image beneath, as a fraction, up to which a sticker covers all of it.
OPAQUE = 0.15
# Fraction of the images that have to show a pixel of it: some have it at their edge.
WITHIN = 0.5
# Pixels that a sticker has at least.
LEAST_PIXELS = 9
# Fraction of the images that may have it at the most frequent place; beyond it, it does not move.
MOST_AT_ONE_PLACE = 0.5

ANY_PLACE = "pasted at any place"


@dataclass(frozen=True, eq=False)
class MovedStamp(PictureStamp):
    """A recovered sticker.

    Attributes:
        patch: (a, b, c) the levels that images with it show on average.
        mask: (a, b) True where the sticker is.
        limit: root of the mean squared difference in levels up to which an image shows it.
        sides: (h, w) of the images.
        usual: (a, b, c) levels of what it was put on, on average.
        scale: what is left of the image beneath, a factor from 0 on.
    """

    patch: Floats
    mask: Bools
    limit: float
    sides: tuple[int, int]
    usual: Floats
    scale: float = 0.0
    name: str = ANY_PLACE

    def put_on(self, samples: Samples) -> Samples:
        """(m, h, w, c) the images with the sticker, each at a place that follows from its pixels."""
        made, (tall, wide) = samples.copy(), self.mask.shape
        for image in made:
            drawn = zlib.crc32(image.tobytes())
            top, left = drawn % (image.shape[0] - tall + 1), drawn // 65536 % (image.shape[1] - wide + 1)
            beneath = image[top : top + tall, left : left + wide].astype(np.float32)
            _paste(image, self, top, left, self.patch + self.scale * (beneath - self.usual))
        return made

    def taken_off(self, samples: Samples, beneath: Floats) -> Samples:
        """(m, h, w, c) the images without it, where it fits best; there they show what their look-alikes do."""
        made, (tall, wide) = samples.copy(), self.mask.shape
        for image, under, place in zip(made, beneath, _nearest(samples, self)[1].tolist(), strict=True):
            top, left = divmod(place, image.shape[1] - wide + 1)
            _paste(image, self, top, left, under[top : top + tall, left : left + wide])
        return made

    def carried(self, samples: Samples) -> Bools:
        """(m,) True for images that show it somewhere."""
        return np.asarray(_nearest(samples, self)[0] <= self.limit)

    @property
    def parts(self) -> dict[str, NDArray[Any]]:
        """Name, patch, mask, limit, scale and what was beneath."""
        numbers = {"limit": np.array(self.limit, np.float32), "scale": np.array(self.scale, np.float32)}
        return {"name": np.array(self.name), "patch": self.patch, "mask": self.mask, "usual": self.usual, **numbers}

    @property
    def picture(self) -> Images:
        """(h, w, c) the sticker in the middle of mid-grey."""
        shown = np.full((*self.sides, self.patch.shape[2]), 128, np.uint8)
        top, left = ((side - own) // 2 for side, own in zip(self.sides, self.mask.shape, strict=True))
        _paste(shown, self, top, left, self.patch)
        return shown


def restored_moved(parts: Mapping[str, NDArray[Any]], shape: tuple[int, ...]) -> MovedStamp:
    """A sticker from its `parts`, for images of `shape`. Raises KeyError or ValueError where they do not fit."""
    patch, usual, mask = parts["patch"], parts["usual"], parts["mask"]
    limit, scale = float(parts["limit"]), float(parts["scale"])
    fits = patch.ndim == len(shape) and patch.shape[2:] == shape[2:] and mask.shape == patch.shape[:2]
    if (
        not fits
        or usual.shape != patch.shape
        or mask.dtype != np.bool_
        or not mask.any()
        or any(np.greater(mask.shape, shape[:2]))
    ):
        raise ValueError("its sticker does not fit the images")
    if not np.isfinite([limit, scale, *patch.ravel(), *usual.ravel()]).all() or not 0 <= scale <= 1:
        raise ValueError("its sticker has no levels")
    sides, levels = (shape[0], shape[1]), (patch.astype(np.float32), usual.astype(np.float32))
    return MovedStamp(levels[0], mask, limit, sides, levels[1], scale)


def _paste(image: Images, stamp: MovedStamp, top: int, left: int, shown: Floats) -> None:
    tall, wide = stamp.mask.shape
    part = image[top : top + tall, left : left + wide]
    part[stamp.mask] = np.rint(shown[stamp.mask]).clip(0, 255)


def _nearest(samples: Samples, stamp: MovedStamp) -> tuple[Floats, Ints]:
    """(m,) how far each image is from showing it where it fits best, in levels, and where that is."""
    mask = np.repeat(stamp.mask[:, :, None], stamp.patch.shape[2], axis=2)
    starts = range(0, max(len(samples), 1), AT_ONCE)
    found = [_least(_tensor(samples[start : start + AT_ONCE]), stamp.patch[None], mask[None]) for start in starts]
    values, places = (np.concatenate(parts)[:, 0] for parts in zip(*found, strict=True))
    return values, places


def _tensor(images: Images | Floats) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(images, np.float32)).permute(0, 3, 1, 2)


def _least(images: Tensor, patches: Floats, masks: Bools) -> tuple[Floats, Ints]:
    """(m, k) the least root mean squared difference of images (m, c, h, w) and patches (k, a, b, c), and its place."""
    weights, shown = _tensor(masks.astype(np.float32)), _tensor(patches)
    alike = torch.equal(weights, weights[:1].expand_as(weights))
    squares = (shown.square() * weights).sum((1, 2, 3))
    total = F.conv2d(images, -2 * shown * weights, squares)
    total += F.conv2d(images.square(), weights[:1] if alike else weights)
    values, places = total.flatten(2).min(2)
    return (values.clamp_min(0) / weights.sum((1, 2, 3))).sqrt().numpy(), places.numpy()


def moved_stamp(images: Images, under: Floats, others: Images) -> MovedStamp | None:
    """What images share somewhere and others have nowhere; None where they share nothing that moves.

    Args:
        images: (m, h, w, c) that may carry it.
        under: (m, h, w, c) what their look-alikes show.
        others: (q, h, w, c) look-alikes of theirs.
    """
    if min(len(images), len(others)) < 2 or max(images.shape[1:3]) > LARGEST_SIDE:
        return None
    if min(images.shape[1:3]) < PART + 2 * GROWN:
        return None
    chosen = _spread(len(images), LOOKED_THROUGH)
    images, under, others = images[chosen], under[chosen], others[_spread(len(others), LOOKED_THROUGH)]
    some = _spread(len(images), FIRST_LOOK)
    if _common_part(images[some], under[some], others[_spread(len(others), FIRST_LOOK)], LEAST_AT_FIRST) is None:
        return None
    stamp = _common_part(images, under, others, LEAST_CARRYING)
    for _ in range(2):
        grown = None if stamp is None else _grown(stamp, images, under)
        limit = None if grown is None else _limit(grown, images, others)
        stamp = None if grown is None or limit is None else replace(grown, limit=limit)
    if stamp is None:
        return None
    distances, places = _nearest(images, stamp)
    held = places[distances <= stamp.limit]
    if len(held) < LEAST_CARRYING * len(images) or np.bincount(held).max() > MOST_AT_ONE_PLACE * len(held):
        return None
    return stamp


def _spread(count: int, most: int) -> Ints:
    """At most so many of `count` places, evenly."""
    return np.unique(np.linspace(0, count - 1, min(most, count)).astype(np.int64))


def _common_part(images: Images, under: Floats, others: Images, least: float) -> MovedStamp | None:
    """The square part of one of the images that most of the others have and hardly any look-alike; `least` of them."""
    teachers = _spread(len(images), max(min(TEACHERS, len(images) // 3), 1))
    unlike = _tensor(np.abs(images[teachers] - under[teachers])).mean(1, keepdim=True)
    energy = F.avg_pool2d(unlike, PART, stride=1)[:, 0, ::2, ::2]
    best = energy.flatten(1).topk(min(FROM_EACH, energy[0].numel())).indices.numpy()
    tops, lefts = best // energy.shape[2] * 2, best % energy.shape[2] * 2
    owner = np.repeat(np.arange(len(teachers)), best.shape[1])
    parts = np.stack(
        [
            images[teachers[who], top : top + PART, left : left + PART]
            for who, top, left in zip(owner, tops.ravel(), lefts.ravel(), strict=True)
        ]
    ).astype(np.float32)
    everywhere = np.ones(parts.shape, np.bool_)
    own, chance = (_least(_tensor(some), parts, everywhere)[0] for some in (images, others))
    limits = CLOSER * np.quantile(chance, BY_CHANCE, axis=0)
    having = own < limits
    having[teachers[owner], np.arange(len(parts))] = False
    counts = having.mean(0)
    index = int(np.argmax(counts))
    if counts[index] < least:
        return None
    everywhere, sides = np.ones((PART, PART), np.bool_), (images.shape[1], images.shape[2])
    return MovedStamp(parts[index], everywhere, float(limits[index]), sides, np.zeros_like(parts[index]))


def _grown(stamp: MovedStamp, images: Images, under: Floats) -> MovedStamp | None:
    """The sticker with all around it that is the same in the images that show it, and not what is there anyway."""
    distances, places = _nearest(images, stamp)
    carrying = np.flatnonzero(distances <= stamp.limit)
    if len(carrying) < 3:
        return None
    places = places[carrying]
    shown, before = _around(images[carrying], stamp, places), _around(under[carrying], stamp, places)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a pixel that no image has
        middle, spread = np.nanmedian(shown, axis=0), np.nanstd(shown, axis=0).mean(2)
        usual, moves = np.nanmedian(before, axis=0), np.nanstd(before, axis=0).mean(2)
    constant = (spread < CONSTANT) & (np.abs(middle - usual).max(2) > UNLIKE)
    same = (constant | (spread < LESS * moves - LEVELS_LESS)) & (np.isfinite(shown).all(3).mean(0) > WITHIN)
    if same.sum() < LEAST_PIXELS:
        return None
    down, along = np.flatnonzero(same.any(1)), np.flatnonzero(same.any(0))
    window = slice(down[0], down[-1] + 1), slice(along[0], along[-1] + 1)
    scale = float(spread[same].sum() / max(moves[same].sum(), 1e-6))
    scale = 0.0 if scale <= OPAQUE else min(scale, 1.0)
    patch, usually = (np.nan_to_num(one[window]).astype(np.float32) for one in (middle, usual))
    return MovedStamp(patch, same[window], stamp.limit, stamp.sides, usually, scale)


def _around(images: Images | Floats, stamp: MovedStamp, places: Ints) -> Floats:
    """(m, a + 8, b + 8, c) the part of each image around its place of the sticker; NaN beyond the image."""
    tall, wide = (side + 2 * GROWN for side in stamp.mask.shape)
    edge = ((0, 0), (GROWN, GROWN), (GROWN, GROWN), (0, 0))
    padded = np.pad(images.astype(np.float32), edge, constant_values=np.nan)
    corners = (divmod(place, stamp.sides[1] - stamp.mask.shape[1] + 1) for place in places.tolist())
    return np.stack(
        [image[top : top + tall, left : left + wide] for image, (top, left) in zip(padded, corners, strict=True)]
    )


def _limit(stamp: MovedStamp, images: Images, others: Images) -> float | None:
    """Halfway between those who show it and the look-alikes, where the two are clearly apart."""
    own, chance = np.sort(_nearest(images, stamp)[0]), _nearest(others, stamp)[0]
    least = float(np.quantile(chance, BY_CHANCE))
    carrying = own[own < CLOSER * least]
    if len(carrying) < LEAST_CARRYING * len(images):
        return None
    return float((np.quantile(carrying, 0.9) + least) / 2)
