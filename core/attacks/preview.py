"""What a specification would do to a data set, seen before anything is made."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.attacks import ATTACKS, SURROGATE
from core.attacks.assign import Assignment, assign
from core.attacks.plant import trigger_of
from core.attacks.specification import Specification
from core.errors import UserError
from core.modalities import MODALITIES, modality_of
from core.modalities.contract import Change
from core.modalities.shown import Shown
from core.registry import find
from core.types import Dataset, Ints, PlantedAttack, Samples

EXAMPLES = 3  # samples of each attack: what a card steps through


@dataclass(frozen=True)
class Preview:
    """One attack on a few of the samples that it would poison.

    Attributes:
        modality: of the samples.
        attack: with everything drawn.
        rows: (m,) of those samples; of cover samples, or of samples left out, where nothing is poisoned.
        clean, triggered: m samples before and after; `triggered` is None where the trigger is still to be optimised.
        change: from the one to the other, to be shown.
    """

    modality: str
    attack: PlantedAttack
    rows: Ints
    clean: Samples
    triggered: Samples | None = None
    change: Change | None = None

    def shown(self, sample: Samples) -> Shown:
        """One of its samples as a picture."""
        return MODALITIES[self.modality].shown(sample)


def previews(dataset: Dataset, specification: Specification) -> tuple[list[Preview], pd.DataFrame]:
    """A preview of each attack, and per class: samples, poisoned away, poisoned into it, covers, samples afterwards.

    Raises:
        UserError: see `assign`.
    """
    assigned = assign(
        dataset.labels, dataset.bona_fide, dataset.shape, dataset.n_classes, specification, inputs=dataset.inputs
    )
    previews = [_preview(dataset, assigned, place) for place in range(len(assigned.attacks))]
    return previews, _counts(dataset, assigned)


def usable(dataset: Dataset, specification: Specification) -> tuple[list[int], dict[int, UserError]]:
    """The places of the attacks that can be planted together, and why each of the others cannot."""
    everything = list(range(len(specification.attacks)))
    if everything and not _fault(dataset, specification):
        return everything, {}
    places, faults = list[int](), dict[int, UserError]()
    for place in everything:
        tried = replace(specification, attacks=tuple(specification.attacks[index] for index in (*places, place)))
        if error := _fault(dataset, tried):
            faults[place] = error
        else:
            places.append(place)
    return places, faults


def _fault(dataset: Dataset, specification: Specification) -> UserError | None:
    try:
        assign(
            dataset.labels, dataset.bona_fide, dataset.shape, dataset.n_classes, specification, inputs=dataset.inputs
        )
    except UserError as error:
        return error
    return None


def most_touched(counts: pd.DataFrame, most: int) -> pd.DataFrame:
    """The rows of the classes that change most, so many of them, in the order of `counts`."""
    touched = counts["poisoned into it"] + counts["cover samples"] + counts["taken away"]
    return counts.loc[touched.sort_values(ascending=False, kind="stable").index[:most].sort_values()]


def _preview(dataset: Dataset, assigned: Assignment, place: int) -> Preview:
    attack = assigned.attacks[place]
    entry = find(ATTACKS, attack.kind, "attack")
    left_out = ~assigned.kept if attack.kind == "imbalance" else np.zeros(len(dataset), np.bool_)
    groups = (assigned.attack_index == place, assigned.cover_index == place, left_out)
    rows = np.flatnonzero(next((group for group in groups if group.any()), groups[0]))[:EXAMPLES]
    clean = np.array(dataset.inputs[rows])
    if SURROGATE in entry.needs or entry.chooses or attack.kind in ("imbalance", "label_noise"):
        return Preview(dataset.inputs.modality, attack, rows, clean)
    if attack.kind == "near_duplicates":
        clean = np.array(dataset.inputs[assigned.copy_of[rows]])
    trigger = trigger_of(attack, dataset.shape, dataset.n_classes)
    triggered = trigger(clean)
    change = modality_of(dataset.inputs).amplified(clean, triggered)
    return Preview(dataset.inputs.modality, attack, rows, clean, triggered, change)


def _counts(dataset: Dataset, assigned: Assignment) -> pd.DataFrame:
    after = assigned.labels
    poison = assigned.attack_index >= 0
    moved = (poison & (after != dataset.labels)) | ~assigned.kept
    groups = {
        "samples": dataset.labels,
        "taken away": dataset.labels[moved],
        "poisoned into it": after[poison],
        "cover samples": dataset.labels[assigned.cover_index >= 0],
        "samples afterwards": after[assigned.kept],
    }
    counts = {name: np.bincount(labels, minlength=dataset.n_classes) for name, labels in groups.items()}
    return pd.DataFrame({"class": dataset.class_names, **counts})
