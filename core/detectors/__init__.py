"""Detectors: one function `(evidence, *, …) -> Detection` each; higher suspicion = more suspicious.

A detector says suspicion, and flags by its own published rule. `parts/calibration` adds conformal p-values: cross-
conformal in five folds where scores look at the bona fide samples, plain where they do not. A detector that is asked
for on the page joins the run's plan, so that it is resumed after a kill; one that fails leaves it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from core.errors import UserError
from core.registry import Entry
from core.types import Detection, Evidence, Floats, Inputs, Scalar

if TYPE_CHECKING:  # pages name detectors and never need torch
    from torch import nn

T = TypeVar("T")

NEEDS = {
    "activations": "last-layer activations (finish a training run first)",
    "trajectories": "loss trajectories (train here with tracing)",
    "bona_fide": "bona fide samples (samples known to be clean; name them when importing)",
    "model": "the trained model (finish a training run first)",
    "images": "images (this data set has none)",
}
GRADIENTS = "a model that gradients flow through (an ONNX graph can only be evaluated)"


class Detector(Protocol):
    """What every detector is: a function from evidence to a detection, the same for the same evidence and settings.

    Its keyword-only, annotated arguments are its settings. It begins with `require`, and never sees the ground truth.
    """

    def __call__(self, evidence: Evidence, **settings: Scalar) -> Detection:
        """What it says of each of the n samples. Raises UserError where the evidence lacks what it needs."""
        ...


@dataclass(frozen=True)
class DetectorEntry(Entry):
    """One detector, and what it costs.

    Attributes:
        passes: forward passes of the trained model over the whole data set, for each unit of the setting `passes_per`.
        passes_per: the setting that the passes are multiplied by; "" where they are always the same.
        reads: the evidence whose size decides how long a detector without forward passes takes.
        nanoseconds: for each value of that evidence, measured on one core.
        fixed_seconds: whatever the size of the data, measured on one core.
        gradients: whether gradients of the model are needed, too.
    """

    passes: float = 0.0
    passes_per: str = ""
    reads: Literal["activations", "trajectories", "images"] = "activations"
    nanoseconds: float = 0.0
    fixed_seconds: float = 0.0
    gradients: bool = False

    def load(self) -> Detector:
        """The detector itself."""
        detector: Detector = super().load()
        return detector


DETECTORS = {
    "activation_clustering": DetectorEntry(
        "activation_clustering",
        "Activation Clustering",
        "core.detectors.clustering.activation_clustering",
        needs=("activations",),
        paper="Chen et al. 2018, arXiv 1811.03728",
        help="Splits the last-layer activations of each class in two; a small, well-separated half is suspicious.",
        nanoseconds=1600,
    ),
    "badloss": DetectorEntry(
        "badloss",
        "BaDLoss",
        "core.detectors.badloss",
        needs=("trajectories", "bona_fide"),
        paper="Alex et al. 2025, arXiv 2408.13221",
        help="Samples whose loss trajectory is far from those of known-clean samples are suspicious.",
        reads="trajectories",
        nanoseconds=85,
    ),
    "density_ratio": DetectorEntry(
        "density_ratio",
        "Density ratio",
        "core.detectors.density_ratio",
        needs=("activations", "bona_fide"),
        paper="own method; after Breunig et al. 2000 (Local Outlier Factors)",
        help="Samples that are close to their own kind but far from every known-clean sample are suspicious.",
        nanoseconds=200,
    ),
    "logit_trajectories": DetectorEntry(
        "logit_trajectories",
        "Logit trajectories",
        "core.detectors.logit_trajectories",
        needs=("trajectories", "bona_fide"),
        paper="own variant of BaDLoss, arXiv 2408.13221",
        help="BaDLoss on a scale that neither the first epochs nor hard clean samples dominate.",
        reads="trajectories",
        nanoseconds=85,
    ),
    "independent_component_outliers": DetectorEntry(
        "independent_component_outliers",
        "Independent component outliers",
        "core.detectors.independent_component_outliers",
        needs=("activations",),
        paper="own method; after Hyvärinen and Oja 2000 (Independent Component Analysis)",
        help="Samples far out in one independent component of their class are suspicious; needs no clean samples.",
        nanoseconds=2000,
    ),
    "consensus": DetectorEntry(
        "consensus",
        "Consensus",
        "core.detectors.consensus.consensus",
        needs=("activations",),
        paper="own method; after Bates et al. 2023, arXiv 2104.08279 (conformal p-values)",
        help="Adds up many scores of poison and flags as many samples as the known-clean ones allow.",
        nanoseconds=4000,
    ),
    "spectral_signatures": DetectorEntry(
        "spectral_signatures",
        "Spectral signatures",
        "core.detectors.spectral_signatures",
        needs=("activations",),
        paper="Tran et al. 2018, arXiv 1811.00636",
        help="Samples far out in the direction in which their class varies most are suspicious.",
        nanoseconds=100,
    ),
    "spectre": DetectorEntry(
        "spectre",
        "SPECTRE",
        "core.detectors.spectre",
        needs=("activations",),
        paper="Hayase et al. 2021, arXiv 2104.11315",
        help="Spectral signatures with the ordinary spread of each class divided out: finds fainter poison.",
        nanoseconds=850,
    ),
    "abl_isolation": DetectorEntry(
        "abl_isolation",
        "ABL isolation",
        "core.detectors.abl_isolation",
        needs=("trajectories",),
        paper="Li et al. 2021, arXiv 2110.11571",
        help="Samples that are learned faster than all others are suspicious.",
        reads="trajectories",
        nanoseconds=8,
    ),
    "confident_learning": DetectorEntry(
        "confident_learning",
        "Confident learning",
        "core.detectors.confident_learning",
        needs=("activations",),
        paper="Northcutt et al. 2021, arXiv 1911.00068",
        help="Samples whose label a classifier that has not seen them contradicts are suspicious: wrong labels.",
        nanoseconds=300,
    ),
    "strip": DetectorEntry(
        "strip",
        "STRIP",
        "core.detectors.strip",
        needs=("model", "images", "bona_fide"),
        paper="Gao et al. 2019, arXiv 1902.06531",
        help="Samples whose prediction stays certain whatever is laid over them are suspicious.",
        passes=1.0,
        passes_per="n_copies",
        reads="images",
    ),
    "cognitive_distillation": DetectorEntry(
        "cognitive_distillation",
        "Cognitive Distillation",
        "core.detectors.cognitive_distillation",
        needs=("model", "images", "bona_fide"),
        paper="Huang et al. 2023, arXiv 2301.10908",
        help="Samples whose prediction hangs on very few pixels are suspicious.",
        gradients=True,
        passes=3.0,
        passes_per="n_steps",
        reads="images",
    ),
    "frequency_analysis": DetectorEntry(
        "frequency_analysis",
        "Frequency analysis",
        "core.detectors.frequency_analysis",
        needs=("images", "bona_fide"),
        paper="Zeng et al. 2021, arXiv 2104.03413",
        help="Samples whose image has the frequencies of a corrupted one are suspicious.",
        reads="images",
        nanoseconds=100,
        fixed_seconds=8.0,
    ),
}


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
        "images": evidence.inputs is not None,
    }
    there = [need for need in NEEDS if present[need]]
    return lacking(entry, there, gradients=getattr(evidence.model, "differentiable", True))


def lacking(entry: DetectorEntry, present: Collection[str], *, gradients: bool = True) -> list[str]:
    """What `entry` needs and is not there, in words.

    Args:
        entry: the detector.
        present: what there is, of the keys of `NEEDS`.
        gradients: whether they flow through the model, if there is one.
    """
    absent = [NEEDS[need] for need in entry.needs if need not in present]
    return absent if gradients or not entry.gradients else [*absent, GRADIENTS]
