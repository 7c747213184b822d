"""Why a sample is suspected: the signs that a detector adds up, in plain words, as far as they speak of this sample."""

from dataclasses import dataclass

import numpy as np

from core.types import Detection

WORDS = {
    "density ratio": "close to its own kind, far from every trusted sample",
    "density ratio of directions": "the same, by the direction of its activation alone",
    "quantum entropy": "off in a direction that few of its class share",
    "bimodality": "in a small second group of its class",
    "independent component outliers": "far out in one independent component of its class",
    "frequency matched filter": "holds a periodic pattern that its class shares",
    "BaDLoss": "learned unlike the trusted samples, by its losses",
    "logit trajectories": "learned unlike the trusted samples, by how sure the model was",
    "class lesson": "like the most suspicious samples of its class",
    "shared pattern": "carries the pattern that suspicious images of its class share",
}


@dataclass(frozen=True)
class Reason:
    """One sign of poison in one sample.

    Attributes:
        words: the sign in plain words.
        percentile: share of all samples that show it no more than this one, in [0, 1].
        share: of this sample's suspicion that comes from this sign, in [0, 1].
    """

    words: str
    percentile: float
    share: float


def reasons(detection: Detection, place: int, most: int = 5) -> list[Reason]:
    """The signs that count most for the sample in row `place`, the strongest first; empty without parts."""
    own = {name: max(float(values[place]), 0.0) for name, values in detection.parts.items()}
    total = sum(own.values())
    strongest = sorted((name for name in own if own[name] > 0), key=lambda name: -own[name])[:most]
    return [
        Reason(
            WORDS.get(name, name),
            float(np.mean(detection.parts[name] <= detection.parts[name][place])),
            own[name] / total,
        )
        for name in strongest
    ]
