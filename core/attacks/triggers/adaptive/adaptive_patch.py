"""The adaptive patch."""

from typing import Annotated

import numpy as np

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.adaptive.parts import all_of, one_of
from core.attacks.triggers.blending import levels
from core.modalities.contract import Painter
from core.registry import Range
from core.types import Images

# Where the patches lie, from the top left (0) to the bottom right (1): corners first, then the middles of the sides.
PLACES = ((1, 1), (0, 0), (1, 0), (0, 1), (1, 0.5), (0, 0.5), (0.5, 1), (0.5, 0))


def adaptive_patch(
    scene: Scene,
    *,
    patches: Annotated[int, Range(1, 8)] = 4,
    size: Annotated[float, Range(0.03, 0.3)] = 0.18,
    opacity: Annotated[float, Range(0.05, 1.0)] = 0.5,
    cover_ratio: Annotated[float, Range(0.0, 10.0)] = 2.0,
) -> Trigger:
    """A trigger of several half-transparent patches: at test time all of them, in training one on each image, drawn.

    Cover samples carry one of them, too, and keep their label.

    Args:
        scene: its shape and its seed, of the patches and of which an image gets.
        patches: how many, in the corners first; the paper: 4.
        size: side of a patch as a fraction of the image's shorter side.
        opacity: 1 hides what is beneath.
        cover_ratio: cover samples for each poisoned sample; the paper: 2.

    Example:
        >>> image = np.zeros((1, 12, 12, 1), np.uint8)
        >>> trigger = adaptive_patch(Scene((12, 12, 1)), size=0.17, opacity=1.0)
        >>> int((trigger(image) > 0).sum()), int((trigger.poison(image) > 0).sum())
        (16, 4)

    References: Qi et al.: Revisiting the Assumption of Latent Separability for Backdoor Defenses, ICLR 2023.
    """
    del cover_ratio
    height, width, channels = scene.shape
    side, rng = max(1, round(size * min(height, width))), np.random.default_rng(scene.seed)
    parts = []
    for down, right in PLACES[:patches]:
        top, left = round(down * (height - side)), round(right * (width - side))
        picture = np.where(rng.random((side, side, channels)) < 0.5, 64, 255).astype(np.uint8)
        parts.append(_laid(picture, (top, left), opacity))
    one = one_of(parts, scene.seed)
    return Trigger(all_of(parts), poison=one, cover=one)


def _laid(picture: Images, at: tuple[int, int], opacity: float) -> Painter:
    """A painter that lays a small picture over one place."""
    place = np.s_[:, at[0] : at[0] + picture.shape[0], at[1] : at[1] + picture.shape[1]]

    def painter(images: Images) -> Images:
        painted = images.copy()
        painted[place] = levels((1 - opacity) * images[place].astype(np.float32) + np.float32(opacity) * picture)
        return painted

    return painter
