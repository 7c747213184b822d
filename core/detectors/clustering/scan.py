"""SCAn: two components tell a poisoned class better than one, by more than in the other classes."""

from typing import Annotated

import numpy as np
from scipy.special import expit

from core.detectors import require
from core.detectors.clustering.splits import MIN_CLASS_SIZE
from core.detectors.clustering.two_means import two_means
from core.detectors.parts.statistics import MAD_TO_SD, Reals
from core.detectors.parts.subspaces import canonical_order, on_one_core, principal_components, whitened
from core.registry import Range
from core.types import Bools, ClassFinding, Detection, Evidence, Notes

# Principal directions of what is left of all samples once the means of their classes are taken off.
MOST_DIMENSIONS = 48
# Classes below which none of them can be unusual among the others.
FEWEST_CLASSES = 3


@on_one_core
def scan(evidence: Evidence, *, threshold: Annotated[float, Range(0.0, 100.0)] = 7.39) -> Detection:
    """How much better two groups of one covariance describe a class than one group does, compared with other classes.

    Activations are a mean of their class or group, plus a deviation that has one covariance in all classes. Whitened
    by that covariance, the likeliest two groups are those of 2-means. J = n₁n₂/n · ‖μ₁ − μ₂‖² is what they gain, and
    J* is (J − n)/√(2n) in robust standard deviations from the median class. So an attack from one source class is
    seen, which the spread of the whole class hides. The paper takes the covariance from clean samples; here it is that
    of all, in the 48 strongest directions.

    Args:
        evidence: needs `features` (n, d).
        threshold: least J* of a poisoned class; the paper: e² = 7.39. With few classes a lower one finds more.

    Returns:
        suspicion: the posterior of the smaller group × (1 + J*), J* at least 0.
        groups: −1 in classes too small to split, else 0 (larger) or 1 (smaller group).
        classes: J* of each, as `J`. Bona fide samples are never flagged.

    Raises:
        UserError: activations are missing.

    References: Tang et al.: Demon in the Variant: Statistical Analysis of DNNs for Robust Backdoor Contamination
    Detection, USENIX Security 2021, arXiv 1908.00686.

    >>> import numpy as np
    >>> from core.detectors.clustering.scan import scan
    >>> from core.types import Evidence
    >>> labels = np.arange(400) % 4
    >>> features = np.random.default_rng(0).normal(size=(400, 5)).astype(np.float32)
    >>> features[:40:4, 0] += 12  # a tenth of the first class lies apart
    >>> np.flatnonzero(scan(Evidence(labels, 4, np.zeros(400, bool), features=features)).flagged).tolist()
    [0, 4, 8, 12, 16, 20, 24, 28, 32, 36]
    """
    needed = require("scan", evidence)
    order = canonical_order(needed.features)
    rows = [order[evidence.labels[order] == index] for index in range(evidence.n_classes)]
    values = np.array(needed.features, np.float32)
    for own in filter(len, rows):
        values[own] -= values[own].mean(0, dtype=np.float64).astype(np.float32)
    components = whitened(principal_components(values[order], MOST_DIMENSIONS, evidence.seed))
    points = np.empty_like(components)
    points[order] = components
    splits = {
        index: _two_groups(points[own], evidence.seed) for index, own in enumerate(rows) if len(own) >= MIN_CLASS_SIZE
    }
    unusual = robust({index: gain for index, (_, _, gain) in splits.items()})
    suspicion, flagged = np.zeros(len(order), np.float32), np.zeros(len(order), np.bool_)
    groups, findings = np.full(len(order), -1, np.int64), {}
    for index, own in enumerate(rows):
        if index not in splits:
            findings[index] = ClassFinding(None, f"only {len(own):,} sample{'s' * (len(own) != 1)}: too few to split")
            continue
        smaller, posterior, _ = splits[index]
        suspicion[own] = posterior * (1 + max(unusual[index], 0.0))
        groups[own] = smaller
        flagged[own] = smaller & (unusual[index] > threshold)
        findings[index] = _finding(unusual[index], threshold, float(smaller.mean()), len(splits))
    notes = Notes(threshold=None, figures={"poisoned_classes": sum(bool(one.poisoned) for one in findings.values())})
    return Detection(suspicion, flagged & ~evidence.bona_fide, groups, notes, findings)


def robust(gains: dict[int, float]) -> dict[int, float]:
    """Each gain in robust standard deviations from the median one; 0 with fewer than three classes, or no spread."""
    values = np.array(list(gains.values()))
    if len(values) < FEWEST_CLASSES:
        return dict.fromkeys(gains, 0.0)
    spread = MAD_TO_SD * float(np.median(np.abs(values - np.median(values))))
    return {index: float((gain - np.median(values)) / spread) if spread > 0 else 0.0 for index, gain in gains.items()}


def _two_groups(points: Reals, seed: int) -> tuple[Bools, Reals, float]:
    """Who is in the smaller group (m,), the posterior of that (m,), and the normalised gain of two groups."""
    ((members, centres),) = two_means(points, [seed])
    if 2 * members.sum() > len(members):
        members, centres = ~members, centres[::-1]
    count = int(members.sum())
    if not count:
        return members, np.zeros(len(points)), 0.0
    way = centres[1] - centres[0]
    gain = count * (len(points) - count) / len(points) * float(way @ way)
    odds = (points - centres.mean(0)) @ way + np.log(count / (len(points) - count))
    return members, np.asarray(expit(odds)), (gain - len(points)) / (2 * len(points)) ** 0.5


def _finding(unusual: float, threshold: float, fraction: float, n_classes: int) -> ClassFinding:
    if n_classes < FEWEST_CLASSES:
        return ClassFinding(None, f"only {n_classes} classes to compare with each other")
    more = "above" if unusual > threshold else "not above"
    words = f"two groups, the smaller of {fraction:.0%}, stand out by J* = {unusual:.1f}, {more} {threshold:.2f}"
    return ClassFinding(unusual > threshold, words, figures={"J": unusual, "fraction": fraction})
