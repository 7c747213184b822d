"""Images spoiled at random in the ways in which triggers spoil them."""

from collections.abc import Callable

import numpy as np

from core.types import Floats

OVERLAY, DARKER = 0.3, 0.5
NOISE_MEAN, NOISE_VARIANCE = 25 / 255, (10.0, 70.0)
SMALLEST_BLOCK, LARGEST_BLOCK, WIDEST_MARGIN = 2 / 32, 8 / 32, 6 / 32


def corrupted(images: Floats, others: Floats, rng: np.random.Generator) -> Floats:
    """(b, h, w, c) the images, each with one of five corruptions: white block, noise block, noise, shadow, overlay.

    Sizes are those of Zeng et al. (arXiv 2104.03413), there for images of 32 pixels, in proportion.

    Args:
        images: (b, h, w, c) in [0, 1].
        others: (m, h, w, c), images that may be laid over them.
        rng: what is drawn from.
    """
    spoiled = images.copy()
    kinds = rng.integers(len(CORRUPTIONS), size=len(images))
    for place, kind in enumerate(kinds):
        spoiled[place] = CORRUPTIONS[kind](images[place], others, rng)
    return np.clip(spoiled, 0, 1)


def white_block(image: Floats, _: Floats, rng: np.random.Generator) -> Floats:
    """A white rectangle near one of the corners."""
    return _with_block(image, np.ones, rng)


def noise_block(image: Floats, _: Floats, rng: np.random.Generator) -> Floats:
    """A rectangle of uniform noise near one of the corners."""
    return _with_block(image, rng.random, rng)


def noise(image: Floats, _: Floats, rng: np.random.Generator) -> Floats:
    """Gaussian noise over all of it, a little brighter."""
    deviation = np.sqrt(rng.uniform(*NOISE_VARIANCE)) / 255
    return image + rng.normal(NOISE_MEAN, deviation, image.shape).astype(np.float32)


def shadow(image: Floats, _: Floats, rng: np.random.Generator) -> Floats:
    """One side of a random line at half its brightness."""
    height, width = image.shape[:2]
    down, across = np.mgrid[:height, :width]
    angle = rng.uniform(0, 2 * np.pi)
    beyond = (down - rng.uniform(0, height)) * np.sin(angle) + (across - rng.uniform(0, width)) * np.cos(angle) > 0
    return np.where(beyond[..., None], DARKER * image, image).astype(np.float32)


def overlay(image: Floats, others: Floats, rng: np.random.Generator) -> Floats:
    """Another image added, at 0.3 of its brightness."""
    return np.asarray(image + np.float32(OVERLAY) * others[rng.integers(len(others))])


def _with_block(image: Floats, fill: Callable[[tuple[int, ...]], Floats], rng: np.random.Generator) -> Floats:
    height, width, channels = image.shape
    down, across = (max(1, round(side * rng.uniform(SMALLEST_BLOCK, LARGEST_BLOCK))) for side in (height, width))
    top, left = (round(side * rng.uniform(0, WIDEST_MARGIN)) for side in (height, width))
    top = top if rng.random() < 0.5 else height - top - down
    left = left if rng.random() < 0.5 else width - left - across
    changed = image.copy()
    changed[top : top + down, left : left + across] = fill((down, across, channels))
    return changed


CORRUPTIONS = (white_block, noise_block, noise, shadow, overlay)
