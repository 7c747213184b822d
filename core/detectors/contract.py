"""What every detector is: a function from evidence to a detection, and its entry in the registry."""

from dataclasses import dataclass
from typing import Literal, Protocol

from core.registry import Entry
from core.types import Detection, Evidence, Scalar

NEEDS = {
    "activations": "last-layer activations (finish a training run first)",
    "trajectories": "loss trajectories (train here with tracing)",
    "bona_fide": "bona fide samples (samples known to be clean; name them when importing)",
    "model": "the trained model (finish a training run first)",
    "images": "images (this data set has none)",
}
LAYERS = "a model whose layers can be looked into (an ONNX graph can only be evaluated)"
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
        layers: whether its hidden layers have to be seen.
    """

    passes: float = 0.0
    passes_per: str = ""
    reads: Literal["activations", "trajectories", "images"] = "activations"
    nanoseconds: float = 0.0
    fixed_seconds: float = 0.0
    gradients: bool = False
    layers: bool = False

    def load(self) -> Detector:
        """The detector itself."""
        detector: Detector = super().load()
        return detector
