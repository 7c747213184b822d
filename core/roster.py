"""The roster: one row per registered detector, with what it needs, whether it ran, what it flags and who agrees."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from core import runs
from core.costs import estimate
from core.detectors import DETECTORS, GRADIENTS, NEEDS, DetectorEntry
from core.detectors.calibration import FOLDS, compares
from core.errors import UserError
from core.runs import Run
from core.samples import LEADING, detections, training_data
from core.thresholds import in_force, words
from core.types import Bools, Detection


def unmet(run: Run, entry: DetectorEntry) -> list[str]:
    """What a detector needs and the run does not have (yet), in words."""
    present = {
        "activations": run.done("activations"),
        "trajectories": run.traced,
        "bona_fide": bool(training_data(run).bona_fide.any()),
        "model": run.has_model,
        "images": True,
    }
    found = [NEEDS[need] for need in entry.needs if not present[need]]
    return [*found, GRADIENTS] if entry.gradients and not run.trainable else found


def roster(run: Run) -> pd.DataFrame:
    """One row per detector: those that ran first, the leading one on top.

    Columns: name, title, state ("ran", "can run" or "needs …"), ready (no need is unmet), needs, cost in words, flagged
    by the rule in force (NA), rule, agreement with the leading detector in [0, 1] (NaN).
    """
    found = detections(run)
    first = leader(found)
    rows = [_row(run, name, entry, found, first) for name, entry in DETECTORS.items()]
    rows.sort(key=lambda row: (row["name"] != first, row["name"] not in found, not row["ready"]))
    return pd.DataFrame(rows).astype({"flagged": "Int64"})


def leader(found: Mapping[str, Detection]) -> str:
    """The detector that the others are compared with: the consensus, else the first that ran; "" before any did."""
    return LEADING if LEADING in found else next(iter(found), "")


def agreement(one: Bools, other: Bools) -> float:
    """|A ∩ B| / |A ∪ B| in [0, 1], the share of all that either flags on which both agree; NaN when neither flags."""
    either = int((one | other).sum())
    return int((one & other).sum()) / either if either else float("nan")


def cost_in_words(run: Run, name: str, settings: Mapping[str, Any], *, ran: bool) -> str:
    """About how long a detector takes with these settings, and its forward passes; the folds of p-values included."""
    try:
        cost = estimate(run, name, settings)
    except UserError:
        return "unknown"
    seconds = cost.seconds * (1 if ran or not compares(DETECTORS[name].needs) else FOLDS + 1)
    time = f"{seconds / 60:.0f} min" if seconds >= 90 else f"{max(seconds, 1):.0f} s"
    return f"about {time}" + (f", {cost.forward_passes:,} passes" if cost.forward_passes else "")


def _row(run: Run, name: str, entry: DetectorEntry, found: Mapping[str, Detection], first: str) -> dict[str, object]:
    lacking, detection = unmet(run, entry), found.get(name)
    planned = run.detector_settings.get(name, {})
    known = [need.partition(" (")[0] for need in lacking]
    row: dict[str, object] = {
        "name": name,
        "title": entry.title,
        "state": "ran" if detection else f"needs {', '.join(known)}" if known else "can run",
        "ready": not lacking,
        "needs": ", ".join(need.replace("_", " ") for need in entry.needs),
        "cost": "" if detection or lacking else cost_in_words(run, name, planned, ran=False),
        "flagged": pd.NA,
        "rule": "",
        "agreement": np.nan,
    }
    if detection:
        about = runs.about_detection(run, name)
        row |= {"cost": f"{about['seconds']:.1f} s", "flagged": int(detection.flagged.sum())}
        row["rule"] = words(in_force(run, name, detection))
        row["agreement"] = agreement(detection.flagged, found[first].flagged) if name != first else np.nan
    return row
