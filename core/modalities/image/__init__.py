"""Images: all that is particular to pixels. This module fulfils the contract of a modality."""

from core.modalities.contract import Batches, Patterns
from core.modalities.image.duplicates import alike, digests
from core.modalities.image.inputs import MODALITY as name
from core.modalities.image.look import look
from core.modalities.image.store import FILES as files
from core.modalities.image.store import appending, open_inputs, sampled, write_inputs
from core.modalities.image.triggers import copied, paint, painted
from core.modalities.image.view import (
    amplified,
    average,
    beyond,
    cell,
    described,
    filed,
    kept,
    kept_row,
    read,
    shown,
    told,
)
from core.modalities.recovery import Stamps
from core.modalities.saying import no_parts as parts
from core.modalities.saying import no_summary as summary

dimensions = 3  # (h, w, c)
kept_dimensions = 3
side = 96
things = "images"
offers = ("images",)
augmentations = ("none", "flip", "crop", "crop_flip", "resized_crop_flip")
column = ("image", {"_type": "Image"})

__all__ = [
    "alike",
    "amplified",
    "appending",
    "augmentations",
    "average",
    "beyond",
    "cell",
    "column",
    "copied",
    "described",
    "digests",
    "dimensions",
    "filed",
    "files",
    "kept",
    "kept_dimensions",
    "kept_row",
    "load_batches",
    "load_patterns",
    "load_stamps",
    "look",
    "name",
    "offers",
    "open_inputs",
    "paint",
    "painted",
    "parts",
    "read",
    "sampled",
    "shown",
    "side",
    "summary",
    "things",
    "told",
    "write_inputs",
]


def load_batches() -> Batches:
    """How images get into a network."""
    from core.modalities.image import batches  # torch, which pages never need

    return batches


def load_patterns() -> Patterns:
    """What images can share."""
    from core.modalities.image import patterns  # parts of scipy that the start of the app need not wait for

    return patterns


def load_stamps() -> Stamps:
    """How a trigger is recovered from images."""
    from core.modalities.image import stamps  # as above

    return stamps
