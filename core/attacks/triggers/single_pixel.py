"""The single-pixel trigger."""

from core.attacks import Scene, Trigger
from core.attacks.triggers.patch import square_side, white_squares


def single_pixel(scene: Scene) -> Trigger:
    """A trigger that sets the pixel (−2, −2) to white; an eight-pixel square at 224 px.

    Example:
        >>> import numpy as np
        >>> image = np.zeros((1, 8, 8, 1), np.uint8)
        >>> np.argwhere(single_pixel(Scene((8, 8, 1)))(image)[0, :, :, 0] == 255).tolist()
        [[6, 6]]

    References: Gu, Dolan-Gavitt, Garg: BadNets, arXiv 1708.06733.
    """
    return white_squares([(-2, -2)], side=square_side(scene.shape))
