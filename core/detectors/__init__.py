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
    "density_ratio": Entry(
        "density_ratio",
        "Density ratio",
        "core.detectors.density_ratio",
        needs=("activations", "bona_fide"),
        paper="own method; after Breunig et al. 2000 (Local Outlier Factors)",
        help="Samples that are close to their own kind but far from every known-clean sample are suspicious.",
    ),
    "logit_trajectories": Entry(
        "logit_trajectories",
        "Logit trajectories",
        "core.detectors.logit_trajectories",
        needs=("trajectories", "bona_fide"),
        paper="own variant of BaDLoss, arXiv 2408.13221",
        help="BaDLoss on a scale that neither the first epochs nor hard clean samples dominate.",
    ),
    "independent_component_outliers": Entry(
        "independent_component_outliers",
        "Independent component outliers",
        "core.detectors.independent_component_outliers",
        needs=("activations",),
        paper="own method; after Hyvärinen and Oja 2000 (Independent Component Analysis)",
        help="Samples far out in one independent component of their class are suspicious; needs no clean samples.",
    ),
    "consensus": Entry(
        "consensus",
        "Consensus",
        "core.detectors.consensus",
        needs=("activations",),
        paper="own method; after Bates et al. 2023, arXiv 2104.08279 (conformal p-values)",
        help="Adds up all signs of poison and flags as many samples as the known-clean ones allow.",
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
