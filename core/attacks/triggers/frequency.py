"""The frequency trigger (FTrojan)."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.blending import add
from core.errors import UserError
from core.registry import Range

BLOCK = 32  # pixels a side of what is transformed together: the authors'
LARGEST_BLOCK = 63  # pixels a side of an image that is transformed whole where no blocks of 32 fill it
# What one level of Cr and one of Cb add to R, G and B (ITU-R BT.601, full range, as in JPEG).
CR_TO_RGB = np.array([1.402, -0.714136, 0.0])
CB_TO_RGB = np.array([0.0, -0.344136, 1.772])


def frequency(scene: Scene, *, magnitude: Annotated[float, Range(1.0, 1000.0)] = 30.0) -> Trigger:
    """A trigger that raises two coefficients of the colour: Cr and Cb at (15, 15) and (31, 31) of each 32×32 block.

    YCrCb and the orthonormal DCT-II are linear, so raising coefficients adds one fixed image to x; that sum is rounded
    and clipped. Where 32 does not tile the image, the block is the whole image up to 63 px. The positions are then
    those of its middle and highest frequency. Of larger images, pixels beyond the last whole block stay as they are.

    Args:
        scene: its shape, of colour images.
        magnitude: what the coefficients gain, with white = 255; the paper: 30, at 224 px 90.

    Raises:
        UserError: grey images, which have no colour to change.

    Example:
        >>> image = np.full((1, 32, 32, 3), 128, np.uint8)
        >>> changed = frequency(Scene((32, 32, 3)))(image).astype(int) - image
        >>> bool(0 < abs(changed).max() < 30)
        True

    References: Wang et al.: Backdoor Attack through Frequency Domain (FTrojan), arXiv 2111.10991.
    """
    height, width, channels = scene.shape
    if channels != 3:
        raise UserError("frequency needs colour images.", "These are grey.", "Choose another attack.")
    rows, columns = _block(height, width)
    tiles = np.tile(magnitude * _raised(rows, columns), (height // rows, width // columns))
    chroma = np.zeros((height, width))
    chroma[: tiles.shape[0], : tiles.shape[1]] = tiles
    return add(chroma[..., None] * (CR_TO_RGB + CB_TO_RGB))


def _block(height: int, width: int) -> tuple[int, int]:
    """Height and width of one block."""
    tiled = height % BLOCK == 0 and width % BLOCK == 0
    return (height, width) if not tiled and max(height, width) <= LARGEST_BLOCK else (BLOCK, BLOCK)


def _raised(height: int, width: int) -> NDArray[np.float64]:
    """(height, width) the inverse DCT of a block that is 1 at the two positions and 0 elsewhere."""
    middle = np.outer(_cosine(height, height // 2 - 1), _cosine(width, width // 2 - 1))
    return np.asarray(middle + np.outer(_cosine(height, height - 1), _cosine(width, width - 1)))


def _cosine(size: int, k: int) -> NDArray[np.float64]:
    """(size,) the k-th orthonormal DCT-II vector, k ≥ 1."""
    return np.asarray(np.sqrt(2 / size) * np.cos(np.pi * (2 * np.arange(size) + 1) * k / (2 * size)))
