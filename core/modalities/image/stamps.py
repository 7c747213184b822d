"""Recovered triggers: what images that seem to carry one have beyond their look-alikes, put on others and taken off.

The Trigger demo reads them: what needs torch is imported where it is needed, and most triggers need none.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.modalities.image.colours import likened
from core.modalities.image.medians import median_images, median_levels
from core.modalities.image.overlay import SAME, ImageStamp, SameStamp, same_stamp
from core.modalities.image.patterns import coincidences, cosines, reduced
from core.modalities.recovery import LAID_OVER, Ask, AskedNetwork, Stamp
from core.types import Floats, Inputs, Ints

__all__ = [
    "ImageStamp",
    "apart",
    "basis",
    "beneath",
    "coincidences",
    "common",
    "likenesses",
    "not_looked_for",
    "residuals",
    "restored",
    "same",
    "stamps",
    "suspicions",
    "transformations",
]

# Images whose look-alikes are read at a time. Moves the memory only.
CHUNK = 32
# Levels by which a pixel may vary over a group that is pasted there.
CONSTANT = 12.0
# Levels by which such a pixel differs from that of the look-alikes.
UNLIKE = 40.0
# Fraction of an image that a pasted mark may cover; near-duplicates are constant everywhere.
MOST_PASTED = 0.2
# The least that an overlay leaves of the image beneath it.
LEAST_LEFT = 0.5
# A part that only one kind of trigger has → the module that knows it and what restores it there; some load torch.
RESTORED_BY = {
    "field": ("warped", "restored_warp"),
    "change": ("filtered", "restored_filter"),
    "logs": ("lit", "restored_light"),
    "manipulation": ("manipulated", "restored_manipulation"),
    "matrix": ("colours", "restored_colours"),
    "patch": ("moved", "restored_moved"),
}
# What images show pixel for pixel, by that name for each modality.
same = same_stamp
# Look-alikes whose spread says how much an overlay leaves.
COMPARED = 3


def suspicions(_inputs: Inputs, _labels: Ints, _ask: Ask, _probes: Ints, _seed: int) -> Floats | None:
    """None: pictures are suspected by what their classes share, without asking."""
    return None


def not_looked_for(inputs: Inputs, *_: object) -> str:
    """Stickers at random places and changes of the whole, where images are too large for them; else ""."""
    from core.modalities.image import moved, transformations

    limits = {
        "stickers at random places": moved.LARGEST_SIDE,
        "warps, filters, faint overlays or changes of light": transformations.LARGEST_SIDE,
    }
    missed = {what: most for what, most in limits.items() if max(inputs.shape[:2]) > most}
    if not missed:
        return ""
    return f"{' and '.join(missed)}, for images have more than {max(missed.values())} pixels a side"


def transformations(
    inputs: Inputs, labels: Ints, probes: tuple[Ints, Ints], classes: Sequence[int], network: AskedNetwork
) -> list[tuple[int, Stamp]]:
    """See `core.modalities.image.transformations.transformations`."""
    from core.modalities.image import transformations as changes

    return changes.transformations(inputs, labels, probes, classes, network)


def common(inputs: Inputs, labels: Ints, rows: Ints, pairs: Mapping[int, int], network: AskedNetwork) -> list[Stamp]:
    """See `core.modalities.image.transformations.common`."""
    from core.modalities.image import transformations as changes

    return changes.common(inputs, labels, rows, pairs, network)


def likenesses(inputs: Inputs, rows: Ints, others: Ints) -> tuple[Stamp, ...]:
    """Changes of colour after which the images in `others` have the colours of those in `rows` on the whole."""
    return likened(inputs[rows], inputs[others])


def apart(*_: object) -> list[Ints]:
    """None: what images share is a matter of degree."""
    return []


def beneath(inputs: Inputs, near: Ints) -> Floats:
    """(m, h, w, c) the median of each image's look-alikes, rows (m, q) of the inputs, in levels of 0 to 255."""
    parts = [near[start : start + CHUNK] for start in range(0, len(near), CHUNK)]
    return np.concatenate(
        [median_levels(inputs[part.T.ravel()].reshape(*part.T.shape, *inputs.shape)) for part in parts]
    )


def residuals(inputs: Inputs, rows: Ints, near: Ints) -> Floats:
    """(m, f) what each image has beyond the median of its look-alikes; sides above 64 are averaged over blocks."""
    parts = [slice(start, start + CHUNK) for start in range(0, len(rows), CHUNK)]
    left = [
        reduced(inputs[rows[part]].astype(np.float32) - beneath(inputs, near[part])).reshape(len(rows[part]), -1)
        for part in parts
    ]
    return np.concatenate(left)


def basis(inputs: Inputs) -> Callable[[Floats], Floats]:
    """Residuals (m, f) of these inputs → their cosines: what is fine varies little, and shows a faint wave."""
    shape = reduced(np.zeros((1, *inputs.shape), np.float32)).shape[1:]
    return lambda found: cosines(found.reshape(len(found), *shape)).reshape(len(found), -1)


def restored(parts: Mapping[str, NDArray[Any]], shape: tuple[int, ...]) -> Stamp:
    """A trigger from its `parts`, for images of `shape`. Raises KeyError or ValueError where they do not fit."""
    for part, (module, restore) in RESTORED_BY.items():
        if part in parts:
            stamp: Stamp = getattr(import_module(f"core.modalities.image.{module}"), restore)(parts, shape)
            return stamp
    scale, offset, mask = float(parts["scale"]), parts["offset"], parts.get("mask")
    if offset.shape != shape or not np.isfinite(offset).all() or not 0 < scale <= 1:
        raise ValueError("its trigger does not fit the images")
    if mask is not None and (mask.shape != shape or mask.dtype != np.bool_):
        raise ValueError("its mask does not fit the images")
    kind = SameStamp if mask is not None and str(parts["name"]) == SAME else ImageStamp
    return kind(str(parts["name"]), scale, offset.astype(np.float32), mask)


def stamps(inputs: Inputs, rows: Ints, near: Ints) -> tuple[Stamp, ...]:
    """Ways to put on an image what the images in these rows have beyond their look-alikes, rows (m, q).

    Added: the mean of what is left, and its median. Laid over: an overlay leaves less of the image beneath, so the
    group varies less than its look-alikes do. Pasted: where the group is constant and unlike its look-alikes. Pasted at
    any place: what they have in common, each somewhere else.
    """
    from core.modalities.image.moved import moved_stamp

    pixels, under, unchanged = inputs[rows], beneath(inputs, near), inputs[near[:, :COMPARED].ravel()]
    images, others = pixels.astype(np.float32), unchanged.astype(np.float32)
    left = images - under
    mean, varying = left.mean(0), float(others.std(0).sum())
    scale = float(np.clip(images.std(0).sum() / max(varying, 1e-6), LEAST_LEFT, 1.0))
    mask = (images.std(0) < CONSTANT) & (np.abs(mean) > UNLIKE)
    made: list[Stamp] = [
        ImageStamp("added", 1.0, mean),
        ImageStamp("middle added", 1.0, median_images(left)),
        ImageStamp(LAID_OVER, scale, np.asarray(images.mean(0) - scale * under.mean(0), np.float32)),
    ]
    if 0 < mask.mean() < MOST_PASTED:
        made.append(ImageStamp("pasted", 1.0, median_images(images), mask))
    moved = moved_stamp(pixels, under, unchanged)
    return tuple(made) if moved is None else (*made, moved)
