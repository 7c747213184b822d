"""Backdoor triggers. An attack is one function `(shape, seed, *, …) -> Trigger`; planting chooses samples and labels.

A Trigger maps uint8 images (n, h, w, c) to triggered copies and leaves its input as it was.
"""

from collections.abc import Callable

from core.registry import Entry
from core.types import Images

Trigger = Callable[[Images], Images]

ATTACKS = {
    "patch": Entry(
        "patch",
        "Patch (BadNets)",
        "core.attacks.patch",
        paper="Gu et al. 2017, arXiv 1708.06733",
        help="Four white pixels in a checker at the bottom right.",
    ),
    "single_pixel": Entry(
        "single_pixel",
        "Single pixel",
        "core.attacks.single_pixel",
        paper="Gu et al. 2017, arXiv 1708.06733",
        help="One white pixel at the bottom right.",
    ),
    "blended_pattern": Entry(
        "blended_pattern",
        "Blended pattern",
        "core.attacks.blended_pattern",
        paper="Chen et al. 2017, arXiv 1712.05526",
        help="A faint grid of every second pixel over the whole image.",
    ),
    "blended_random": Entry(
        "blended_random",
        "Blended noise",
        "core.attacks.blended_random",
        paper="Chen et al. 2017, arXiv 1712.05526",
        help="A faint, fixed image of uniform noise over the whole image.",
    ),
}
