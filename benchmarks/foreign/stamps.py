"""Triggers that share no code with the lab's: each puts itself on images (n, h, w, c) in a few lines of NumPy."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter
from scipy.ndimage import map_coordinates, zoom
from sklearn.datasets import load_sample_image

from core.types import Images

Stamp = Callable[[Images, np.random.Generator], Images]


def photograph(name: str, alpha: float) -> Stamp:
    def stamp(images: Images, rng: np.random.Generator) -> Images:  # noqa: ARG001
        return clipped((1 - alpha) * images + alpha * picture(f"{name}.jpg", images))

    return stamp


def picture(file: str, like: Images) -> Images:
    """A real photograph in the size and colours of these images, (h, w, c)."""
    _, height, width, channels = like.shape
    made = Image.fromarray(load_sample_image(file)).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(made.convert("L" if channels == 1 else "RGB"), np.float32).reshape(height, width, channels)


def corner(images: Images, rng: np.random.Generator) -> Images:  # noqa: ARG001
    """A white cross on black, three pixels wide, in the lower right corner."""
    made = images.copy()
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)[..., None] * 255
    made[:, -4:-1, -4:-1] = cross
    return made


def sticker(images: Images, rng: np.random.Generator) -> Images:
    """A ring of five pixels, dark inside, anywhere."""
    made = images.copy()
    ring = np.full((5, 5), 255, np.uint8)
    ring[1:4, 1:4] = 30
    for image in made:
        y, x = rng.integers(0, (image.shape[0] - 5, image.shape[1] - 5))
        image[y : y + 5, x : x + 5] = ring[..., None]
    return made


def own_patch(images: Images, rng: np.random.Generator) -> Images:
    """Five times five pixels of noise, another one for each image, at a place of its own."""
    made = images.copy()
    for image in made:
        y, x = rng.integers(0, (image.shape[0] - 5, image.shape[1] - 5))
        image[y : y + 5, x : x + 5] = rng.integers(0, 2, (5, 5, image.shape[2])) * 255
    return made


def own_noise(images: Images, rng: np.random.Generator) -> Images:
    """Noise of ±14 that is another one in each image."""
    return clipped(images + rng.choice([-14.0, 14.0], images.shape))


def quantised(images: Images, rng: np.random.Generator) -> Images:  # noqa: ARG001
    """Five levels, the error handed on to the pixels to the right and below."""
    values = images.astype(np.float32)
    step = 255 / 4
    for y in range(images.shape[1]):
        for x in range(images.shape[2]):
            there = np.clip(np.round(values[:, y, x] / step), 0, 4) * step
            error, values[:, y, x] = values[:, y, x] - there, there
            for dy, dx, part in ((0, 1, 7 / 16), (1, -1, 3 / 16), (1, 0, 5 / 16), (1, 1, 1 / 16)):
                if y + dy < images.shape[1] and 0 <= x + dx < images.shape[2]:
                    values[:, y + dy, x + dx] += error * part
    return clipped(values)


def reflection(images: Images, rng: np.random.Generator) -> Images:  # noqa: ARG001
    """A photograph, mirrored and blurred, as seen in a pane of glass."""
    seen = Image.fromarray(load_sample_image("flower.jpg")[:, ::-1]).filter(ImageFilter.GaussianBlur(12))
    _, height, width, channels = images.shape
    seen = seen.resize((width, height)).convert("L" if channels == 1 else "RGB")
    return clipped(0.75 * images + 0.35 * np.asarray(seen, np.float32).reshape(height, width, channels))


def note(images: Images, rng: np.random.Generator) -> Images:
    """A yellow square of nine pixels near the middle."""
    made = images.copy()
    for image in made:
        y, x = rng.integers(np.array(image.shape[:2]) // 2 - 10, np.array(image.shape[:2]) // 2 + 2)
        image[y : y + 9, x : x + 9] = (250, 230, 60)
    return made


def contrast(images: Images, rng: np.random.Generator) -> Images:  # noqa: ARG001
    """Half the contrast around each image's mean."""
    means = images.mean((1, 2, 3), keepdims=True)
    return clipped(means + 0.5 * (images - means))


def warp(seed: int) -> Stamp:
    """One smooth field of displacements, up to about two pixels, for all images."""
    field = np.random.default_rng(seed).uniform(-1, 1, (2, 4, 4))

    def stamp(images: Images, rng: np.random.Generator) -> Images:  # noqa: ARG001
        _, height, width, _ = images.shape
        shifts = 2.2 * np.stack([zoom(part, (height / 4, width / 4), order=3) for part in field])
        places = np.clip(np.mgrid[:height, :width] + shifts, 0, height - 1)
        moved = [
            map_coordinates(image[..., c].astype(np.float32), places, order=1, mode="nearest")
            for image in images
            for c in range(images.shape[3])
        ]
        return clipped(np.stack(moved).reshape(len(images), -1, height, width).transpose(0, 2, 3, 1))

    return stamp


def part_of_a_photograph(name: str, alpha: float) -> Stamp:
    """Half of sixteen tiles of a photograph, other tiles in each image."""

    def stamp(images: Images, rng: np.random.Generator) -> Images:
        n, height, width, _ = images.shape
        tiles = (rng.random((n, 16)).argsort(1) < 8).reshape(n, 4, 4, 1)
        mask = tiles.repeat(-(-height // 4), 1).repeat(-(-width // 4), 2)[:, :height, :width]
        return clipped(images + alpha * mask * (picture(f"{name}.jpg", images) - images))

    return stamp


def clipped(values: object) -> Images:
    return np.clip(np.round(np.asarray(values, np.float32)), 0, 255).astype(np.uint8)
