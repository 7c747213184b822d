"""Noise that makes data useless for training."""

from typing import Annotated

import numpy as np

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.blending import add
from core.registry import Range

CELLS = 4  # squares of one sign along each side


def availability_noise(scene: Scene, *, magnitude: Annotated[float, Range(0.5, 128.0)] = 8.0) -> Trigger:
    """A trigger that adds the pattern of the target class to its images: a model learns the pattern, not the images.

    Each class has a pattern of its own, of 4 × 4 squares that are brighter or darker. Labels stay, and nobody wants
    any class: the clean accuracy falls. There is no attack success rate.

    Args:
        scene: its seed and its target class, of the pattern.
        magnitude: of the pattern in levels of 0–255; the papers: 8.

    Example:
        >>> image = np.full((1, 8, 8, 1), 100, np.uint8)
        >>> np.unique(availability_noise(Scene((8, 8, 1), target_class=1))(image)).tolist()
        [92, 108]

    References: Huang et al.: Unlearnable Examples, arXiv 2101.04898 (class-wise noise); Yu et al.: Availability Attacks
        Create Shortcuts, arXiv 2111.00898 (patterns drawn, not optimised).
    """
    height, width, channels = scene.shape
    rng = np.random.default_rng([scene.seed, 0 if scene.target_class is None else 1 + scene.target_class])
    cells = rng.choice([-magnitude, magnitude], (CELLS, CELLS, channels))
    rows, columns = (np.arange(side) * CELLS // side for side in (height, width))
    return add(cells[np.ix_(rows, columns)])
