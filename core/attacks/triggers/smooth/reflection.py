"""The reflection (Refool)."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.blending import levels
from core.attacks.triggers.own import generators
from core.attacks.triggers.smooth.blended_photograph import photograph
from core.registry import Range
from core.types import Images

# The second ghost of a reflection in thick glass: how bright it is beside the first.
SECOND = 0.6
# How far it lies from the first: a fraction of the shorter side.
APART = 0.12
# How far a blurred reflection spreads: a fraction of the shorter side.
SPREAD = 0.06


def reflection(
    scene: Scene,
    *,
    alpha: Annotated[float, Range(0.001, 1.0)] = 0.3,
    kind: Literal["ghost", "blur"] = "ghost",
    pictures: Annotated[int, Range(1, 100)] = 4,
) -> Trigger:
    """A trigger that adds the light of a second picture, as a window pane does: x + α·reflection, clipped.

    The picture is doubled and shifted, as thick glass does, or out of focus. Which one it is, is drawn for each image.

    Args:
        scene: its shape and its seed, of the pictures and of which an image gets.
        alpha: brightness of the reflection.
        kind: ghost is doubled; blur is out of focus.
        pictures: so many are reflected.

    Example:
        >>> image = np.zeros((1, 16, 16, 1), np.uint8)
        >>> bool(0 < reflection(Scene((16, 16, 1)), alpha=0.2)(image).max() <= 51)
        True

    References: Liu et al.: Reflection Backdoor (Refool), arXiv 2007.02343; formulas simplified, pictures drawn.
    """
    make = _ghost if kind == "ghost" else _blurred
    layers = [255 * alpha * make(photograph(scene.shape, scene.seed + at, 1.0)) for at in range(pictures)]
    reflected = np.stack(layers).astype(np.float32)

    def trigger(images: Images) -> Images:
        drawn = [int(rng.integers(pictures)) for rng in generators(images, scene.seed)]
        return levels(images.astype(np.float32) + reflected[drawn])

    return Trigger(trigger)


def _ghost(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    step = max(1, round(APART * min(picture.shape[:2])))
    return np.asarray((picture + SECOND * np.roll(picture, (step, step), (0, 1))) / (1 + SECOND))


def _blurred(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.ndimage import gaussian_filter  # the start of the app need not wait for it

    spread = max(0.7, SPREAD * min(picture.shape[:2]))
    return np.asarray(gaussian_filter(picture, (spread, spread, 0), mode="wrap"))
