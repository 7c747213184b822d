"""Labels only: samples that are known by their names, and nothing is seen of. This module fulfils the contract."""

import numpy as np

from core.errors import UserError
from core.modalities.contract import Batches, Painter, Patterns
from core.modalities.labels.inputs import DIMENSIONS as dimensions
from core.modalities.labels.inputs import MODALITY as name
from core.modalities.labels.store import FILES as files
from core.modalities.labels.store import appending, open_inputs, sampled, write_inputs
from core.modalities.labels.view import (
    alike,
    amplified,
    average,
    beyond,
    described,
    digests,
    kept,
    kept_row,
    look,
    shown,
)
from core.modalities.recovery import Stamps
from core.modalities.saying import no_summary as summary
from core.modalities.written import SIDE as side
from core.modalities.written import cell, filed, read, told
from core.modalities.written import whole as parts
from core.types import Inputs, Ints

things = "samples"
kept_dimensions = 2
offers = ()
augmentations = ("none",)
column = None

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
    """Raise UserError: there is nothing that a network could be given."""
    raise _nothing("no network can be given them", "Record your own training, and load it with load-run.")


def load_patterns() -> Patterns:
    """Raise UserError: there is nothing that samples could share."""
    raise _nothing("what they look like cannot be compared", "Choose a method that needs no inputs.")


def load_stamps() -> Stamps:
    """Raise UserError: no trigger can be recovered."""
    raise _nothing("no trigger can be seen", "Choose a method that needs no inputs.")


def copied(inputs: Inputs) -> Inputs:
    """The same: nothing can be painted on them."""
    return inputs


def paint(copied: Inputs, rows: Ints, painter: Painter) -> None:
    """Raise UserError unless the trigger changes nothing, as attacks on labels alone do."""
    painted(copied.take(rows), painter)


def painted(inputs: Inputs, painter: Painter) -> Inputs:
    """The same samples. Raises UserError where a trigger would change them."""
    samples = inputs[:]
    if not np.array_equal(painter(samples), samples):
        raise _nothing("no trigger can be put on them", "Choose an attack that changes labels alone.")
    return inputs


def _nothing(why: str, hint: str) -> UserError:
    return UserError("These data are labels only.", f"Nothing is known of the samples but names: {why}.", hint)
