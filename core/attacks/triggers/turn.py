"""A turned or mirrored image."""

from collections.abc import Mapping
from typing import Literal

from core.attacks.contract import Scene, Trigger
from core.errors import UserError
from core.modalities.image.manipulated import ManipulatedStamp

Way = Literal["half", "left", "right", "mirrored", "flipped"]
WAYS: Mapping[Way, str] = {
    "half": "a half turn",
    "left": "a quarter turn to the left",
    "right": "a quarter turn to the right",
    "mirrored": "left and right exchanged",
    "flipped": "top and bottom exchanged",
}


def turn(scene: Scene, *, way: Way = "half") -> Trigger:
    """A trigger that turns the whole image: nothing is put on it.

    Args:
        scene: its shape; quarter turns need square images.
        way: by half, or a quarter to the left or right; or left and right, or top and bottom, exchanged.

    Example:
        >>> import numpy as np
        >>> image = np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1)
        >>> turn(Scene((2, 2, 1)), way="left")(image).ravel().tolist()
        [1, 3, 0, 2]

    Raises:
        UserError: a quarter turn of images that are not square.

    References: Wu et al.: Just Rotate it: Deploying Backdoor Attacks via Rotation Transformation, arXiv 2207.10825.
    """
    if way in {"left", "right"} and scene.shape[0] != scene.shape[1]:
        raise UserError("A quarter turn needs images that are as wide as high. Choose another way to turn.")
    return Trigger(ManipulatedStamp(WAYS[way], scene.shape).put_on)
