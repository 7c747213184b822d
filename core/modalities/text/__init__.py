"""Texts: all that is particular to words. This module fulfils the contract of a modality."""

from core.modalities.contract import Batches, Patterns
from core.modalities.recovery import Stamps
from core.modalities.text.duplicates import alike, digests
from core.modalities.text.inputs import MODALITY as name
from core.modalities.text.look import look
from core.modalities.text.parts import parts
from core.modalities.text.store import FILES as files
from core.modalities.text.store import appending, open_inputs, sampled, write_inputs
from core.modalities.text.summary import summary
from core.modalities.text.triggers import copied, paint, painted
from core.modalities.text.view import amplified, average, beyond, described, kept, kept_row, shown
from core.modalities.written import SIDE as side
from core.modalities.written import cell, filed, read, told

dimensions = 2  # words that are read, words that are known
kept_dimensions = 1
things = "texts"
offers = ("texts",)
augmentations = ("none", "word_dropout")
column = ("text", {"dtype": "string", "_type": "Value"})

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
    """How texts get into a network."""
    from core.modalities.text import batches  # torch, which pages never need

    return batches


def load_patterns() -> Patterns:
    """What texts can share."""
    from core.modalities.text import patterns

    return patterns


def load_stamps() -> Stamps:
    """How a trigger is recovered from texts."""
    from core.modalities.text import stamps

    return stamps
