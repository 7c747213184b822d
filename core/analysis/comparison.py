"""Detectors compared: whose flags agree, what a run of all the others costs, and who lies at the border of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.analysis.detector_table import estimate, unmet
from core.analysis.opened_run import OpenedRun
from core.analysis.rules import Rule
from core.detectors import DETECTORS
from core.detectors.parts.calibration import FOLDS, compares
from core.errors import UserError
from core.types import Bools, Detection, Floats, Ints

# Settings that say how much a detector flags and leave its suspicion as it is: rules do the same for any detector.
STRICTNESS = ("false_discovery_rate", "false_rejection_rate", "isolation_share", "reject_fraction")


@dataclass(frozen=True)
class Overlap:
    """How far the flags of m detectors agree.

    Attributes:
        names: of the detectors.
        both: (m, m) how many samples both flag; on the diagonal, how many each flags.
        fraction: (m, m) of what the detector of the row flags, the fraction that the one of the column flags, too;
            NaN where the former flags nothing.
    """

    names: tuple[str, ...]
    both: Ints
    fraction: Floats


@dataclass(frozen=True)
class Border:
    """The samples on both sides of the border of what is flagged, the nearest to it first.

    Attributes:
        above: rows of the flagged ones that are least suspicious.
        below: rows of the others that are most suspicious; bona fide samples are left out.
    """

    above: Ints
    below: Ints


def overlap(detections: Mapping[str, Detection]) -> Overlap:
    """How far the flags of these detectors agree.

    >>> import numpy as np
    >>> from core.types import Detection
    >>> one, other = (Detection(np.zeros(4), np.array(flags, bool)) for flags in ([1, 1, 0, 0], [0, 1, 1, 1]))
    >>> overlap({"one": one, "other": other}).both.tolist()
    [[2, 1], [1, 3]]
    """
    names = tuple(detections)
    n = len(next(iter(detections.values())).flagged) if names else 0
    flags = np.array([detections[name].flagged for name in names], np.float32).reshape(len(names), n)
    both = np.rint(flags @ flags.T).astype(np.int64)  # exact below 16 million samples
    own = np.diag(both).astype(np.float32)[:, None]
    fraction = np.divide(both, own, out=np.full(both.shape, np.nan, np.float32), where=own > 0)
    return Overlap(names, both, fraction)


def runnable(opened: OpenedRun) -> dict[str, float]:
    """The detectors that could run on this run and did not, with about how many seconds each takes; cheap ones first.

    What a pass costs was measured on this run; see `core.analysis.detector_table.estimate`.
    """
    found = {}
    for name, entry in DETECTORS.items():
        if name not in opened.own_detections and not unmet(opened, entry):
            try:
                cost = estimate(opened.run, name, opened.run.detector_settings.get(name, {}))
            except UserError:  # nothing was measured yet that tells
                continue
            found[name] = cost.seconds * (FOLDS + 1 if compares(entry.needs) else 1)
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def border(detection: Detection, bona_fide: Bools, most: int = 8) -> Border:
    """The samples just above and just below the border of what is flagged.

    Args:
        detection: flagged by the rule in force.
        bona_fide: (n,) True for samples known to be clean.
        most: on either side.
    """
    above, below = np.flatnonzero(detection.flagged), np.flatnonzero(~detection.flagged & ~bona_fide)
    return Border(
        above[np.argsort(detection.suspicion[above], kind="stable")][:most],
        below[np.argsort(-detection.suspicion[below], kind="stable")][:most],
    )


def line_of(detection: Detection, bona_fide: Bools) -> float | None:
    """The threshold that flags about as many samples as are flagged now, and the same ones where a threshold can.

    None where nothing is flagged. Of samples at the border that are equally suspicious, all are flagged.
    """
    count = int((detection.flagged & ~bona_fide).sum())
    order = np.sort(detection.suspicion[~bona_fide])[::-1]
    return float(order[count - 1]) if count else None


def stepped(detection: Detection, bona_fide: Bools, steps: int) -> Rule:
    """The threshold that flags so many samples fewer than are flagged now; more, where `steps` is below 0.

    Samples of one suspicion are flagged together, so that a step may take several.

    Args:
        detection: flagged by the rule in force.
        bona_fide: (n,) True for samples known to be clean, which no threshold flags.
        steps: how many samples.
    """
    order = np.sort(detection.suspicion[~bona_fide].astype(np.float64))[::-1]
    count = int((detection.flagged & ~bona_fide).sum())
    wanted = min(max(count - steps, 0), len(order))
    if not wanted:
        return Rule("threshold", float(np.nextafter(np.float32(order[0]), np.float32(np.inf))) if len(order) else 0.0)
    if steps > 0:  # of equal ones all are left out, or nothing would move
        fewer = order[:count][order[:count] > order[min(count, len(order)) - 1]]
        wanted = min(wanted, len(fewer)) if len(fewer) else 0
        if not wanted:
            return stepped(detection, bona_fide, count)
    return Rule("threshold", float(order[wanted - 1]))


def without_strictness(fields: Sequence[str]) -> list[str]:
    """The settings of a detector that change its suspicion; how strict to be is chosen by a rule, for any detector."""
    return [name for name in fields if name not in STRICTNESS]
