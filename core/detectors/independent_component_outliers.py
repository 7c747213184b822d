"""Independent component outliers: each attack is a heavy tail of one independent component of its target class."""

from typing import Annotated

import numpy as np

from core.detectors import require
from core.detectors.parts.statistics import robust_z, worst
from core.detectors.parts.subspaces import class_spaces, independent_components, on_one_core
from core.registry import Range
from core.types import Detection, Evidence, Notes


@on_one_core
def independent_component_outliers(
    evidence: Evidence, *, reject_fraction: Annotated[float, Range(0.0, 1.0)] = 0.10
) -> Detection:
    """The largest robust z of any independent component of the class; the worst are flagged.

    Per class: activations → 16 principal → 16 independent components c; s(x) = max over components of
    |c − median| / (1.4826 · MAD). It needs the poison to be a minority of its class: at a third of it, cluster instead.

    Args:
        evidence: needs `features` (n, d).
        reject_fraction: of all samples, how many to flag.

    Returns:
        suspicion: robust standard deviations, ≥ 0; 0 in classes too small to analyse.
        groups: the component in which a flagged sample stands out, so attacks are told apart; else −1.

    Raises:
        UserError: activations are missing.

    References: own method on Hyvärinen and Oja: Independent Component Analysis, 2000.

    >>> import numpy as np
    >>> from core.detectors.independent_component_outliers import independent_component_outliers
    >>> from core.types import Evidence
    >>> features = np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32)
    >>> features[97:, 0] = 20  # three samples far out in one direction
    >>> evidence = Evidence(np.zeros(100, np.int64), 1, np.zeros(100, np.bool_), features=features)
    >>> sorted(np.argsort(-independent_component_outliers(evidence).suspicion)[:3].tolist())
    [97, 98, 99]
    """
    needed = require("independent_component_outliers", evidence)
    suspicion = np.zeros(len(evidence.labels), np.float32)
    strongest = np.full(len(evidence.labels), -1, np.int64)
    spaces = class_spaces(needed.features, evidence.labels, evidence.n_classes, evidence.seed)
    for space in spaces:
        deviations = np.abs(robust_z(independent_components(space.points, evidence.seed)))
        suspicion[space.rows], strongest[space.rows] = deviations.max(1), deviations.argmax(1)
    flagged = worst(suspicion, ~evidence.bona_fide & (strongest >= 0), reject_fraction)
    notes = Notes(figures={"n_classes_analysed": len(spaces)})
    return Detection(suspicion, flagged, np.where(flagged, strongest, -1), notes)
