"""The warp (WaNet)."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.blending import levels
from core.modalities.contract import Painter
from core.registry import Range
from core.types import Images

Points = NDArray[np.float64]
BATCH = 32  # images that are warped at once; bounds the memory only
CUBIC = -0.75  # the cubic convolution's parameter in the authors' framework


def wanet(
    scene: Scene,
    *,
    grid: Annotated[int, Range(2, 64)] = 4,
    strength: Annotated[float, Range(0.01, 8.0)] = 0.5,
    cover_ratio: Annotated[float, Range(0.0, 10.0)] = 2.0,
) -> Trigger:
    """A trigger that warps the whole image a little, smoothly, each the same way.

    A field of grid×grid random displacements is drawn, uniform in [−1, 1], and divided by its mean absolute value. It
    is enlarged bicubically to the image and shifts where each pixel is read, bilinearly. Cover samples get the same
    warp and noise of its own for each pixel; the noise goes on from call to call, so the order of the cover samples
    matters.

    Args:
        scene: its shape and its seed, of the field and the noise.
        grid: k, control points along each axis; the paper: 4, for traffic signs 8 (BaDLoss).
        strength: s, the mean absolute displacement of the control points along each axis. It is in units of 1/h (1/w)
            where the image spans [−1, 1], so s = 1 is half a pixel; the paper: 0.5.
        cover_ratio: cover samples for each poisoned sample; the paper: 2.

    Example:
        >>> image = np.random.default_rng(0).integers(0, 255, (1, 16, 16, 1), np.uint8)
        >>> warped = wanet(Scene((16, 16, 1)))(image)
        >>> warped.shape, bool((warped == image).all())
        ((1, 16, 16, 1), False)

    References: Nguyen, Tran: WaNet – Imperceptible Warping-based Backdoor Attack, arXiv 2102.10369.
    """
    height, width, _ = scene.shape
    rng = np.random.default_rng(scene.seed)
    unit = np.array([height, width])
    points = displaced(control_field(grid, rng), strength, height, width)

    def cover(images: Images) -> Images:
        spoiled = np.empty_like(images)
        for row in range(len(images)):
            noise = rng.uniform(-1, 1, points.shape) / unit
            spoiled[row] = reader((points + noise).clip(-1, 1))(images[row : row + 1])[0]
        return spoiled

    return Trigger(reader(points), cover=cover)


def control_field(size: int, rng: np.random.Generator) -> Points:
    """(size, size, 2) random displacements down and to the right with a mean absolute value of 1."""
    field = rng.uniform(-1, 1, (size, size, 2))
    return np.asarray(field / np.abs(field).mean())


def displaced(field: Points, strength: float, height: int, width: int) -> Points:
    """(h, w, 2) where each pixel is read, in [−1, 1]: at its own place, moved by the enlarged field."""
    shift = strength * enlarged(field, height, width) / np.array([height, width])
    return np.asarray((_identity(height, width) + shift).clip(-1, 1))


def enlarged(field: Points, height: int, width: int) -> Points:
    """(height, width, 2) the field, bicubic, its corners on the image's corners."""
    rows, columns = _bicubic(height, len(field)), _bicubic(width, len(field))
    return np.asarray(np.einsum("hi,wj,ijd->hwd", rows, columns, field))


def reader(points: Points) -> Painter:
    """A painter that reads every pixel at its point, (h, w, 2) in [−1, 1], bilinearly."""
    last = np.array(points.shape[:2]) - 1
    place = (points + 1) / 2 * last
    corner = np.minimum(place.astype(np.intp), last - 1)
    (top, left), (down, right) = np.moveaxis(corner, -1, 0), np.moveaxis(place - corner, -1, 0)[..., None]
    neighbours = [
        (top, left, (1 - down) * (1 - right)),
        (top, left + 1, (1 - down) * right),
        (top + 1, left, down * (1 - right)),
        (top + 1, left + 1, down * right),
    ]
    weighted = [(row, column, weight.astype(np.float32)) for row, column, weight in neighbours]

    def painter(images: Images) -> Images:
        read = np.empty_like(images)
        for start in range(0, len(images), BATCH):  # not all at once: as floats, many large images fill the memory
            part = slice(start, start + BATCH)
            read[part] = levels(np.add.reduce([images[part, row, column] * w for row, column, w in weighted]))
        return read

    return painter


def _bicubic(size: int, n_points: int) -> Points:
    """(size, n_points) the weights of the control points at each position; beyond the ends, the last one repeats."""
    position = np.linspace(0, n_points - 1, size)
    weights = np.zeros((size, n_points))
    for step in range(-1, 3):
        index = np.floor(position).astype(int) + step
        np.add.at(weights, (np.arange(size), index.clip(0, n_points - 1)), _kernel(np.abs(position - index)))
    return weights


def _kernel(x: Points) -> Points:
    """Cubic convolution at distances x ≥ 0 (Keys 1981)."""
    near = (CUBIC + 2) * x**3 - (CUBIC + 3) * x**2 + 1
    far = CUBIC * (x**3 - 5 * x**2 + 8 * x - 4)
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


def _identity(height: int, width: int) -> Points:
    """(height, width, 2) where each pixel lies: row and column in [−1, 1]."""
    return np.stack(np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij"), -1)
