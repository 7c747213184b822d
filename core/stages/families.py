"""Making families: which flagged samples belong together, where they come from, and what they look like."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.analysis import families
from core.analysis.families import CHANCE, Family
from core.analysis.opened_run import OpenedRun
from core.detectors.consensus.attack_groups import ALIKE, Group, attack_families
from core.detectors.consensus.residuals import Surroundings, cosine
from core.modalities import modality_of
from core.stages.detect import gather_evidence
from core.stages.progress import Reporter
from core.types import Bools, Evidence, Ints, Samples

LEAST_SOURCE = 0.05  # fraction of a family from which on a source class is named
MOST_PICTURED = 500  # members that an average picture is made of


def group(evidence: Evidence, flagged: Bools) -> tuple[Ints, list[Family], NDArray[np.uint8] | None]:
    """What is flagged, in families.

    Args:
        evidence: needs `features`; uses `trajectories` and `images` where present.
        flagged: (n,) what to group.

    Returns:
        families: (n,) ids from 1, the largest family first; 0 for all other samples.
        listed: the families in the order of their ids.
        pictures: what `Modality.kept` makes of an average and an amplified difference of each; None without inputs.
    """
    groups, around = attack_families(evidence, flagged)
    families = np.zeros(len(flagged), np.int64)
    for index, attack in enumerate(groups):
        families[attack.rows] = index + 1
    targets, same = [int(evidence.labels[attack.rows[0]]) for attack in groups], _same_trigger(evidence.labels, groups)
    listed = [
        Family(
            id=index + 1,
            target_class=targets[index],
            size=len(attack.rows),
            tightness=attack.tightness,
            shared=attack.shared,
            sources=_sources(around, evidence, attack.rows) if around else {},
            same_as=same[index],
        )
        for index, attack in enumerate(groups)
    ]
    return families, listed, _pictures(around, [attack.rows for attack in groups]) if around else None


def _same_trigger(labels: Ints, groups: Sequence[Group]) -> list[int | None]:
    """For each group the number of the first one of another class that shares its pattern."""
    result: list[int | None] = []
    for index, attack in enumerate(groups):
        alike = (
            number
            for number, other in enumerate(groups[:index], 1)
            if labels[other.rows[0]] != labels[attack.rows[0]] and min(attack.shared, other.shared) > CHANCE
            if cosine(attack.pattern, other.pattern) > ALIKE
        )
        result.append(next(alike, None))
    return result


def _sources(around: Surroundings, evidence: Evidence, rows: Ints) -> dict[int, float]:
    """Class → fraction of the rows whose nearest ordinary images are most often of that class."""
    labels = evidence.labels[around.neighbors(rows)]
    votes = np.stack([(labels == index).sum(1) for index in range(evidence.n_classes)], axis=1)
    fractions = np.bincount(votes.argmax(1), minlength=evidence.n_classes) / len(rows)
    order = np.argsort(-fractions, kind="stable")
    return {int(index): round(float(fractions[index]), 4) for index in order if fractions[index] >= LEAST_SOURCE}


def _pictures(around: Surroundings, members: Sequence[Ints]) -> NDArray[np.uint8]:
    modality, pictures = modality_of(around.inputs), list[Samples]()
    for rows in members:
        shown = rows[:: -(-len(rows) // MOST_PICTURED)]
        pictures.append(modality.average(around.inputs.take(shown)))
        pictures.append(modality.beyond(around.inputs, shown, around.neighbors(shown)))
    return modality.kept(pictures, around.inputs.shape)


def families_stage(opened: OpenedRun, _: str, __: Reporter) -> None:
    """What the leading detectors flag, in families that seem to come from one attack each."""
    families.save(opened.run, opened.flagged, *group(gather_evidence(opened), opened.flagged))
