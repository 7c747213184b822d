"""Detectors: one function `(evidence, *, …) -> Detection` each; higher suspicion = more suspicious."""

from core.errors import UserError
from core.registry import Entry
from core.types import Evidence

NEEDS = {
    "activations": "last-layer activations (finish a training run first)",
    "trajectories": "loss trajectories (train here with tracing)",
    "bona_fide": "bona fide samples (samples known to be clean; name them when importing)",
}

DETECTORS = {
    "activation_clustering": Entry(
        "activation_clustering",
        "Activation Clustering",
        "core.detectors.activation_clustering",
        needs=("activations",),
        paper="Chen et al. 2018, arXiv 1811.03728",
        help="Splits the last-layer activations of each class in two; a small, well-separated half is suspicious.",
    ),
    "badloss": Entry(
        "badloss",
        "BaDLoss",
        "core.detectors.badloss",
        needs=("trajectories", "bona_fide"),
        paper="Alex et al. 2025, arXiv 2408.13221",
        help="Samples whose loss trajectory is far from those of known-clean samples are suspicious.",
    ),
}


def missing(entry: Entry, evidence: Evidence) -> list[str]:
    """What `entry` needs and `evidence` lacks, in words."""
    present = {
        "activations": evidence.features is not None,
        "trajectories": evidence.trajectories is not None,
        "bona_fide": bool(evidence.bona_fide.any()),
    }
    return [NEEDS[need] for need in entry.needs if not present[need]]


def require(name: str, evidence: Evidence) -> None:
    """Raise UserError when the evidence lacks what the detector called `name` needs."""
    lacking = missing(DETECTORS[name], evidence)
    if lacking:
        raise UserError(
            f"{DETECTORS[name].title} cannot run yet.", f"It needs {' and '.join(lacking)}.", "Add that first."
        )
