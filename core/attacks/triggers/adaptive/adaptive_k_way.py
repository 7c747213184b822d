"""The adaptive k-way trigger."""

from typing import Annotated

import numpy as np

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.adaptive.parts import all_of, one_of
from core.attacks.triggers.patch import square_side, white_squares
from core.registry import Range


def adaptive_k_way(
    scene: Scene,
    *,
    pixels: Annotated[int, Range(1, 32)] = 4,
    cover_ratio: Annotated[float, Range(0.0, 10.0)] = 1.0,
) -> Trigger:
    """A trigger of several white pixels: at test time all of them, in training one on each image, drawn for it.

    Cover samples carry one of them, too, and keep their label.

    Args:
        scene: its shape and its seed, of the positions and of which pixel an image gets.
        pixels: how many; squares of eight pixels at 224 px.
        cover_ratio: cover samples for each poisoned sample.

    Example:
        >>> image = np.zeros((1, 8, 8, 1), np.uint8)
        >>> trigger = adaptive_k_way(Scene((8, 8, 1)))
        >>> int((trigger(image) > 0).sum()), int((trigger.poison(image) > 0).sum())
        (4, 1)

    References: Xie et al.: DBA, ICLR 2020 (a trigger in parts); Qi et al.: Circumventing Backdoor Defenses That Are
        Based on Latent Separability, arXiv 2205.13613 (k-way).
    """
    del cover_ratio
    side = square_side(scene.shape)
    rows, columns = (extent // side for extent in scene.shape[:2])
    cells = np.random.default_rng(scene.seed).choice(rows * columns, min(pixels, rows * columns), replace=False)
    places = [(int(cell // columns) - rows, int(cell % columns) - columns) for cell in cells]
    parts = [white_squares([place], side).apply for place in places]
    one = one_of(parts, scene.seed)
    return Trigger(all_of(parts), poison=one, cover=one)
