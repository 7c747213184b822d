"""Detectors: one function `(evidence, *, …) -> Detection` each; higher suspicion = more suspicious.

A detector says suspicion, and flags by its own published rule. `parts/calibration` adds conformal p-values: cross-
conformal in five folds where scores look at the bona fide samples, plain where they do not. A detector that is asked
for on the page joins the run's plan, so that it is resumed after a kill; one that fails leaves it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from core.detectors.contract import GRADIENTS, LAYERS, NEEDS, Detector, DetectorEntry
from core.detectors.entries import ENTRIES
from core.errors import UserError
from core.modalities import modality_of
from core.types import Evidence, Floats, Inputs

if TYPE_CHECKING:  # pages name detectors and never need torch
    from torch import nn

__all__ = [
    "DETECTORS",
    "GRADIENTS",
    "LAYERS",
    "NEEDS",
    "Detector",
    "DetectorEntry",
    "Required",
    "lacking",
    "missing",
    "require",
]

T = TypeVar("T")

DETECTORS = {entry.name: entry for entry in ENTRIES}


@dataclass(frozen=True)
class Required:
    """What the detector called `name` needs, all of it there; what it does not list among its needs cannot be read."""

    name: str
    evidence: Evidence

    @property
    def features(self) -> Floats:
        """(n, d) last-layer activations."""
        return self._there("activations", self.evidence.features)

    @property
    def trajectories(self) -> Floats:
        """(n, epochs) losses."""
        return self._there("trajectories", self.evidence.trajectories)

    @property
    def inputs(self) -> Inputs:
        """What the model is given, n samples."""
        return self._there("images", self.evidence.inputs)

    @property
    def model(self) -> "nn.Module":
        """The trained network."""
        return self._there("model", self.evidence.model)

    def _there(self, need: str, value: T | None) -> T:
        if value is None or need not in DETECTORS[self.name].needs:
            raise ValueError(f"{self.name} reads {need}, which is not among its needs: {DETECTORS[self.name].needs}")
        return value


def require(name: str, evidence: Evidence) -> Required:
    """What the detector called `name` needs. Raises UserError when the evidence lacks any of it."""
    if absent := missing(DETECTORS[name], evidence):
        raise UserError(
            f"{DETECTORS[name].title} cannot run yet.", f"It needs {' and '.join(absent)}.", "Add that first."
        )
    return Required(name, evidence)


def missing(entry: DetectorEntry, evidence: Evidence) -> list[str]:
    """What `entry` needs and `evidence` lacks, in words."""
    present = {
        "activations": evidence.features is not None,
        "trajectories": evidence.trajectories is not None,
        "bona_fide": bool(evidence.bona_fide.any()),
        "model": evidence.model is not None,
    }
    offered = () if evidence.inputs is None else modality_of(evidence.inputs).offers
    there = [*(need for need in present if present[need]), *offered]
    return lacking(entry, there, gradients=getattr(evidence.model, "differentiable", True))


def lacking(entry: DetectorEntry, present: Collection[str], *, gradients: bool = True) -> list[str]:
    """What `entry` needs and is not there, in words.

    Args:
        entry: the detector.
        present: what there is, of the keys of `NEEDS`.
        gradients: whether they flow through the model, if there is one, and its layers can be seen.
    """
    absent = [NEEDS[need] for need in entry.needs if need not in present]
    closed = {GRADIENTS: entry.gradients, LAYERS: entry.layers}
    return absent if gradients else [*absent, *(words for words, needed in closed.items() if needed)]
