"""The single-pixel trigger."""

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.patch import Place, seed_of, square_side, white_squares


def single_pixel(scene: Scene, *, place: Place = "corner") -> Trigger:
    """A trigger that sets the pixel (−2, −2) to white; an eight-pixel square at 224 px.

    Args:
        scene: its shape, and its seed where places are random.
        place: (−2, −2) as in the paper, or a place that is drawn for each image.

    Example:
        >>> import numpy as np
        >>> image = np.zeros((1, 8, 8, 1), np.uint8)
        >>> np.argwhere(single_pixel(Scene((8, 8, 1)))(image)[0, :, :, 0] == 255).tolist()
        [[6, 6]]

    References: Gu, Dolan-Gavitt, Garg: BadNets, arXiv 1708.06733.
    """
    return white_squares([(-2, -2)], side=square_side(scene.shape), seed=seed_of(scene, place))
