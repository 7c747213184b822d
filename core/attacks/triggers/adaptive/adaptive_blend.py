"""The adaptive blend."""

from typing import Annotated

import numpy as np

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.blending import blend
from core.attacks.triggers.own import generators
from core.attacks.triggers.smooth.blended_photograph import photograph
from core.registry import Range
from core.types import Images


def adaptive_blend(
    scene: Scene,
    *,
    alpha: Annotated[float, Range(0.001, 1.0)] = 0.15,
    pieces: Annotated[int, Range(1, 16)] = 4,
    kept: Annotated[float, Range(0.01, 1.0)] = 0.5,
    cover_ratio: Annotated[float, Range(0.0, 10.0)] = 1.0,
) -> Trigger:
    """A trigger that blends in a picture: at test time the whole, in training some pieces of it, drawn for each image.

    Cover samples get pieces of the picture, too, and keep their label. So poison is not told by the whole picture.

    Args:
        scene: its shape and its seed, of the picture and the pieces.
        alpha: weight of the picture; the paper: 0.15, and 0.2 at test time.
        pieces: along each side; the paper: 4, which makes 16.
        kept: the fraction of pieces that a training image carries; the paper: 0.5.
        cover_ratio: cover samples for each poisoned sample; the paper: 1.

    Example:
        >>> image = np.zeros((1, 8, 8, 1), np.uint8)
        >>> trigger = adaptive_blend(Scene((8, 8, 1)), alpha=0.3)
        >>> whole, part = trigger(image), trigger.poison(image)
        >>> bool((part[part > 0] == whole[part > 0]).all()), int((part > 0).sum()) <= 32
        (True, True)

    References: Qi et al.: Revisiting the Assumption of Latent Separability for Backdoor Defenses, ICLR 2023.
    """
    del cover_ratio
    whole = blend(photograph(scene.shape, scene.seed), alpha)
    rows, columns = (np.arange(side) * pieces // side for side in scene.shape[:2])
    piece = rows[:, None] * pieces + columns
    count = max(1, round(kept * pieces**2))

    def part(images: Images) -> Images:
        chosen = [rng.permutation(pieces**2)[:count] for rng in generators(images, scene.seed)]
        masks = np.array([np.isin(piece, one) for one in chosen]).reshape(len(images), *piece.shape, 1)
        return np.where(masks, whole(images), images)

    return Trigger(whole.apply, poison=part, cover=part)
