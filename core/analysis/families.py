"""Families: what is flagged, in the groups that seem to come from one attack each, as they are kept with a run.

The groups are made once, by a worker; which of their members are shown follows the flags in force. Samples that were
flagged later wait until the groups are made again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray

from core import runs
from core.analysis.opened_run import OpenedRun
from core.data import store
from core.errors import UserError
from core.modalities import modality_of
from core.modalities.saying import Summary
from core.runs import Run
from core.types import Bools, Ints

STAGE = "families"  # name of the stage, and of the files that it leaves
PICTURES = "family-pictures"
# Numbers in place of a family's. They are kept on disk.
NO_FAMILY = 0
NOT_FLAGGED = -1
WAITING = -2  # flagged since the families were made
# Standard deviations of ordinary images from which on a shared pattern is no chance; a lower bound names clean groups.
CHANCE = 4.0


@dataclass(frozen=True)
class Family:
    """Flagged samples that seem to come from one attack.

    Attributes:
        id: counted from 1, the largest family first.
        target_class: the given label of all members.
        size: how many samples there were when the families were made.
        tightness: the fraction of the nearest samples of the class around a member that are members too, in [0, 1].
        shared: how far the images share a pattern that ordinary ones lack, in standard deviations of those; above 4 it
            is no chance; 0 without images.
        sources: class → the fraction of the members whose nearest ordinary images are most often of that class. They
            may have been taken from there. The largest first, none below 5 %; empty without images.
        same_as: the first family of another class whose images share the same pattern, or None.
    """

    id: int
    target_class: int
    size: int
    tightness: float
    shared: float = 0.0
    sources: Mapping[int, float] = field(default_factory=dict)
    same_as: int | None = None


def title(family: Family, names: Sequence[str], count: int | None = None) -> str:
    """The family in a few words; `count` is its size now."""
    number = family.size if count is None else count
    return f"Family {family.id}: {number:,} sample{'s' * (number != 1)} into {names[family.target_class]}"


def description(family: Family, names: Sequence[str]) -> str:
    """Where the members may come from and what they share, in one or two sentences."""
    looks = [f"{names[index]} {fraction:.0%}" for index, fraction in list(family.sources.items())[:3]]
    parts = [f"They look like {', '.join(looks)}." if looks else ""]
    if family.shared > CHANCE:
        parts.append("They share a pattern.")
    elif family.sources:
        parts.append("They share no pattern: perhaps clean.")
    if family.same_as is not None:
        parts.append(f"Looks like the same trigger as family {family.same_as}.")
    return " ".join(part for part in parts if part)


def likely_source(family: Family) -> int | None:
    """The class that most members may have been taken from; None where what they show does not tell."""
    return max(family.sources, key=lambda index: family.sources[index], default=None)


def save(
    run: Run, flagged: Bools, families: Ints, listed: Sequence[Family], pictures: NDArray[np.uint8] | None
) -> None:
    """Write the families of a run.

    Args:
        run: whose they are.
        flagged: (n,) what was grouped.
        families: (n,) the id of each sample's family, 0 for flagged samples in none.
        listed: the families, in the order of their ids.
        pictures: what `Modality.kept` makes of two samples a family: the average, then the amplified difference to
            ordinary ones; None without inputs or families.
    """
    runs.save_array(run, STAGE, np.where(flagged, families, WAITING))
    if pictures is not None and len(pictures):
        runs.save_array(run, PICTURES, pictures)
    runs.save_json(run, f"{STAGE}.json", [asdict(family) for family in listed])


def families(run: Run) -> list[Family]:
    """The families as they were last made; empty before. Raises UserError when they name classes that there are not."""
    found = run.kept(f"{STAGE}.json", list[Family], [])
    named = {index for one in found for index in (one.target_class, *one.sources)}
    if named and not named <= set(range(len(store.describe(run.workspace, run.dataset).class_names))):
        raise run.damaged(f"{STAGE}.json", "it names classes that the data set does not have")
    return found


def membership(run: Run, flagged: Bools) -> Ints:
    """(n,) the family of each flagged sample; 0 in none, −1 for not flagged, −2 for flagged but not grouped yet."""
    known = np.full(len(flagged), WAITING)
    if made(run):
        kept = run.array(STAGE, (None,))
        known = np.array(kept) if len(kept) == len(flagged) else known
    return np.where(flagged, known, NOT_FLAGGED)


def find_family(run: Run, number: int) -> Family:
    """The family of that id. Raises UserError when there is none."""
    by_id = {family.id: family for family in families(run)}
    if number not in by_id:
        known = ", ".join(map(str, by_id)) or "none yet"
        raise UserError(f"There is no family {number}.", f"Known: {known}.", "Choose one of these.")
    return by_id[number]


def in_words(opened: OpenedRun, rows: Ints) -> Summary | None:
    """What some samples of the run have that the rest of their classes lack; None where a picture says it.

    Where they are all of their classes, they are compared with all other samples.
    """
    labels = np.asarray(opened.data.labels)
    rest = np.ones(len(labels), np.bool_)
    rest[rows] = False
    own = rest & np.isin(labels, np.unique(labels[rows]))
    others = np.flatnonzero(own if own.any() else rest)
    return modality_of(opened.data.inputs).summary(opened.data.inputs, np.asarray(rows, np.int64), others)


def made(run: Run) -> int:
    """When the families were last made, in nanoseconds; 0 before."""
    path = run.path / f"{STAGE}.json"
    return path.stat().st_mtime_ns if path.exists() else 0
